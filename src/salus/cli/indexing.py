"""Explain the resident index: which charts belong together, and why; and its size. No name or number is printed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from salus.app import Explained, Said, explain_links, open_node
from salus.app import size as sizes
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.identity.linkage.people import models
from salus.kernel import format_instant


@click.command()
@click.argument("ids", nargs=-1, required=True, type=click.UUID)
@data_option
@settings_option
@json_option
@ending
def explain(ids: tuple[UUID, ...], data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Say which charts are one resident's and why, for residents or Patients named by their IDS.

    Each assertion is shown with its author, its ground and the bits that each compared field added; they sum to its
    total. Whoever is explained sees in the own list that the operator asked.
    """
    with open_node(settings_of(settings, data=data)) as node:
        found = explain_links(node, ids)
    if as_json:
        tell(_told(found))
        return
    for resident in found.residents:
        say(f"resident {resident.resident_id}: {len(resident.charts)} charts")
        for chart in resident.charts:
            say(f"  Patient/{_patient(found, chart)}")
    for one in found.said:
        for line in _lines(found, one):
            say(line)


@click.command()
@data_option
@settings_option
@json_option
@ending
def size(data: Path | None, settings: Path | None, as_json: bool) -> None:
    """Say how many residents the index holds, and for how many people it weighs; 1 if it holds more.

    Of more than a hundred thousand residents the number is the database's estimate.
    """
    with open_node(settings_of(settings, data=data)) as node:
        found = sizes.size_of(node)
    if as_json:
        tell({"residents": found.residents, "people": found.people, "outgrown": found.outgrown})
    else:
        say(f"{found.residents:,} residents, weighed as of at most {found.people:,} people")
        if found.outgrown:
            say(found.advice)
    sys.exit(1 if found.outgrown else 0)


def _told(found: Explained) -> dict[str, Any]:
    return {
        "residents": [
            {"resident": str(one.resident_id), "patients": [_patient(found, chart) for chart in one.charts]}
            for one in found.residents
        ],
        "assertions": [_as_json(found, one) for one in found.said],
    }


def _as_json(found: Explained, one: Said) -> dict[str, Any]:
    said = one.assertion
    return {
        "assertion": said.key,
        "patients": [_patient(found, chart) for chart in said.pair],
        "verdict": said.verdict.value,
        "stands": one.stands,
        "holds": one.holds,
        "ground": said.ground,
        "author": said.author.name,
        "role": said.author.role.value if said.author.role else None,
        "second": said.author.second,
        "at": format_instant(said.at),
        "overridden": said.guard,
        "supersedes": sorted(said.supersedes),
        "fields": [{"field": name, "bits": bits} for name, bits in said.evidence.fields] if said.evidence else [],
        "bits": said.evidence.total if said.evidence else None,
        "model": said.evidence.model if said.evidence else None,
        "people": models().get(said.evidence.model) if said.evidence else None,
    }


def _lines(found: Explained, one: Said) -> list[str]:
    told = _as_json(found, one)
    author = f"{told['role'] or 'rule'} {told['author']}" + (f" with {told['second']}" if told["second"] else "")
    state = "" if one.holds else ", not followed" if one.stands else ", taken back"
    lines = [
        f"{told['assertion']}: {told['verdict']}{state}, {told['at']}: {told['ground']}, by {author}",
        f"    Patient/{told['patients'][0]} and Patient/{told['patients'][1]}",
    ]
    if told["overridden"]:
        lines.append(f"    past the guard {told['overridden']}")
    lines += [f"    {part['bits']:+8.2f} bits  {part['field']}" for part in told["fields"]]
    if told["model"]:
        size = f", for {told['people']:,} people" if told["people"] else ""
        lines.append(f"    {told['bits']:+8.2f} bits  together, by model {told['model']}{size}")
    return lines


def _patient(found: Explained, chart: int) -> str:
    return str(found.patients.get(chart, "?"))
