"""Disclosures to courts: blinded, but with who signed them and by when the resident is told. Limits are constants."""

from __future__ import annotations

from collections.abc import Iterable

from salus_audit.heads import Witnessed
from salus_audit.judging.publishing import DAY, Key
from salus_audit.reading.walking import Log
from salus_audit.signing import signed
from salus_audit.spelling import folded, jcs, octets, seconds

SIGNERS, ORGANISATIONS = 4, 3
LONGEST_DELAY = 90 * DAY
KEY_NOTICE = 30 * DAY
SKEW = 300


def judge_disclosures(log: Log, seen: Witnessed, keys: Iterable[Key]) -> None:
    """Hold each disclosure against its signers, an ombudsman among them, and the longest delay of its notice.

    A key signs once it stood in the log for `KEY_NOTICE`.
    """
    known = [one for one in keys if one.duty in ("signer", "ombudsman")]
    for index, body in log.of("disclosure"):
        at = seen.seen(index)
        if at is None:
            continue
        message = jcs({"disclosure": {"disclosure": body["disclosure"], "notice": body["notice"]}})
        signers = []
        for party, signature in body["signatures"].items():
            raw = octets(signature, 64)
            stood = [one for one in known if one.party == party and one.seen + KEY_NOTICE <= at + SKEW]
            mine = [one for one in stood if not one.over(at) and signed(one.key, message, raw)]
            if mine:
                signers.append(mine[0])
            else:
                text = "this signature of a disclosure is of no key that the log had for 30 days"
                log.findings.add("SIGNATURE", index, party, text)
        fault = _few(signers)
        if fault and len(signers) == len(body["signatures"]):
            log.findings.add("SHORT-QUORUM", index, ", ".join(sorted(body["signatures"])), fault)
        if seconds(body["notice"]) > at + LONGEST_DELAY + SKEW:
            text = "its resident is told more than 90 days after it stood in the log"
            log.findings.add("NOTICE-TOO-SHORT", index, None, text)


def _few(signers: list[Key]) -> str | None:
    if (
        len({one.key for one in signers}) < SIGNERS
        or len({folded(one.organisation) for one in signers}) < ORGANISATIONS
    ):
        return f"a disclosure takes {SIGNERS} signers of {ORGANISATIONS} organisations"
    rest = {folded(one.organisation) for one in signers if one.duty == "signer"}
    apart = {folded(one.organisation) for one in signers if one.duty == "ombudsman"} - rest
    return None if apart else "a disclosure takes an ombudsman whose organisation nobody else signs for"
