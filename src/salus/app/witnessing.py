"""Who witnesses a log: read from a file, while how many must agree comes from a constant rule."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from salus.app.settings import SettingsRefused
from salus.ledger import Leaf, Witness
from salus.proof import Policy, ProofError, Trust, VerifierKey, WitnessKey


def witnesses_of(text: str, log: VerifierKey) -> tuple[Trust, tuple[Witness, ...]]:
    """Read whom to believe and whom to ask from a policy file (C2SP tlog-policy).

    Each line says `witness ORGANISATION VKEY ADDRESS`. A log that is named must be the given one, and a quorum can only
    be what the rule makes of the number of witnesses: more than half. Raises SettingsRefused.
    """
    try:
        policy = Policy.parse(text)
        trust = Trust.of(log, policy.witnesses)
    except ProofError as reason:
        raise SettingsRefused(f"witnesses: {reason.text}") from None
    if policy.logs not in ((), (log,)):
        raise SettingsRefused("witnesses: the file names the key of another log")
    if policy.quorum not in (None, trust.quorum):
        raise SettingsRefused(
            f"witnesses: of {len(trust.witnesses)} {trust.quorum} must agree; no setting changes that"
        )
    return trust, tuple(Witness(key=one, url=_url(policy, one)) for one in trust.witnesses)


def witness_leaf(witness: WitnessKey) -> Leaf:
    """Say in the log which organisation answers for a witness's key."""
    key = base64.b64encode(witness.public_key).decode()
    body = {"party": witness.name, "organisation": witness.organisation, "duty": "witness", "key": key}
    return Leaf(kind="party-key", body=body)


def _url(policy: Policy, witness: WitnessKey) -> str:
    address = policy.urls.get(witness.name, "")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsRefused(f"witnesses: {witness.name} needs an http or https address at the end of its line")
    return address.rstrip("/")
