"""Contest a notice as it was shown, from the file that its holder keeps, and run that file again for the officer.

What this node holds itself is not asked whether there is "anything to contest": the file alone decides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from salus import ledger, rules
from salus.access import Action
from salus.app.contests import Followed, contest_of, open_contest
from salus.app.destroying import keep_shown, open_shown
from salus.app.node import Node
from salus.app.residents import own
from salus.app.vouching import vouched
from salus.appeals import About, Contest, Contested, NothingToContest
from salus.healthcode import measures
from salus.kernel import canonical
from salus.parties import PartyUnknown, Principal
from salus.rules import NotProved, Recomputed

DUTIES = {"site": "sampling-site", "laboratory": "laboratory"}
_UNREADABLE = "this cannot be read as a notice's file; hand it in as it was downloaded, unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class RanAgain:
    """What the published rules come to for what was shown: when it was contested, and now. `shown` is what it says.

    `shown` is the decision as its holder opens it: gives, clause, starts, ends, at, rules (a digest).
    """

    then: Recomputed
    now: Recomputed
    shown: Mapping[str, str]


def contest_notice(node: Node, who: Principal, presented: bytes, words: str) -> Contest:
    """Contest a notice by the file that its holder was given. Raises NothingToContest for what is no such file.

    Whether it is proved, whether it counts, and what this node would show now plays no part.
    """
    mine = own(node, who, Action.CONTEST)
    return open_contest(node, who, mine, contested_of(node, presented), words)


def contested_of(node: Node, presented: bytes) -> Contested:
    """Return what a notice's file says is contested.

    Whose work it is follows from the decision's own opening, by hashes, and from the keys in the log, so that nobody
    can write a party in, or out, to choose who may answer.
    """
    try:
        file = json.loads(presented)
        canonical(file).decode()  # a lone surrogate, which JSON can spell, stands in no file that was given out
        openings, decision = file["openings"], str(file["decision"]["commitment"])
        body = _opening(openings, decision, "decision")
        result = _opening(openings, body["evidence"][0], "result")
        specimen = _opening(openings, result["specimen"], "specimen")
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, NotProved):
        raise NothingToContest(_UNREADABLE) from None
    parties = {"laboratory": str(result["laboratory"]), "site": str(specimen["site"])}
    return Contested(
        about=About.DECISION,
        subject=decision,
        organisations=tuple(_organisations(node, parties)),
        shown=keep_shown(node, str(body["emergency"]), canonical(file).decode()),
    )


def run_again(node: Node, contest: Contest) -> RanAgain | None:
    """Recompute what was shown from its own file, and from nothing that this node holds.

    None for a look, and once what was kept because of the emergency is destroyed.
    """
    kept = open_shown(node, contest.shown) if contest.receipt.about is About.DECISION else None
    if kept is None:
        return None
    file = json.loads(kept)
    body = file["openings"][contest.receipt.subject]["decision"]
    named = ("gives", "clause", "starts", "ends", "at", "rules")
    return RanAgain(
        then=_recomputed(node, kept.encode(), contest.opened_at),
        now=_recomputed(node, kept.encode(), node.clock.now()),
        shown={name: str(body.get(name, "")) for name in named},
    )


def with_appeal(node: Node, followed: Followed, file: bytes) -> bytes:
    """Return a notice's file with the contest of it, once witnesses vouched for its opening; else the file as it is.

    From then on whoever recomputes the file sees that it is contested, whether it was answered in time, and how.
    """
    value, found = json.loads(file), followed.contest
    opened = _proved(node, found.pending_id, "appeal-opened")
    if opened is None:
        return file
    closed = _proved(node, found.answer.pending_id, "appeal-closed") if found.answer else None
    value["openings"][opened["leaf"]["appeal"]] = found.receipt.opening
    value["appeal"] = {"opened": opened, "closed": closed}
    return canonical(value)


def contested_view(
    node: Node, known_as: Sequence[int], held: measures.HeldNotice, at: datetime
) -> measures.HeldNotice | None:
    """Return a notice as its holder is shown it, its contest within its file; None once the contest has ended it.

    An answer that ends it, and a deadline that passed without one, count here at once; whoever recomputes the file
    sees either as soon as witnesses have vouched for it.
    """
    followed = contest_of(node, known_as, About.DECISION, held.commitment)
    if followed is None:
        return held
    file = with_appeal(node, followed, held.file)
    found = _recomputed(node, file, at)
    if followed.stands.ends or found.measure is rules.Measure.NONE:
        return None
    return replace(held, file=file, found=found)


def _proved(node: Node, pending_id: UUID, kind: str) -> dict[str, Any] | None:
    receipt = vouched(node, pending_id)
    return {"leaf": json.loads(receipt.entry)[kind], "proof": str(receipt.proof)} if receipt else None


def _opening(openings: Mapping[str, Any], commitment: str, kind: str) -> dict[str, Any]:
    opening = openings[commitment]
    if rules.commitment_of(opening) != commitment:
        raise ValueError
    return rules.opened(opening, kind)


def _organisations(node: Node, parties: Mapping[str, str]) -> list[str]:
    """Return who stands behind a site and a laboratory, by the log and by the registry, and behind the node."""
    keys = ledger.party_keys(node.store)
    found = {node.name} | {one.organisation for one in keys if one.duty == "issuer"}
    for part, party in parties.items():
        named = {one.organisation for one in keys if (one.party, one.duty) == (party, DUTIES[part])}
        found |= named | _registered(node, party) or {party}
    return sorted(found)


def _registered(node: Node, party: str) -> set[str]:
    try:
        return {node.facility(party).organisation}
    except PartyUnknown:
        return set()


def _recomputed(node: Node, file: bytes, at: datetime) -> Recomputed:
    if node.trust is None:
        return Recomputed(measure=rules.Measure.NONE, fault="NO-PROOF", text="this node has no witnesses")
    known = node.memory.recall("emergencies", node.stamp, lambda: measures.known(node.store, node.trust))
    return rules.recompute(file, node.trust, at, [one for one in known.vetoes if one.logged_at <= at], known.ends)
