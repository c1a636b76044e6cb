"""A region publishes acceptance rules: a door shows what they accept, and for the rest what it shows for all else.

Before they count, and after they end, the declaration alone decides. A door hears of them with the file that all fetch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, BrowserContext

from accepting import body
from journeys.conftest import open_folder
from journeys.door import HOUR, Door, a_door, picture, served
from journeys.test_certificate_at_a_door import install, show
from salus.app import close_batch
from salus.cli import main
from salus.cli.actors import acceptance_document, signatures_of
from salus.codec.certificates.model import day_number
from salus.kernel import format_instant
from salus.ledger import Leaf, add_document, append
from salus.rules import Document, PublicationRefused, TableRefused
from salus.storage import Duty

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with a_door(open_folder(tmp_path_factory, "ruled")) as opened, served(opened):
        yield opened


def about_influenza(told: dict[str, Any]) -> None:
    told["tables"]["diseases"]["codes"] = ["6142004"]
    for rule in told["rules"]:
        for example in rule["examples"]:
            for events in example["payload"].values():
                for event in events:
                    event["tg"] = {"840539006": "6142004", "6142004": "840539006"}[event["tg"]]


def vaccinated(door: Door, days_ago: int) -> str:
    return door.text(when=day_number(door.now.date()) - days_ago)


def shown(browser: Browser, door: Door, *texts: str) -> list[tuple[str, str]]:
    """Show codes to a door that has fetched the newest file, and return each screen and all that it holds."""
    with browser.new_context(locale="en-GB") as context:
        context.clock.set_fixed_time(door.now)
        return [at_door(context, door, text) for text in texts]


def at_door(context: BrowserContext, door: Door, text: str) -> tuple[str, str]:
    page = install(context, door)
    verdict, _ = show(page, picture(text))
    inside = page.locator("[data-verifier]").inner_html()
    page.close()
    return verdict, inside


def commanded(door: Door, folder: Path, *texts: str) -> list[tuple[str, str | None]]:
    """Judge the same with the command, from the same file."""
    path, at = folder / "trust.json", format_instant(door.now.replace(microsecond=0))
    path.write_bytes(door.trust())
    options = ["--trust", str(path), "--at", at, "--venue", "care-home", "--json"]
    told = CliRunner().invoke(main, ["code", "verify", *texts, *options])
    return [(one["verdict"], one["reason"]) for one in json.loads(told.stdout)["verdicts"]]


def test_rules_decide_at_a_door_while_they_live_and_no_longer(door: Door, browser: Browser, tmp_path: Path) -> None:
    starts = door.now.replace(microsecond=0) + 73 * HOUR
    rules = body(change=about_influenza)
    document = acceptance_document("influenza", starts, starts + 5 * DAY, region="900101", rules=rules)
    door.publish(document)
    before = shown(browser, door, vaccinated(door, 2))
    door.witnesses.advance(74 * HOUR)
    recent, older = vaccinated(door, 2), vaccinated(door, 20)
    forged = recent[:-9] + ("A" if recent[-9] != "A" else "B") + recent[-8:]
    during = shown(browser, door, older, recent, forged)
    told = commanded(door, tmp_path, older, recent)
    power = browser.new_page()
    power.goto(f"{door.url}/about/power")
    row = power.locator("tr", has_text="influenza-acceptance").inner_text()
    power.close()
    door.witnesses.advance(5 * DAY)
    after = shown(browser, door, vaccinated(door, 2))

    assert [one for one, _ in before] == ["good"]
    assert [one for one, _ in during] == ["good", "nothing-shown", "nothing-shown"]
    assert during[1][1] == during[2][1]
    assert told == [("valid", None), ("not-valid", "not-accepted")]
    assert [one for one, _ in after] == ["good"]
    assert "Rules for certificates" in row
    assert "until" in row
    assert all(
        f"signer-{number} ({house})" in row for number, house in enumerate(("health", "university", "court", "bar"))
    )


def test_rules_too_soon_after_others_do_not_count_once_those_have_ended(
    door: Door, browser: Browser, tmp_path: Path
) -> None:
    starts = door.now.replace(microsecond=0) + 73 * HOUR
    first, flash = (
        acceptance_document("influenza", begins, ends, region="900101", rules=body(change=change), version=version)
        for version, begins, ends, change in (
            (2, starts, starts + DAY, None),
            (3, starts + 23 * HOUR, starts + 5 * DAY, about_influenza),
        )
    )
    door.publish(first)
    with pytest.raises(PublicationRefused) as refused:
        door.publish(flash)
    slip_in(door, flash)
    door.witnesses.advance(73 * HOUR + DAY + HOUR)
    older, recent = vaccinated(door, 20), vaccinated(door, 2)
    seen = shown(browser, door, older, recent)
    told = commanded(door, tmp_path, older, recent)

    assert refused.value.fault == "MINIMUM-LIFE"
    assert [one for one, _ in seen] == ["good", "good"]
    assert told == [("valid", None), ("valid", None)]


def slip_in(door: Door, document: Document) -> None:
    """Put a document into the log that its node would refuse, as whoever runs it could."""
    with door.node.store.transaction(Duty.CARE) as tx:
        add_document(tx, document.encoded)
        append(tx, Leaf(kind="publication", body=document.leaf(signatures_of(document, door.signers))))
    close_batch(door.node)


def test_what_may_not_count_is_not_taken_into_the_log(door: Door) -> None:
    starts = door.now.replace(microsecond=0) + 73 * HOUR
    soon = acceptance_document("covid-19", starts - 2 * HOUR, starts + DAY, region="country")
    people = acceptance_document("covid-19", starts, starts + DAY, region="country", rules=body(change=listing))

    with pytest.raises(PublicationRefused) as refused:
        door.publish(soon)
    assert refused.value.fault == "NOTICE-TOO-SHORT"
    with pytest.raises(TableRefused):
        door.publish(people)


def listing(told: dict[str, Any]) -> None:
    told["tables"]["vaccines"]["codes"] = ["900101198001011234"]
