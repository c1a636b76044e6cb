"""Write a facility's quality report as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from salus.app import QualityReport


def report_lines(found: QualityReport) -> Iterator[str]:
    """Yield the lines: how it is connected, what is missing, what came, what is odd, what was refused."""
    place = found.facility
    yield f"{place.facility_id} {place.name_en} {place.name_zh}, level {place.level}, {found.since} to {found.until}"
    for one in found.connections:
        yield f"  by {one.source:7} {one.entries:>9} resources, {one.first} to {one.last}"
    if not found.connections:
        yield "  nothing has ever come: docs/how-to/connect-a-hospital.md says how to begin"
    yield f"{found.arriving} of {len(found.completeness)} elements of the core data set arrive; these do not:"
    for line in found.missing:
        share = "nothing of this type" if line.percent is None else f"{line.percent} % of {line.resources}"
        yield f"  level {line.element.level}  {line.element.key:36} {share}"
    for name, n in found.resources.items():
        late = found.delays.get(name)
        told = f"half within {late.median_days} d, 9 of 10 within {late.ninth_decile_days} d" if late else ""
        yield f"  {name:24} {n:>9} came, {found.again.get(name, 0)} of them sent before  {told}".rstrip()
    for kind, n in found.odd.items():
        yield f"  {n:>9} Patients stored with something odd in them: {kind}"
    for one_day in found.turned_away:
        told = f"{one_day.day} {one_day.source:7} refused {one_day.entries:>7}"
        yield f"  {told}  {one_day.code} {one_day.detail}".rstrip()
