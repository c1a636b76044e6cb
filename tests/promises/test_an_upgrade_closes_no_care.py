"""An upgrade closes no care, and nobody makes a place of care out of that

Places of care that were registered before admissions came stay open for 30 days after the upgrade, once. A digest of
their list stands in the public log from the first start on. A place that is registered later is never among them, a new
node has none, and whoever changes the database renews, moves and adds nothing. From half a year after the release on no
upgrade opens anything, nor once the log shows that there was one. It opens care, and makes no evidence.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from nodes import a_number, a_patient, add_hospital, asking, clinician, let_the_database_in, reception, send, system
from salus import ledger, parties
from salus.access.glass import Category
from salus.app import Node, NodeSettings, arrive, close_batch, load_settings, notice_keys, open_node, powers
from salus.app.emergencies import Proof, break_glass, glass_off
from salus.app.grace import GRACE_CLOSES, GRACE_FILE, GRACE_LASTS, NotAdmitted, grace_leaf, note_grace, standing
from salus.app.schemas import SCHEMAS
from salus.app.showing import NotShown
from salus.cli import main
from salus.cli.nodes import admissions_told
from salus.kernel import FixedClock, Purpose, SystemClock
from salus.keys import Custodian
from salus.ledger import Leaf, Sequencer, node_leaf
from salus.parties import FacilityKind, issue_token
from salus.storage import Duty, Settings, known_migrations, open_store

NUMBER = a_number(70)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LATER = "parties/0007_grace.sql"
STANDING = import_module("salus.app.grace.standing")


@pytest.fixture(scope="module", autouse=True)
def upgraded_in_time() -> Iterator[None]:
    """On whatever day these tests run, a node that starts now is brought forward while an upgrade still opens care."""
    with pytest.MonkeyPatch.context() as today:
        closes = max(GRACE_CLOSES, SystemClock().now() + 90 * DAY)
        today.setattr(STANDING, "CLOSES", closes)
        yield


def settings_in(folder: Path) -> NodeSettings:
    let_the_database_in(folder)
    secret = folder / "passphrase"
    secret.write_text("only for these tests, and long")
    given = {"data": folder / "data", "passphrase_file": secret, "postgres": "wheel"}
    return load_settings(environment={}, given=given)


def before(settings: NodeSettings) -> None:
    """Make a production node as it was before admissions came: its database, its log with a head, two facilities."""
    settings.data.mkdir(mode=0o711)
    with open_store(Settings(data=settings.data, postgres=settings.postgres)) as store:
        store.migrate(SCHEMAS, set(known_migrations(SCHEMAS)) - {LATER})
        parties.add_organisation(store, organisation_id="Group", name_en="Group", name_zh="集团")
        for facility, kind in (("H1", FacilityKind.HOSPITAL), ("L1", FacilityKind.LABORATORY)):
            named = {"name_en": facility, "name_zh": facility, "level": 3, "county": "900101", "organisation": "Group"}
            parties.add_facility(store, facility_id=facility, kind=kind, **named)  # type: ignore[arg-type]
        assert settings.passphrase_file is not None
        custodian = Custodian.open(settings.data / "keys", settings.passphrase_file.read_bytes())
        ledger.begin(store, node_leaf("production", settings.name))
        signer, log = custodian.signer(settings.name), settings.data / "log"
        Sequencer(store, signer, log, SystemClock(), random.SystemRandom()).close_batch()
    (settings.data / "node.json").write_text(json.dumps({"kind": "production", "name": settings.name}))


@contextmanager
def upgraded(folder: Path) -> Iterator[Node]:
    """Open a node that was in use before, with a place that is registered after the upgrade."""
    settings = settings_in(folder)
    before(settings)
    with open_node(settings) as node:
        add_hospital(node, "P1")
        send(node, system(), a_patient(NUMBER))
        yield node


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with upgraded(tmp_path_factory.mktemp("upgraded")) as node:
        close_batch(node)
        yield node


@pytest.fixture
def node(opened: Node) -> Iterator[Node]:
    """The same node soon after it was upgraded, with nothing remembered of an earlier test."""
    clock = opened.clock
    wait(opened, MINUTE)
    yield opened
    opened.clock = FixedClock(clock.now() + 2 * MINUTE)


def wait(node: Node, lasts: timedelta) -> datetime:
    """Let time pass, so that nothing is remembered of the minute before."""
    node.clock = FixedClock(node.clock.now() + lasts)
    return node.clock.now()


def cares(node: Node, facility: str = "H1") -> bool:
    """Tell whether a desk opens a visit. That the glass can be broken there, and notices shown, is held to the same."""
    in_emergency = clinician(facility).for_purpose(Purpose.ETREAT)
    found = []
    for does, refused in (
        (lambda: arrive(node, clinician(facility), NUMBER), NotAdmitted),
        (lambda: glass_off(node, in_emergency), NotAdmitted),
        (lambda: notice_keys(node, facility), NotShown),
    ):
        try:
            does()
            found.append(True)
        except refused:
            found.append(False)
    assert len(set(found)) == 1
    return found[0]


def as_owner(node: Node, statement: str) -> None:
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute(statement)


def noted(node: Node) -> dict[str, object]:
    ((_, leaf),) = ledger.leaves(node.store, "grace")
    return dict(leaf.body)


def test_a_place_that_was_registered_before_stays_open_for_thirty_days_and_no_longer(node: Node) -> None:
    assert cares(node)
    assert not cares(node, "P1")
    found = node.grace
    assert found is not None
    assert found.ends - found.starts == GRACE_LASTS == timedelta(days=30)
    assert noted(node)["places"] == 1
    node.clock = FixedClock(found.ends - timedelta(seconds=1))
    assert cares(node)
    node.clock = FixedClock(found.ends)
    assert not cares(node)


def test_it_is_told_at_the_start_in_the_list_and_in_public(node: Node) -> None:
    listed = json.loads(command(node, "facility", "list", "--json"))["facilities"]
    with asking(node) as client:
        pages = {lang: client.ask("GET", f"/about/power?lang={lang}").text for lang in ("en", "zh")}
    found = node.grace
    assert found is not None
    ends = f"{found.ends:%Y-%m-%dT%H:%M:%SZ}"

    assert [line for line in admissions_told(node) if ends in line and "H1" in line and "P1" not in line]
    assert [line for line in admissions_told(node) if "closed" in line and "P1" in line]
    assert {one["id"]: one["open_until"] for one in listed} == {"H1": ends, "L1": None, "P1": None}
    assert f"open until {ends}" in command(node, "facility", "list")
    assert "H1, Group, hospital, 900101" in pages["en"]
    assert "Places that are open without an admission" in pages["en"]
    assert "未经准入而开放的机构" in pages["zh"]
    assert powers(node).graces[0].ends == found.ends


def command(node: Node, *words: str) -> str:
    environment = {"SALUS_PASSPHRASE_FILE": str(node.settings.passphrase_file)}
    told = CliRunner().invoke(main, [*words, "--data", str(node.settings.data)], env=environment)
    assert told.exit_code == 0, told.output
    return told.stdout


def test_each_refusal_after_it_says_in_both_languages_what_to_do(node: Node) -> None:
    found = node.grace
    assert found is not None
    node.clock = FixedClock(found.ends)
    who, glass = clinician(), clinician().for_purpose(Purpose.ETREAT)
    for does in (
        lambda: arrive(node, who, NUMBER),
        lambda: arrive(node, reception(), NUMBER),
        lambda: arrive(node, who, "SL1:ABC"),
        lambda: glass_off(node, glass),
        lambda: break_glass(node, glass, NUMBER, Category.UNCONSCIOUS, "found in the street", Proof()),
    ):
        with pytest.raises(NotAdmitted) as refused:
            does()
        en, zh = refused.value.text.split(" / ")
        assert all(words in en for words in ("30 days after the upgrade ended", "salus facility admission", "72 hours"))
        assert all(words in zh for words in ("升级后的30天", "salus facility admission", "72小时"))


def test_reads_and_searches_over_fhir_are_told_why_as_well(node: Node) -> None:
    found = node.grace
    assert found is not None
    before = fhir_refusals(node)
    node.clock = FixedClock(found.ends + 2 * DAY)

    for was, told in zip(before, fhir_refusals(node), strict=True):
        assert told.startswith(was)
        en, zh = told.removeprefix(was).split(" / ")
        assert all(words in en for words in ("30 days after the upgrade ended", "salus facility admission", "72 hours"))
        assert all(words in zh for words in ("升级后的30天", "salus facility admission", "72小时"))


def fhir_refusals(node: Node) -> list[str]:
    """What a hospital's clinician is told who reads, and searches, what no care relation opens."""
    found = []
    with asking(node) as client:
        token = issue_token(node.issuer, clinician(), node.clock.now())
        for path in (f"/fhir/Patient/{uuid4()}", f"/fhir/Observation?patient={uuid4()}"):
            answer = client.ask("GET", path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code in (403, 404), answer.text
            found.append(str(answer.json()["issue"][0]["diagnostics"]))
    return found


def test_it_counts_for_a_day_while_the_log_waits_and_no_later_start_renews_it(tmp_path: Path) -> None:
    with upgraded(tmp_path) as node:
        settings, first = node.settings, node.grace
        assert cares(node)
        wait(node, DAY + MINUTE)
        assert not cares(node)
        close_batch(node)
        wait(node, MINUTE)
        assert cares(node)
    with open_node(settings) as again:
        close_batch(again)

        assert again.grace == first
        assert noted(again)["places"] == 1


def test_whoever_owns_the_database_adds_no_place_and_moves_none(node: Node) -> None:
    as_owner(node, "insert into parties.grace values ('P1', 'Group', 'hospital', '900101')")
    wait(node, MINUTE)
    assert not cares(node, "P1")
    assert not cares(node, "H1")
    as_owner(node, "delete from parties.grace where facility = 'P1'")
    wait(node, MINUTE)
    assert cares(node, "H1")
    as_owner(node, "update parties.grace set facility = 'P1'")
    wait(node, MINUTE)
    assert not cares(node, "P1")
    as_owner(node, "update parties.grace set facility = 'H1'")


def test_whoever_owns_the_database_makes_no_other_place_of_one_that_is_open(node: Node) -> None:
    as_owner(node, "insert into parties.organisation values ('Police', 'Police', '警察')")
    as_owner(node, "update parties.facility set organisation = 'Police' where id = 'H1'")
    with open_node(node.settings) as again:
        assert not cares(again)
    as_owner(node, "update parties.facility set organisation = 'Group' where id = 'H1'")


def test_whoever_owns_the_database_renews_nothing(tmp_path: Path) -> None:
    with upgraded(tmp_path) as node:
        close_batch(node)
        told, ((first, _),) = noted(node), ledger.leaves(node.store, "grace")
        with node.store.transaction(Duty.LEDGER) as tx:
            ledger.append(
                tx, Leaf(kind="grace", body=told | {"starts": "2031-03-01T08:00:00Z", "ends": "2031-03-31T08:00:00Z"})
            )
        close_batch(node)
        wait(node, MINUTE)
        assert cares(node)
        as_owner(node, f"delete from ledger.leaf where leaf_index = {first}")
        wait(node, MINUTE)
        assert not cares(node)
        with open_node(node.settings) as again:
            assert again.grace is None
            assert len(ledger.leaves(again.store, "grace")) == 1


def test_a_new_node_has_none_whatever_is_put_into_its_database(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with open_node(settings, "production") as node:
        parties.add_organisation(node.store, organisation_id="Group", name_en="Group", name_zh="集团")
        add_hospital(node, "P1")
        close_batch(node)
        as_owner(node, "insert into parties.grace values ('P1', 'Group', 'hospital', '900101')")

        assert noted(node)["places"] == 0
        assert not cares(node, "P1")
        assert not node.open_by_grace()


@contextmanager
def never_told(folder: Path) -> Iterator[Node]:
    """Lend an upgraded node whose owner took the leaf away before it had its place, and added a place to the list."""
    with upgraded(folder) as node:
        as_owner(node, "delete from ledger.pending")
        (node.settings.data / GRACE_FILE).unlink()
        as_owner(node, "insert into parties.grace values ('P1', 'Group', 'hospital', '900101')")
        yield node


def first_start(node: Node, at: datetime) -> int:
    """Start as if for the first time at an instant; return how many places stay open by it."""
    noted = note_grace(node.store, node.settings.data, at)
    assert noted is not None
    return stand(node, noted, at)


def stand(node: Node, noted: bytes, at: datetime) -> int:
    """Put a leaf into the folder; return how many places stay open by it."""
    (node.settings.data / GRACE_FILE).write_bytes(noted)
    found = standing(node.store, node.settings.data, at)
    return len(found.places) if found else 0


@contextmanager
def closing(at: datetime) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as today:
        today.setattr(STANDING, "CLOSES", at)
        yield


def test_whoever_owns_database_and_folder_puts_it_off_for_half_a_year_at_most(tmp_path: Path) -> None:
    with never_told(tmp_path) as node, closing(GRACE_CLOSES):
        assert first_start(node, GRACE_CLOSES) == 0


def test_an_entry_that_begins_later_than_that_lets_no_place_stay_open(tmp_path: Path) -> None:
    with never_told(tmp_path) as node:
        with closing(GRACE_CLOSES + 9 * DAY):
            assert first_start(node, GRACE_CLOSES) == 2
        noted = (node.settings.data / GRACE_FILE).read_bytes()
        with closing(GRACE_CLOSES):
            assert stand(node, noted, GRACE_CLOSES) == 0


def test_they_cannot_put_it_off_beyond_the_first_entry_that_shows_the_upgrade(tmp_path: Path) -> None:
    told = {"custodian": "H1", "day": "2026-12-01", "entries": 1, "unwraps": 1, "declared": 1}
    with never_told(tmp_path) as node:
        places = parties.graced(node.store)
        at = node.clock.now()
        with node.store.transaction(Duty.LEDGER) as tx:
            ledger.append(tx, Leaf(kind="unwraps", body=told))
        close_batch(node)
        assert first_start(node, at) == 0

        as_owner(node, "delete from ledger.pending")
        forged = grace_leaf(places, at)
        with node.store.transaction(Duty.LEDGER) as tx:
            ledger.append(tx, forged)
        close_batch(node)
        assert stand(node, forged.encoded, at) == 0


def test_what_came_in_the_same_batch_closes_nothing(tmp_path: Path) -> None:
    told = {"custodian": "H1", "day": "2026-12-01", "entries": 1, "unwraps": 1, "declared": 1}
    with upgraded(tmp_path) as node:
        with node.store.transaction(Duty.LEDGER) as tx:
            for number in range(1, 20):
                ledger.append(tx, Leaf(kind="unwraps", body=told | {"entries": number}))
        close_batch(node)
        wait(node, MINUTE)

        assert cares(node)


def test_it_makes_no_evidence(node: Node) -> None:
    assert cares(node)
    assert not node.admitted(node.facility("H1"))
    assert not node.admitted(node.facility("L1"))
    assert node.graced_until(node.facility("L1")) is None
