"""Count emergencies again, from the public log's files alone: how each follows on the last, and how full a year is."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from salus.cli.believing import trust_named, trust_option
from salus.cli.output import ending, json_option, say, tell
from salus.kernel import Invalid, format_instant, parse_instant
from salus.keys import KEPT_AFTER, Destruction
from salus.ledger import MOST_DOCUMENT_BYTES, Absent, Leaf, Unreadable, document_path, source_of, verify_directory
from salus.rules import (
    Document,
    PartyKey,
    PublicationRefused,
    Published,
    Veto,
    check_publication,
    check_renewal,
    most_in_a_year,
    read_veto,
)

_SHREDDED = {
    "in time": "destroyed, in time",
    "late": "destroyed, but late",
    "overdue": "SHRED-OVERDUE, nothing certifies that it is destroyed",
}
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One emergency of the log, and the word for why it does not count; None if it does.

    `shredded` tells of the key of what was kept under it: destroyed `in time` or `late`, `overdue`, or None.
    """

    index: int
    document: Document
    signers: tuple[str, ...]
    fault: str | None
    shredded: str | None = None


@click.command()
@click.argument("place")
@trust_option
@click.option("--vkey", help="The log's key, instead of --trust.")
@click.option("--witness", "witnesses", multiple=True, help="A witness's key; give all of them, with --vkey.")
@json_option
@ending
def emergencies(place: str, trust: Path | None, vkey: str | None, witnesses: tuple[str, ...], as_json: bool) -> None:
    """Say of each emergency who signed it and whether it follows rightly on the one before; and how full a year is.

    Says too whether the key of what was kept under it is certified as destroyed, thirty days after its end. Files tell
    places and not times, so neither notice, nor how soon a veto came, nor whether a key had ended is looked at; `salus
    code explain` does, for one measure. Ends with 1 if one does not count, or its key should be gone by the time of the
    witnesses and is not.
    """
    found: list[tuple[int, Leaf]] = []
    vetoes: list[Leaf] = []
    shreds: dict[str, str] = {}
    keys: list[PartyKey] = []

    def seen(index: int, leaf: Leaf) -> None:
        if leaf.kind == "party-key":
            keys.append(_key(leaf.body))
        elif leaf.kind == "publication" and leaf.body["kind"] == "emergency":
            found.append((index, leaf))
        elif leaf.kind == "veto":
            vetoes.append(leaf)
        elif leaf.kind == "shred":
            shreds[str(leaf.body["commitment"])] = str(leaf.body["done"])

    report = verify_directory(place, trust=trust_named(trust, vkey, witnesses), seen=seen)
    if not report.good or report.cosigned is None:
        raise Invalid("the log itself is not good: salus ledger verify says why", code="SALUS-J010")
    read = [(index, leaf.body, _document(place, leaf)) for index, leaf in found]
    told = count(read, keys, [leaf.body for leaf in vetoes])
    _tell([replace(one, shredded=_shredded(one, shreds, report.cosigned.at)) for one in told], as_json)


def _document(place: str, leaf: Leaf) -> bytes:
    digest = base64.b64decode(str(leaf.body["digest"]))
    try:
        return source_of(place).fetch(document_path(digest), MOST_DOCUMENT_BYTES)
    except (Absent, Unreadable):
        raise Invalid("a document of the log is not there any more; try again", code="SALUS-J012") from None


def count(
    leaves: Iterable[tuple[int, Mapping[str, object], bytes]],
    keys: Iterable[PartyKey],
    vetoed: Iterable[Mapping[str, object]] = (),
) -> list[Counted]:
    """Hold emergencies, each its place, leaf and document, against those before them; in the order of that line."""
    known, told, read = list(keys), [], []
    vetoes = list(_vetoes(vetoed, known))
    for index, leaf, content in leaves:
        document = Document.parse(content)
        try:
            published = check_publication(document, leaf, known, document.starts, renewing=False, vetoes=vetoes)
        except PublicationRefused as refused:
            told.append(Counted(index=index, document=document, signers=(), fault=refused.fault))
        else:
            read.append((index, published))
    counting: list[Published] = []
    for rank, (index, each) in enumerate(_in_line(read)):
        # places stand for times: a later one was seen later
        one = replace(each, logged_at=_FIRST + timedelta(seconds=rank))
        fault = _fault(one, counting)
        told.append(Counted(index=index, document=one.document, signers=one.signers, fault=fault))
        counting += [] if fault else [one]
    return told


