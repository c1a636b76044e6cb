"""Chapter two: results lead to measures, which anybody who holds one can recompute, and which end by themselves."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from salus import app, synth
from salus.cli.actors import Party, Signed, commit_specimen, new_subject, sign_result
from salus.cli.country import RECENT
from salus.cli.story.stage import DISEASE, Stage, civil
from salus.healthcode import measures
from salus.kernel import Role, format_instant
from salus.records import of_resource
from salus.rules import Measure, Result, recompute

_ID_CARD = "urn:oid:2.16.156.10011.1.3"
_NUCLEIC_ACID = "94500-6"
_SNOMED = {Result.POSITIVE: "260373001", Result.NEGATIVE: "260385009"}
FILE, POLICY = "measure.json", "trusted.txt"


def tell_measures(stage: Stage) -> None:
    """Send in what sites and laboratories have, and say what follows from it, for one resident and for all."""
    told = _send(stage)
    stage.settle()
    positive = next((one for one in told if one[0].final == "positive"), None)
    if positive:
        held = app.my_notices(stage.node, stage.holder(positive[1])).notices
        _shown(stage, stage.name(positive[0].resident), held)
        if held:
            _explained(stage, held[0])
    _corrected(stage, told)
    _counted(stage)


def _send(stage: Stage) -> list[tuple[synth.Specimen, UUID, Signed]]:
    """Let each site and laboratory send what it has of the last days; say how many."""
    began, told = time.monotonic(), []
    for specimen in _recent(stage):
        resident = stage.resident(specimen.resident)
        if resident is not None:
            told.append((specimen, resident, _specimen(stage, specimen)))
    results = [(specimen, _result(stage, specimen, committed)) for specimen, _, committed in told]
    found = sum(specimen.result == "positive" for specimen, _ in results)
    stage.say(
        f"{len(told)} specimens committed by sampling sites, their results signed by laboratories, in"
        f" {time.monotonic() - began:.1f} s: {found} positive, {len(told) - found} negative, all logged alike"
    )
    return told


def _recent(stage: Stage) -> list[synth.Specimen]:
    """Return the specimens of the last days; when the story is told again later, new ones of those it is about."""
    later = timedelta(days=(stage.now - synth.present(stage.country)).days)
    about = {name for name, _ in stage.offered()}
    moved = [
        replace(one, collected=one.collected + later, resulted=one.resulted + later)
        for one in synth.specimens(stage.country)
        if not later or stage.name(one.resident) in about
    ]
    return [one for one in moved if stage.now - RECENT < one.collected < one.resulted <= stage.now]


def _party(stage: Stage, facility: str) -> Party:
    return next(one for one in stage.places() if one.name == facility)


def _specimen(stage: Stage, specimen: synth.Specimen) -> Signed:
    """Take a specimen, as the site's own software does: the person, the Specimen, and the signed commitment."""
    site = _party(stage, specimen.collected_by)
    who = stage.at_work(Role.SAMPLING_SITE, site.name)
    person = stage.country.residents[specimen.resident]
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": _ID_CARD, "value": person.number}],
        "name": [{"text": person.name_zh}],
    }
    stored = app.accept(stage.node, who, [of_resource(patient, "Patient")])
    signed = commit_specimen(site, disease=DISEASE, taken=specimen.collected, subject=new_subject())
    resource = {
        "resourceType": "Specimen",
        "subject": {"reference": f"Patient/{stored.outcomes[0].id}"},
        "collection": {"collectedDateTime": signed.body["taken"]},
    }
    app.take_specimen(stage.node, who, resource, _sent(signed))
    return signed


def _result(stage: Stage, specimen: synth.Specimen, committed: Signed) -> Signed:
    laboratory = _party(stage, specimen.laboratory)
    signed = sign_result(laboratory, committed, Result(specimen.result), specimen.resulted)
    _send_result(stage, laboratory, signed)
    return signed


def _send_result(stage: Stage, laboratory: Party, signed: Signed) -> None:
    app.take_result(stage.node, stage.at_work(Role.LABORATORY, laboratory.name), _observation(signed), _sent(signed))


def _observation(signed: Signed) -> dict[str, Any]:
    """Write the Observation beside a result; it names nobody, as the laboratory knows nobody."""
    found = _SNOMED[Result(signed.body["result"])]
    return {
        "resourceType": "Observation",
        "status": "corrected" if signed.body["replaces"] else "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": _NUCLEIC_ACID}]},
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": found}]},
        "issued": signed.body["reported"],
    }


def _sent(signed: Signed) -> measures.Signed:
    return measures.Signed(kind=signed.kind, party=signed.party, opening=signed.opening, signature=signed.signature)


def _shown(stage: Stage, name: str, held: tuple[measures.HeldNotice, ...]) -> None:
    if not held:
        stage.say(f"{name} is shown: nothing is asked of you")
        return
    found = held[0].found
    ends = civil(found.ends) if found.ends else ""
    stage.say(
        f"{name} alone is shown: {found.measure}, until {ends}, by rule {found.rules}, with the reason and the proof"
    )


def _explained(stage: Stage, notice: measures.HeldNotice) -> None:
    """Recompute the file with the witnesses' keys alone, now and at its end, as `salus code explain` does."""
    assert stage.node.trust is not None  # noqa: S101  a demo has its witnesses
    file, policy = stage.node.settings.data / FILE, stage.node.settings.data / POLICY
    file.write_bytes(notice.file)
    policy.write_text(str(stage.node.trust), "utf-8")
    again = recompute(notice.file, stage.node.trust, stage.now)
    later = recompute(notice.file, stage.node.trust, notice.found.ends or stage.now)
    forged = recompute(
        notice.file.replace(b'"gives":"precaution"', b'"gives":"advise"', 1), stage.node.trust, stage.now
    )
    stage.say(f"salus code explain {file} --trust {policy} --at {format_instant(stage.now)}")
    stage.say(f"    recomputes it from its file and the witnesses' keys alone, without the node: {again.measure};")
    stage.say(
        f"    the same file at its end: {later.measure}; with one word changed: {forged.measure} ({forged.fault})"
    )


def _corrected(stage: Stage, told: list[tuple[synth.Specimen, UUID, Signed]]) -> None:
    """Let a laboratory correct a result, and say what becomes of the notice."""
    wrong = next((one for one in told if one[0].corrected), None)
    if wrong is None:
        return
    specimen, resident, committed = wrong
    holder, name = stage.holder(resident), stage.name(specimen.resident)
    before = app.my_notices(stage.node, holder).notices
    laboratory = _party(stage, specimen.laboratory)
    for notice in before:
        signed = sign_result(laboratory, committed, Result.NEGATIVE, stage.now, replaces=_result_of(notice))
        _send_result(stage, laboratory, signed)
    stage.settle()
    after = app.my_notices(stage.node, holder).notices
    was = before[0].found.measure if before else Measure.NONE
    now = after[0].found.measure if after else Measure.NONE
    stage.say(f"{name}'s result was wrong and the laboratory corrects it: {was} before, {now} after, by itself")


def _result_of(notice: measures.HeldNotice) -> str:
    opened = json.loads(notice.file)["openings"]
    return next(str(name) for name, opening in opened.items() if "result" in opening)


def _counted(stage: Stage) -> None:
    powers = app.powers(stage.node)
    stage.say(
        f"what everybody sees of this: {powers.results} results and {sum(powers.decisions.values())} decisions in the"
        " log, nobody named"
    )


__all__ = ["FILE", "tell_measures"]
