"""Chapter six: an official, a vendor's clerk and a database administrator try to turn somebody red. None can."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from uuid import UUID

from salus import app, identity
from salus.app import import_files
from salus.cli.story.stage import Stage
from salus.kernel import Role, SalusError
from salus.parties import Principal
from salus.storage import Duty

_FILE = "statuses.ndjson"
_SQL = "administrator.sql"


def tell_refusal(stage: Stage) -> None:
    """Let the three try, and say what their victim, the public and the auditor see of it."""
    victim = _somebody(stage)
    if victim is None:
        stage.say("nobody is offered here whom somebody could try to turn red")
        return
    name, holder, number = victim
    _official(stage, name)
    _clerk(stage, number)
    _administrator(stage, holder)
    shown = app.my_notices(stage.node, holder).notices
    attempts = sum(one.count for one in app.powers(stage.node).attempts)
    stage.say(
        f"{name} is shown: {shown[0].found.measure if shown else 'none'}, and a door nothing;"
        f" the attempts are counted in public: {attempts}"
    )
    found = Counter(finding.code for finding in app.check_node(stage.node))
    told = ", ".join(f"{code} {count}" for code, count in sorted(found.items())) or "nothing"
    stage.say(f"`salus ledger verify --data {stage.node.settings.data}` reports the rows: {told}")


def _somebody(stage: Stage) -> tuple[str, Principal, str] | None:
    """Choose a resident of whom nothing is asked: one who was not tested, where there is one."""
    numbers = {one.pinyin: one.number for one in stage.country.residents}
    told = {name for name, _ in stage.told()}
    for name, holder in sorted(stage.offered(), key=lambda one: one[0] in told):
        if name in numbers and not app.my_notices(stage.node, holder).notices:
            return name, holder, numbers[name]
    return None


def _official(stage: Stage, name: str) -> None:
    colour = {"url": "https://official.example/health-code-colour", "valueCode": "red"}
    record = json.dumps({"resourceType": "Patient", "extension": [colour]}).encode()
    who = stage.at_work(Role.COMMANDER, "EOC1")
    told = _refused(lambda: app.read_body(stage.node, who, record))
    stage.say(f"an official sends a record that would turn {name} red: {told}")


def _clerk(stage: Stage, number: str) -> None:
    file = stage.node.settings.data / _FILE
    file.write_text(json.dumps({"person": number, "colour": "red"}) + "\n", "utf-8")
    done = import_files(stage.node, "H1", [file])
    file.unlink()
    told = done.refused[0][2].split()[0] if done.refused else "taken"
    stage.say(f"a vendor's clerk imports a file of statuses: refused, {told}; {done.lines} lines taken in")


def _administrator(stage: Stage, holder: Principal) -> None:
    assert holder.resident is not None  # noqa: S101  a resident's principal names one
    statement = files("salus.cli.story").joinpath(_SQL).read_text("utf-8")
    with stage.node.store.whole(Duty.CARE.database) as tx:
        tx.run(statement, {"chart": _chart(stage, holder.resident), "at": stage.node.clock.now()})
    stage.say("a database administrator writes a decision and its notice into the tables, as their owner: written")


def _chart(stage: Stage, resident: UUID) -> int:
    with stage.node.store.transaction(Duty.CARE) as tx:
        found = identity.resident(tx, resident)
    assert found is not None  # noqa: S101  offered residents are known here
    return found.charts[0]


def _refused(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except SalusError as error:
        return f"refused, {error.code}"
    return "taken"


__all__ = ["tell_refusal"]
