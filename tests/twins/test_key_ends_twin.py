"""When each key ended, as a node and as its auditor read one log: two programs that share no line give one answer.

Logs are made from seeds: keys and ends in batches, by the keys themselves, by quorums, by too few, by keys that had
ended before, by signers of that week, by strangers, for keys that nobody named. Keys are named anew, under other
names and duties, before their end and after.
"""

from __future__ import annotations

import base64
from datetime import datetime
from random import Random
from typing import Any

import pytest

from measures import DECLARED, HOUR, PaperLog
from salus.cli.actors import LABORATORY, SIGNER, SITE, Party, sign_key_end
from salus.proof import VerifierKey, WitnessKey
from salus.rules import OMBUDSMAN, PartyKey, read_key_ends, with_ends
from salus_audit.finding import Findings
from salus_audit.heads import witnessed
from salus_audit.judging.key_ends import keys_of
from salus_audit.notes import read_head
from salus_audit.reading.walking import Log
from salus_audit.signing import LOG, WITNESS, NamedKey

BODIES = ("health", "university", "court", "bar")
BATCHES = 14
END = "party-key-end"
Told = list[tuple[str, dict[str, Any], datetime]]


def a_log(rng: Random) -> Told:
    """Entries of a log, each with when witnesses had it; those of one batch have one time."""
    people = [Party.new(f"signer-{one}", rng.choice(BODIES), SIGNER) for one in range(8)]
    people += [Party.new(f"watch-{one}", "parliament", OMBUDSMAN) for one in range(2)]
    people += [Party.new(f"L{one}", "laboratories", rng.choice((LABORATORY, SITE))) for one in range(4)]
    stranger = Party.new("signer-0", "health", SIGNER)
    early = [one for one in people if rng.random() < 0.9]
    fresh = [one for one in people if one not in early]
    told: Told = [("party-key", one.key_leaf, DECLARED) for one in early]
    first = rng.choice((720, 708, 719))  # hours after which signers end keys, or do not yet
    for batch in range(BATCHES):
        at = DECLARED + first * HOUR + batch * 30 * HOUR
        for _ in range(rng.randint(0, 3)):
            ended, others = rng.choice(people), rng.sample(people[:8], rng.randint(3, 6))
            signers = rng.choice(([], [], others, others, [*others, stranger], [stranger]))
            told.append((END, sign_key_end(ended, "lost", signers), at))
        over = [one for one in people if any(body.get("party") == one.name for kind, body, _ in told if kind == END)]
        for again in rng.sample(people, rng.randint(0, 1)) + rng.sample(over, min(len(over), rng.randint(0, 1))):
            name, duty = rng.choice((again.name, "renamed")), rng.choice((again.duty, OMBUDSMAN, SIGNER, LABORATORY))
            told.append(("party-key", again.key_leaf | {"party": name, "duty": duty}, at))
        if fresh and batch == 2:
            told += [("party-key", one.key_leaf, at) for one in fresh]
        told.append(("refusals", {"day": "2031-02-20", "action": "x", "count": batch}, at))
    return told


def theirs(told: Told) -> list[tuple[str, str, int | None]]:
    """What the auditor makes of the log, written on paper with heads that witnesses cosigned."""
    log, rare, sizes = PaperLog(), dict[str, list[tuple[int, dict[str, Any]]]](), list[int]()
    for place, (kind, body, at) in enumerate(told):
        log.append(kind, body)
        rare.setdefault(kind, []).append((place, body))
        if place + 1 == len(told) or told[place + 1][2] != at:
            log.close(at)
            sizes.append(place + 1)
    key = NamedKey.read(str(VerifierKey.of(log.key)), LOG)
    witnesses = [(-1, NamedKey.read(str(WitnessKey.of(one)), WITNESS)) for one in log.witnesses]
    heads = [read_head(note.encode(), key) for _, note in log.heads]
    findings = Findings()
    read = Log(len(told), sizes, findings, rare=rare)
    keys, _ = keys_of(read, witnessed(heads, witnesses, findings), findings)
    return [(one.party, one.key.hex(), one.ended) for one in keys]


def ours(told: Told) -> list[tuple[str, str, int | None]]:
    """What the node makes of it."""
    keys = [_key(body, at) for kind, body, at in told if kind == "party-key"]
    ends = read_key_ends([(body, at) for kind, body, at in told if kind == END], keys)
    return [
        (one.party, one.key.hex(), int(one.ended_at.timestamp()) if one.ended_at else None)
        for one in with_ends(keys, ends)
    ]


def _key(body: dict[str, Any], at: datetime) -> PartyKey:
    told = {name: body[name] for name in ("party", "organisation", "duty")}
    return PartyKey(**told, key=base64.b64decode(body["key"]), logged_at=at)


@pytest.mark.parametrize("seed", range(12))
def test_both_end_the_same_keys_at_the_same_instants(seed: int) -> None:
    told = a_log(Random(seed))

    assert ours(told) == theirs(told)


def test_the_logs_have_keys_that_end_and_keys_that_do_not() -> None:
    ends = [end for seed in range(12) for _, _, end in ours(a_log(Random(seed)))]

    assert 20 < sum(one is not None for one in ends) < len(ends) - 20


def test_both_give_an_ombudsmans_time_to_that_duty_alone_and_to_nobody_who_is_named_one_later() -> None:
    signers = [Party.new(f"signer-{one}", BODIES[one % 4], SIGNER) for one in range(7)]
    watching, stolen = Party.new("watch", "parliament", OMBUDSMAN), signers[5]
    names = [(stolen, "signer-5", OMBUDSMAN), (watching, "watch", OMBUDSMAN), (watching, "S1", SITE)]
    again = [("party-key", one.key_leaf | {"party": party, "duty": duty}) for one, party, duty in names]
    at = DECLARED + 720 * HOUR
    told = [("party-key", one.key_leaf, DECLARED) for one in (*signers, watching)]
    told += [(*again[2], DECLARED + HOUR)]
    told += [(END, sign_key_end(one, "lost", signers[:5]), at) for one in (stolen, watching)]
    told += [(*one, at + HOUR) for one in again]

    found = ours(told)

    assert found == theirs(told)
    ended = int(at.timestamp())
    assert [end for _, _, end in found] == [None] * 5 + [ended, None, ended + 72 * 3600, *[ended] * 4]
