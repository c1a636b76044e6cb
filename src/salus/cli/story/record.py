"""Chapter one: a resident is seen, read with a reason, sees who read, and checks the proof."""

from __future__ import annotations

from uuid import UUID

from salus import app
from salus.app import Node, StepIn
from salus.cli.story.stage import Say, Stage
from salus.kernel import Purpose, Refused, Role
from salus.ledger import verify_directory
from salus.parties import Principal


def tell_record(stage: Stage) -> None:
    """Show a code at a desk, read a record with and without a reason, and see who looked."""
    node, say = stage.node, stage.say
    steps = app.demo_roles(node)
    resident = next(step for step in steps if step.role is Role.RESIDENT)
    doctor = next(step for step in steps if step.role is Role.CLINICIAN and _at(step, "H2"))
    holder, _ = app.step_into(node, resident.key)
    clinician, _ = app.step_into(node, doctor.key)
    holder, clinician = holder.for_purpose(Purpose.PATRQT), clinician.for_purpose(Purpose.TREAT)
    assert holder.resident is not None  # noqa: S101  a resident's principal names one
    code = app.my_code(node, holder)
    say(f"{resident.name_en} asks for the identity code: {code.code[:24]}… ({len(code.code)} characters, says nothing)")
    _without_code(node, clinician, doctor.name_en, holder.resident, say)
    here = app.arrive(node, clinician, code.code)
    until = f"{here.ends:%d %b %H:%M} UTC"
    say(f"{resident.name_en} shows it at the desk: {doctor.name_en}'s hospital may read until {until}")
    viewed = app.view_summary(node, clinician, holder.resident)
    found = viewed.summary
    say(
        f"{doctor.name_en} reads the summary: {len(found.problems)} problems, {len(found.medicines)} medicines,"
        f" {len(found.allergies)} allergies, {len(found.results)} results, from {' and '.join(found.facilities)}"
    )
    app.close_batch(node)
    _who_looked(node, holder, resident.name_en, say)
    _log(node, say)


def _at(step: StepIn, facility: str) -> bool:
    return step.facility is not None and step.facility.facility_id == facility


def _without_code(node: Node, clinician: Principal, name: str, resident: UUID, say: Say) -> None:
    try:
        app.view_summary(node, clinician, resident)
        say(f"{name}'s hospital may still read, from a visit less than a day ago")
    except Refused as refused:
        say(f"{name} asks for the record without it: refused, {refused.code}, and the refusal is kept")


def _who_looked(node: Node, holder: Principal, name: str, say: Say) -> None:
    looked = app.who_looked(node, holder)
    proved = [look for look in looked.looks if look.proved]
    newest = next(look for look in looked.looks if look.role is Role.CLINICIAN)
    proof = app.look_proof(node, holder, (newest.batch, newest.item))
    checked = proof[1].check([node.sequencer.key]) if proof else None
    say(f"{name} looks who looked: {len(looked.looks)} entries, {len(proved)} of them proved by the public log")
    if checked:
        say(f"the clinician's look is proved in a log of {checked.size} entries, root {checked.root.hex()[:16]}…")


def _log(node: Node, say: Say) -> None:
    report = verify_directory(node.settings.data / "log", str(node.sequencer.key))
    size = report.checkpoint.size if report.checkpoint else 0
    say(
        f"the whole public log recomputed from its files: {size} entries, {'consistent' if report.good else 'NOT GOOD'}"
    )
