"""The refusal, by somebody with every right on the database: rows can be written, and no measure comes of them.

Each change is made as the owner of the tables. The resident's own page still says that nothing is asked; a file that
was proved stays what it was; a door shows nothing; and `salus ledger verify --data` reports the row.
"""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator

import pytest

from contesting import HOUR, Person, Scene, contesting
from forging import move_rows
from salus.codec.certificates import read_trust, verify
from salus.kernel import canonical
from salus.rules import Measure, Venue
from salus.storage import Duty

NONE = "Nothing is asked of you"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with contesting(tmp_path_factory.mktemp("rows")) as opened:
        yield opened


def owner(scene: Scene, statement: str, *params: object) -> int:
    """Do what only the owner of the tables can; the care duty itself may insert, and no more."""
    with scene.node.store.connect(Duty.MIGRATION, "salus") as connection:
        return connection.execute(statement, params).rowcount


def chart_of(scene: Scene, person: Person) -> int:
    """Return the chart of somebody's specimens."""
    with scene.node.store.connect(Duty.MIGRATION, "salus") as connection:
        id_ = scene.measuring.patient(person.number).removeprefix("Patient/")
        found = connection.execute("select chart_key from records.resource where id = %s", (id_,)).fetchone()
    assert found is not None
    return int(found[0])


def findings(scene: Scene) -> str:
    """Return what `salus ledger verify --data` says in a process of its own; it finds something."""
    command = [sys.executable, "-m", "salus", "ledger", "verify", "--data", str(scene.node.settings.data)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SALUS_")}
    told = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=600)
    assert told.returncode == 1, told.stdout + told.stderr
    return told.stdout


def test_a_positive_moved_to_somebody_else_shows_them_nothing_and_is_found(scene: Scene) -> None:
    victim, other = scene.person(), scene.infected()
    assert move_rows(scene.node, chart_of(scene, other), chart_of(scene, victim)) == 3
    scene.measuring.settle()

    assert NONE in victim.notice
    assert "PROJECTION-MISMATCH healthcode.decision" in findings(scene)


def test_evidence_and_a_decision_that_were_never_signed_show_nothing_and_are_found(scene: Scene) -> None:
    victim = scene.person()
    key, forged, entries = chart_of(scene, victim), [secrets.token_bytes(32) for _ in range(3)], {}
    for kind, commitment in zip(("specimen", "result"), forged, strict=False):
        body = {"party": "S1" if kind == "specimen" else "L1", "commitment": base64.b64encode(commitment).decode()}
        entries[kind] = canonical({kind: body | {"signature": base64.b64encode(bytes(64)).decode()}})
        owner(
            scene,
            "insert into healthcode.evidence (commitment, kind, specimen, chart_key, entry, sealed, pending_id,"
            " taken_in) values (%s, %s, %s, %s, %s, %s, gen_random_uuid(), now())",
            commitment, kind, forged[0], key, entries[kind], b"red",
        )  # fmt: skip
    leaf = {"rules": base64.b64encode(bytes(32)).decode(), "commitment": base64.b64encode(forged[2]).decode()}
    owner(
        scene,
        "insert into healthcode.decision (result, commitment, chart_key, rules, emergency, entry, sealed, pending_id,"
        " decided_at) values (%s, %s, %s, %s, %s, %s, %s, gen_random_uuid(), now())",
        forged[1], forged[2], key, bytes(32), bytes(32), canonical({"decision": leaf | {"tag": leaf["rules"]}}), b"red",
    )  # fmt: skip
    owner(scene, "insert into healthcode.notice (commitment, issued_at) values (%s, now())", forged[2])
    owner(scene, "insert into healthcode.notice (commitment, issued_at) values (%s, now())", secrets.token_bytes(32))
    scene.measuring.settle()

    assert NONE in victim.notice
    told = findings(scene)
    assert f"EVID-MISSING healthcode.evidence {base64.b64encode(forged[0]).decode()}" in told
    assert f"EVID-MISSING healthcode.decision {base64.b64encode(forged[2]).decode()}" in told
    assert "healthcode.notice" in told


def test_a_mark_on_a_record_shows_nothing(scene: Scene) -> None:
    """Rows of the record are sealed; a database administrator can damage them, and no more."""
    victim = scene.person()
    owner(scene, "update records.version set body = %s where chart_key = %s", b"red", chart_of(scene, victim))

    assert NONE in victim.notice


def test_a_buried_contest_still_ends_what_was_contested_and_is_found(scene: Scene) -> None:
    person = scene.infected()
    person.contest_notice()
    file = person.file
    owner(scene, "delete from appeals.contest where resident_key = %s", scene.measuring.residents[person.number])
    scene.measuring.advance(48 * HOUR)

    assert scene.recomputed(file).measure is Measure.NONE  # the holder's own file remembers it
    assert "APPEAL-BURIED" in findings(scene)
    assert "Contests overdue 1 " in scene.power()  # counted from the log, not from rows


def test_an_answer_that_was_only_written_into_the_table_upholds_nothing(scene: Scene) -> None:
    person = scene.infected()
    address, _ = person.contest_notice()
    owner(
        scene,
        "insert into appeals.answer (appeal, outcome, organisation, officer, content, answered_at, pending_id)"
        " select appeal, 'stands', 'Court', 'nobody', content, now() - interval '100 years', pending_id"
        " from appeals.contest where appeal = %s",
        bytes.fromhex(address.rpartition("/")[2]),
    )
    assert "APPEAL-UNLOGGED" in findings(scene)


def test_a_door_shows_nothing_for_a_notice(scene: Scene) -> None:
    """There is nothing a holder could be made to show: a notice is no certificate, and a code says nothing."""
    person = scene.infected()
    trust = read_trust(scene.client.ask("GET", "/trust.json").content)

    for text in (person.file.decode(), base64.b64encode(person.file).decode(), "red", "SL1:RED"):
        for venue in Venue:
            assert verify(text, trust, scene.node.clock.now(), venue).certificate is None
