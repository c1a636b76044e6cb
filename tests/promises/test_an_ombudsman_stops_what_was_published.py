"""One ombudsman stops what was published, before it counts or within a day, and nobody brings it back

A coerced signer still signs. So any single ombudsman whose key the log had before the document ends it for good, with a
signature that gives no reason and names nobody. What was decided under it asks nothing of anybody from then on. Nor do
rules count for less than a day, by their own end or because others took their place.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from measures import DAY, HOUR
from measuring import DISEASE, Measuring, a_number, measuring
from nodes import asking, the_resident
from salus import ledger
from salus.app import MyNotices, add_party, check_node, my_notices, publish, trust_file, veto
from salus.cli import main
from salus.cli.actors import (
    Party,
    declaration_document,
    emergency_document,
    rules_document,
    sign_veto,
    signatures_of,
)
from salus.codec.certificates import read_trust
from salus.healthcode.measures import known
from salus.kernel import format_instant
from salus.ledger import Leaf, add_document, append
from salus.rules import OMBUDSMAN, Document, Measure, PublicationRefused, Result, recompute
from salus.storage import Duty
from visiting import words_of

TOLD = a_number(80)
OTHER = a_number(81)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("vetoing"), published=False) as opened:
        add_party(opened.node, WATCHMAN.key_leaf)
        opened.close()
        yield opened


WATCHMAN = Party.new("citizens-ombudsman", "parliament", OMBUDSMAN)


def published(world: Measuring, *documents: Document) -> None:
    for one in documents:
        publish(world.node, one, signatures_of(one, world.signers))
    world.close()


def rules(world: Measuring, version: int = 1, notice: timedelta = 3 * DAY + HOUR) -> Document:
    return rules_document(DISEASE, world.now + notice, world.now + notice + 90 * DAY, version)


def an_emergency(world: Measuring, version: int = 1) -> Document:
    """One that counts within minutes."""
    starts = world.now + timedelta(minutes=5)
    return emergency_document(DISEASE, starts, starts + 20 * DAY, en="An outbreak.", zh="疫情。", version=version)


def counting(world: Measuring) -> set[str]:
    return {one.published.document.digest for one in known(world.node.store, world.node.trust).publications}


def notices(world: Measuring, number: str) -> MyNotices:
    return my_notices(world.node, the_resident(world.resident(number)))


def positive(world: Measuring, number: str) -> None:
    specimen = world.specimen(number)
    world.close()
    world.result(specimen, Result.POSITIVE)
    world.settle()


def refused(world: Measuring, body: dict[str, Any]) -> str:
    with pytest.raises(PublicationRefused) as fault:
        veto(world.node, body)
    return fault.value.fault


def power(world: Measuring) -> str:
    with asking(world.node) as client:
        return words_of(client.ask("GET", "/about/power", headers={"Accept": "text/html"}))


def test_rules_that_all_signed_never_count_once_one_ombudsman_vetoed_them(world: Measuring, tmp_path: Path) -> None:
    document = rules(world)
    published(world, document)
    assert document.digest in counting(world)
    paper, key, out = tmp_path / "rules.json", tmp_path / "key.json", tmp_path / "veto.json"
    paper.write_bytes(document.encoded)
    key.write_text(json.dumps({"key": base64.b64encode(WATCHMAN.private.private_bytes_raw()).decode()}))
    given = ["publication", "veto", paper, out, "--party", WATCHMAN.name, "--key", key]
    assert CliRunner().invoke(main, [*map(str, given)]).exit_code == 0

    veto(world.node, json.loads(out.read_text()))
    world.close()
    veto(world.node, json.loads(out.read_text()))  # said twice, it is one entry
    world.close()

    assert document.digest not in counting(world)
    assert len(ledger.leaves(world.node.store, "veto")) == 1
    assert "vetoed, has no effect by citizens-ombudsman (parliament)" in power(world)
    with pytest.raises(PublicationRefused) as again:
        publish(world.node, document, signatures_of(document, world.signers))
    assert again.value.fault == "VETOED"


def test_whoever_is_no_ombudsman_or_comes_too_late_stops_nothing(world: Measuring) -> None:
    document = rules(world, 2)
    published(world, document)
    signer = world.signers[0]
    late = Party.new("late-ombudsman", "parliament", OMBUDSMAN)
    world.advance(HOUR)
    add_party(world.node, late.key_leaf)
    world.close()

    assert refused(world, sign_veto(signer, document.digest)) == "SIGNATURE"
    assert refused(world, sign_veto(Party.new(WATCHMAN.name, "x", OMBUDSMAN), document.digest)) == "SIGNATURE"
    assert refused(world, sign_veto(WATCHMAN, rules(world, 9).digest)) == "UNKNOWN"
    assert refused(world, sign_veto(late, document.digest)) == "TOO-LATE"
    world.advance(3 * DAY + 2 * HOUR)
    assert refused(world, sign_veto(WATCHMAN, document.digest)) == "TOO-LATE"
    forge(world, "veto", sign_veto(WATCHMAN, document.digest))
    assert document.digest in counting(world)


def forge(world: Measuring, kind: str, body: dict[str, Any]) -> None:
    """Put a leaf into the log past every check, as somebody could who holds the node."""
    with world.node.store.transaction(Duty.LEDGER) as tx:
        append(tx, Leaf(kind=kind, body=body))
    world.close()


def test_rules_that_start_within_a_day_of_others_are_refused_and_count_for_nothing_in_the_log(
    world: Measuring,
) -> None:
    first, flash = rules(world, 3), rules(world, 4, 3 * DAY + 2 * HOUR)
    published(world, first)
    signatures = signatures_of(flash, world.signers)
    with pytest.raises(PublicationRefused) as fault:
        publish(world.node, flash, signatures)
    with world.node.store.transaction(Duty.LEDGER) as tx:
        add_document(tx, flash.encoded)
    forge(world, "publication", flash.leaf(signatures))

    assert fault.value.fault == "MINIMUM-LIFE"
    assert first.digest in counting(world)
    assert flash.digest not in counting(world)


def test_a_measure_under_a_vetoed_emergency_is_over_and_whoever_knows_the_veto_refuses_its_file(
    world: Measuring, tmp_path: Path
) -> None:
    emergency = an_emergency(world)
    published(world, emergency)
    world.advance(HOUR)
    positive(world, TOLD)
    (notice,) = notices(world, TOLD).notices
    assert notice.found.measure is Measure.PRECAUTION

    veto(world.node, sign_veto(WATCHMAN, emergency.digest))
    world.advance(HOUR)
    positive(world, OTHER)

    assert notices(world, TOLD).notices == ()
    assert notices(world, OTHER).notices == ()
    assert [one.code for one in check_node(world.node) if one.code in ("VETOED", "PROJECTION-MISMATCH")] == []
    file, trust, policy = tmp_path / "measure.json", tmp_path / "trust.json", tmp_path / "policy"
    file.write_bytes(notice.file)
    trust.write_bytes(trust_file(world.node))
    policy.write_text(str(world.witnesses.trust))
    assert explained(world, file, trust) == (1, "VETOED")
    # What the paper says plainly: a file alone cannot show that there was no veto.
    assert explained(world, file, policy) == (0, None)
    assert recompute(notice.file, world.witnesses.trust, world.now).measure is Measure.PRECAUTION


def explained(world: Measuring, file: Path, trust: Path) -> tuple[int, str | None]:
    at = format_instant(world.now)
    told = CliRunner().invoke(main, ["code", "explain", str(file), "--trust", str(trust), "--at", at, "--json"])
    return told.exit_code, json.loads(told.stdout)["fault"]


def test_a_door_that_was_vetoed_may_ask_for_nothing(world: Measuring) -> None:
    starts = world.now + 2 * DAY
    told = {"venues": ["care-home"], "wants": ["test"], "region": "country"}
    document = declaration_document("homes", starts, starts + 9 * DAY, **told)  # type: ignore[arg-type]
    published(world, document)
    before = read_trust(trust_file(world.node))
    veto(world.node, sign_veto(WATCHMAN, document.digest))
    world.advance(HOUR)
    after = read_trust(trust_file(world.node))

    assert [len(one.declarations) for one in (before, after)] == [1, 0]
    assert document.digest in {one.digest for one in after.vetoes}
