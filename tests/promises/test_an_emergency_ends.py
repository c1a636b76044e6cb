"""An emergency ends: another majority has to renew it, and of any 365 days at most 180 are under one

What does not follow rightly on the emergency before it counts for nothing, even if it stands in the log. A measure
needs one that counts, and its holder's file brings those before it, so that anybody counts the days again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from measures import DAY, HOUR
from measuring import DISEASE, Measuring, a_number, measuring
from nodes import the_resident
from salus.app import add_party, my_notices, publish
from salus.cli import main
from salus.cli.actors import SIGNER, Party, emergency_document, rules_document, signatures_of
from salus.healthcode.measures import known
from salus.ledger import Leaf, add_document, append
from salus.rules import Document, Measure, PublicationRefused, Result, recompute
from salus.storage import Duty

BOUND = a_number(90)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("renewing"), published=False) as opened:
        opened.signers += [Party.new(f"signer-{number}", "press", SIGNER) for number in (5, 6, 7)]
        for party in opened.signers[5:]:
            add_party(opened.node, party.key_leaf)
        opened.close()
        yield opened


def an_emergency(world: Measuring, renews: Document | None = None, lasts: timedelta = 30 * DAY) -> Document:
    """One that begins in an hour, or when the one that it renews ends."""
    starts = renews.ends if renews else world.now + HOUR
    digest = renews.digest if renews else None
    return emergency_document(DISEASE, starts, starts + lasts, en="An outbreak.", zh="疫情。", renews=digest)


def counting(world: Measuring) -> set[str]:
    return {one.published.document.digest for one in known(world.node.store, world.node.trust).publications}


def test_a_renewal_by_the_same_signers_is_refused_and_counts_for_nothing_in_the_log(world: Measuring) -> None:
    first = an_emergency(world)
    publish(world.node, first, signatures_of(first, world.signers[:5]))
    world.close()
    second = an_emergency(world, first)
    signatures = signatures_of(second, world.signers[:5])
    with pytest.raises(PublicationRefused) as refused:
        publish(world.node, second, signatures)
    with world.node.store.transaction(Duty.LEDGER) as tx:  # as somebody could who holds the node
        add_document(tx, second.encoded)
        append(tx, Leaf(kind="publication", body=second.leaf(signatures)))
    world.close()

    assert refused.value.fault == "SAME-SIGNERS"
    assert first.digest in counting(world)
    assert second.digest not in counting(world)


def test_a_measure_under_a_renewal_is_proved_by_a_file_that_brings_the_emergency_before(world: Measuring) -> None:
    (first,) = known(world.node.store, world.node.trust).publications
    document = an_emergency(world, first.published.document, 29 * DAY)
    publish(world.node, document, signatures_of(document, world.signers[3:]))
    starts = document.starts
    rules = rules_document(DISEASE, starts, starts + 90 * DAY)
    publish(world.node, rules, signatures_of(rules, world.signers[:5]))
    world.close()
    world.advance(starts - world.now + HOUR)
    world.result(world.specimen(BOUND), Result.POSITIVE)
    world.advance(HOUR)
    world.settle()
    (notice,) = my_notices(world.node, the_resident(world.resident(BOUND))).notices
    trust, at = world.node.trust, world.now
    assert trust is not None
    file = json.loads(notice.file)
    without = json.dumps({**file, "rules": {name: file["rules"][name] for name in ("emergency", "keys", "rules")}})

    assert recompute(notice.file, trust, at).measure is Measure.PRECAUTION
    assert [one["document"]["name"] for one in file["rules"]["before"]] == [f"{DISEASE}-emergency"]
    found = recompute(without.encode(), trust, at)
    assert found.measure is Measure.NONE


def test_anybody_counts_emergencies_again_from_the_files_of_the_log(world: Measuring, tmp_path: Path) -> None:
    node = world.node
    keys = ["--vkey", str(node.sequencer.key)]
    keys += [part for one in (node.trust.witnesses if node.trust else ()) for part in ("--witness", str(one))]
    told = CliRunner().invoke(main, ["ledger", "emergencies", str(node.settings.data / "log"), *keys, "--json"])

    found = json.loads(told.stdout)
    assert sorted(str(one["fault"]) for one in found["emergencies"]) == ["None", "None", "SAME-SIGNERS"]
    assert found["most_days_in_a_year"] == {DISEASE: 59}
    assert told.exit_code == 1
    policy = tmp_path / "policy.txt"
    policy.write_text(str(node.trust))
    by_policy = CliRunner().invoke(
        main, ["ledger", "emergencies", str(node.settings.data / "log"), "--trust", str(policy), "--json"]
    )
    assert (by_policy.stdout, by_policy.exit_code) == (told.stdout, 1)


def test_a_year_has_180_days_under_emergency_and_no_more(world: Measuring) -> None:
    last = max((one.published.document for one in known(world.node.store, world.node.trust).publications
                if one.published.document.kind == "emergency"), key=lambda one: one.starts)  # fmt: skip
    signers = [world.signers[3:], world.signers[:5]]
    for number in range(4):
        last = an_emergency(world, last)
        publish(world.node, last, signatures_of(last, signers[(number + 1) % 2]))
        world.close()
    more = an_emergency(world, last, timedelta(days=2))
    with pytest.raises(PublicationRefused) as refused:
        publish(world.node, more, signatures_of(more, world.signers[:5]))

    assert refused.value.fault == "YEAR-FULL"


def test_an_emergency_cannot_be_declared_for_one_region_after_another(world: Measuring) -> None:
    """It would be one without an end: a measure knows no region."""
    document = an_emergency(world)
    regional = Document.of(document.as_json() | {"body": {**document.body, "region": "900101"}})

    with pytest.raises(PublicationRefused) as refused:
        publish(world.node, regional, signatures_of(regional, world.signers[:5]))
    assert refused.value.fault == "FORM"