def _shredded(one: Counted, shreds: Mapping[str, str], at: datetime) -> str | None:
    """Say how the destruction of an emergency's key stands at an instant; one that never counted kept nothing."""
    due = one.document.ends + KEPT_AFTER
    done = shreds.get(Destruction.of_emergency(base64.b64decode(one.document.digest), due, due).commitment)
    if done is not None:
        return "in time" if parse_instant(done) <= due else "late"
    return "overdue" if at > due and not one.fault else None


def _in_line(read: list[tuple[int, Published]]) -> list[tuple[int, Published]]:
    """Put each after the one that it renews; places within a batch of the log are drawn by lot."""
    by_digest = {one.document.digest: one for _, one in read}

    def depth(one: Published | None) -> int:
        steps = 0
        while one is not None and steps <= len(read):
            one, steps = by_digest.get(str(one.document.body.get("renews"))), steps + 1
        return steps

    return sorted(read, key=lambda pair: (depth(pair[1]), pair[1].document.starts, pair[0]))


def _fault(one: Published, counting: list[Published]) -> str | None:
    try:
        check_renewal(one, counting)
    except PublicationRefused as refused:
        return refused.fault
    return None


def _vetoes(bodies: Iterable[Mapping[str, object]], known: list[PartyKey]) -> Iterator[Veto]:
    """Yield the vetoes that an ombudsman signed, as if each had come in time."""
    for body in bodies:
        try:
            yield read_veto(body, known, _FIRST)
        except PublicationRefused:
            continue


def _key(body: Mapping[str, object]) -> PartyKey:
    return PartyKey(
        party=str(body["party"]),
        organisation=str(body["organisation"]),
        duty=str(body["duty"]),
        key=base64.b64decode(str(body["key"])),
        logged_at=_FIRST,
    )


def _tell(told: list[Counted], as_json: bool) -> None:
    diseases = sorted({str(one.document.body["disease"]) for one in told if not one.fault})
    fullest = {disease: _days(told, disease) for disease in diseases}
    if as_json:
        rows = [_row(one) for one in told]
        tell({"emergencies": rows, "most_days_in_a_year": {name: round(days, 3) for name, days in fullest.items()}})
    else:
        for one in told:
            times = f"{format_instant(one.document.starts)} to {format_instant(one.document.ends)}"
            verdict = f"does NOT count: {one.fault}" if one.fault else f"signed by {', '.join(one.signers)}"
            say(f"entry {one.index}, {one.document.body.get('disease')}, {times}: {verdict}")
            if one.shredded:
                say(f"  the key of what was kept under it: {_SHREDDED[one.shredded]}")
        for name, days in fullest.items():
            say(f"{name}: at most {days:.1f} days of 365 in a row are under emergency; 180 may be")
    sys.exit(1 if any(one.fault or one.shredded == "overdue" for one in told) else 0)


def _days(told: list[Counted], disease: str) -> float:
    spans = [
        (one.document.starts, one.document.ends)
        for one in told
        if not one.fault and one.document.body["disease"] == disease
    ]
    return most_in_a_year(spans) / timedelta(days=1)


def _row(one: Counted) -> dict[str, object]:
    return {
        "entry": one.index,
        "disease": one.document.body.get("disease"),
        "starts": format_instant(one.document.starts),
        "ends": format_instant(one.document.ends),
        "signers": list(one.signers),
        "fault": one.fault,
        "shredded": one.shredded,
    }
