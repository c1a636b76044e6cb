"""What one ombudsman can stop for good: a document that the log has, before it counts. Limits are constants. Pure.

A veto takes power away and gives none: it names a document by its digest and says nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from salus.kernel import canonical
from salus.rules.errors import PublicationRefused
from salus.rules.publishing.model import Document, PartyKey, PublicationKind, is_digest
from salus.rules.publishing.signing import signed_by

OMBUDSMAN: Final = "ombudsman"
VETO_WITHIN: Final = timedelta(hours=24)
"""How long a document can be vetoed at least, counted from when the log had it, though it may count sooner."""
NOT_VETOED: Final = frozenset({PublicationKind.TRUST_LIST})
"""A list that ends a stolen key waits for nobody, and a veto would leave the thief's key where it was."""
_FIELDS = {"digest", "party", "signature"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Veto:
    """A veto as the log has it: of which document, by whom, since when.

    `appointed` is when the log had the ombudsman's key, `logged_at` when it had the veto; both by witness time.
    """

    digest: str
    party: str
    organisation: str
    appointed: datetime
    logged_at: datetime


def veto_message(digest: str, party: str) -> bytes:
    """Return the bytes that an ombudsman signs (Ed25519); nothing else that a party signs begins so."""
    return canonical({"veto": {"digest": digest, "party": party}})


def read_veto(leaf: Mapping[str, Any], keys: Iterable[PartyKey], logged_at: datetime) -> Veto:
    """Return the veto that an entry of the log holds, or raise PublicationRefused.

    FORM: it has other fields. SIGNATURE: no ombudsman's key that the log had by then, and that had not ended, made its
    signature.
    """
    if set(leaf) != _FIELDS or not is_digest(leaf["digest"]) or not isinstance(leaf["party"], str):
        raise PublicationRefused("FORM", f"a veto has exactly the fields {sorted(_FIELDS)}")
    message = veto_message(leaf["digest"], leaf["party"])
    known = (one for one in keys if (one.party, one.duty) == (leaf["party"], OMBUDSMAN) and one.stands(logged_at))
    good = [one for one in known if signed_by(one.key, message, leaf["signature"])]
    if not good:
        raise PublicationRefused("SIGNATURE", "a veto is signed with an ombudsman's key that the log has")
    first = min(good, key=lambda one: one.logged_at)
    return Veto(
        digest=leaf["digest"],
        party=first.party,
        organisation=first.organisation,
        appointed=first.logged_at,
        logged_at=logged_at,
    )


def vetoed_until(document: Document, logged_at: datetime) -> datetime:
    """Return the instant before which a veto of a document has to be in the log."""
    return max(document.starts, logged_at + VETO_WITHIN)


def stops(veto: Veto, document: Document, logged_at: datetime) -> bool:
    """Tell whether a veto stops a document that the log has had since `logged_at`.

    It does if it is of this very document, came in time, and its ombudsman stood in the log no later than the document:
    nobody is appointed to veto what is known already.
    """
    return (
        document.kind not in NOT_VETOED
        and veto.digest == document.digest
        and veto.appointed <= logged_at
        and veto.logged_at < vetoed_until(document, logged_at)
    )


def check_not_vetoed(document: Document, logged_at: datetime, vetoes: Iterable[Veto]) -> None:
    """Refuse (VETOED) a document that an ombudsman stopped; it never counts again, whoever signs it anew."""
    found = sorted(one.party for one in vetoes if stops(one, document, logged_at))
    if found:
        raise PublicationRefused("VETOED", f"{found[0]} vetoed it as ombudsman")
