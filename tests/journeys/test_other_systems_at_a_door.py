"""Other systems: a door sees a recognised fact and no name; a resident takes one for abroad, and brings one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, BrowserContext, Page

from doors import b64
from foreigners import VACCINATION
from journeys.browser import accessibility
from journeys.conftest import open_folder
from journeys.door import HOUR, Door, a_door, picture, served
from journeys.recognised import recognise
from recognising import DAY, HC1, OTHER, card, given, hc1_key, shc_key
from salus import app
from salus.app import demo_token
from salus.codec.foreign import decode_shc, keys_of_jwks, verify_shc
from salus.kernel import Role

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with a_door(open_folder(tmp_path_factory, "other")) as opened, served(opened):
        recognise(opened)  # a day passes, and with it the session of before
        opened.token = f"demo.{demo_token(opened.node, Role.RESIDENT, None, str(opened.resident.resident), None)}"
        yield opened


@pytest.fixture
def context(browser: Browser, door: Door) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB") as opened:
        opened.clock.set_fixed_time(door.now)
        yield opened


@pytest.fixture
def signed_in(context: BrowserContext, door: Door) -> Page:
    context.add_cookies([{"name": "salus_session", "value": door.token, "url": door.url}])
    return context.new_page()


def hcert(door: Door, issuer: Any = HC1) -> str:
    names = {"fn": "Sun", "fnt": "SUN", "gn": "Xinxiao", "gnt": "XINXIAO"}
    body = {"ver": "1.3.0", "nam": names, "dob": "1980-01-01", "v": [VACCINATION]}
    return str(issuer.text(body, issued=door.now - DAY, expires=door.now + 30 * DAY))


def show(page: Page, text: str) -> tuple[str, str]:
    """Show a code to the door's page, and return which screen it answers with and what can be read on it."""
    page.locator("#venue").select_option("")
    page.locator("#venue").select_option("care-home")
    page.locator("#picture").set_input_files({"name": "c.png", "mimeType": "image/png", "buffer": picture(text)})
    page.locator("[data-part=next]").wait_for()
    screens = page.locator("[data-screen]").evaluate_all("all => all.filter(o => !o.hidden).map(o => o.dataset.screen)")
    return "".join(screens), page.locator("main").inner_text()


def test_a_door_sees_the_fact_and_the_issuer_of_a_recognised_code_and_no_name(
    door: Door, context: BrowserContext
) -> None:
    door.trust()
    page = context.new_page()
    page.goto(f"{door.url}/verify?lang=en")
    page.locator("[data-ready=yes]").wait_for()
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url))

    verdict, text = show(page, hcert(door))
    assert verdict == "good"
    assert "Vaccinated: COVID-19" in text
    assert "Ministry of Health of Elsewhere" in text
    assert not any(word in text for word in ("Sun", "Xinxiao", "1980", "EU/1/20/1528"))
    assert not accessibility(page)
    verdict, text = show(page, card(entry=[given(on=(door.now - 9 * DAY).date().isoformat())], starts=door.now - DAY))
    assert (verdict, "Vaccinated: influenza" in text) == ("good", True)
    answers = {show(page, one) for one in (hcert(door, OTHER), hcert(door)[:-9] + "AAAAAAAAA", "SL1:NOTHING")}
    assert {one[0] for one in answers} == {"nothing-shown"}
    assert len(answers) == 1
    assert sent == []


def test_a_resident_is_told_what_is_in_it_and_takes_one_for_another_system(door: Door, signed_in: Page) -> None:
    page = signed_in
    page.goto(f"{door.url}/me/full-certificates?lang=en")
    assert "your name and your whole birth date" in page.inner_text("main")
    assert not accessibility(page)
    page.locator("form:has(button[value=SHC]) input[type=checkbox]").first.check()
    page.locator("button[value=SHC]").first.click()
    page.get_by_text("You have a new certificate").wait_for()
    text = page.inner_text("main")
    code = page.locator("code.salus-hex").text_content() or ""
    keys = keys_of_jwks(page.request.get(f"{door.url}/cards/.well-known/jwks.json").json())

    held = verify_shc(decode_shc(code), {f"https://{door.node.name}/cards": keys}, door.now + HOUR / 60)
    assert held.holder.family == "Sun"
    assert "Void this certificate" in text
    assert not accessibility(page)
    page.goto(f"{door.url}/me/reads?lang=en")
    assert "Your certificates with name and birth date" in page.inner_text("main")


def test_a_resident_voids_one_and_a_door_that_recognises_its_key_shows_it_no_more(
    door: Door, context: BrowserContext, signed_in: Page, browser: Browser
) -> None:
    ((kid, key),) = keys_of_jwks(app.card_keys(door.node)).items()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    known = shc_key(issuer="Hospital of here", source=f"https://{door.node.name}/cards", kid=kid, key=b64(spki))
    recognise(door, version=2, keys=(hc1_key(), shc_key(), known))
    door.token = f"demo.{demo_token(door.node, Role.RESIDENT, None, str(door.resident.resident), None)}"
    context.clock.set_fixed_time(door.now)
    context.add_cookies([{"name": "salus_session", "value": door.token, "url": door.url}])
    mine = signed_in
    mine.goto(f"{door.url}/me/full-certificates?lang=en")
    mine.locator("form:has(button[value=SHC]) input[type=checkbox]").first.check()
    mine.locator("button[value=SHC]").first.click()
    mine.get_by_text("You have a new certificate").wait_for()
    code = mine.locator("code.salus-hex").text_content() or ""

    def shown() -> str:
        door.trust()
        with browser.new_context(locale="en-GB") as other:
            other.clock.set_fixed_time(door.now)
            page = other.new_page()
            page.goto(f"{door.url}/verify?lang=en")
            page.locator("[data-ready=yes]").wait_for()
            return show(page, code)[0]

    before = shown()
    mine.get_by_text("Void this certificate").click()
    mine.get_by_role("button", name="Void it now").click()
    mine.get_by_text("The certificate is void.").wait_for()

    assert "Void: you asked for it" in mine.inner_text("main")
    assert not accessibility(mine)
    assert (before, shown()) == ("good", "nothing-shown")


def test_without_the_tick_nothing_is_made(door: Door, signed_in: Page) -> None:
    page = signed_in
    page.goto(f"{door.url}/me/full-certificates?lang=en")
    page.evaluate("document.querySelectorAll('[required]').forEach(one => one.removeAttribute('required'))")
    before = page.locator("ul.salus-entries").first.inner_text()
    page.locator("button[name=form]").first.click()
    page.get_by_text("Nothing was made").wait_for()

    assert page.locator("ul.salus-entries").first.inner_text() == before


def test_a_resident_brings_facts_with_their_signer_and_takes_them_out(door: Door, signed_in: Page) -> None:
    page = signed_in
    page.goto(f"{door.url}/me/brought?lang=en")
    page.locator("#code").fill(hcert(door, OTHER))
    page.get_by_role("button", name="Keep its facts").click()
    page.get_by_text("it was signed by nobody whom a public document recognises").wait_for()
    page.locator("#code").fill(hcert(door))
    page.get_by_role("button", name="Keep its facts").click()
    page.get_by_text("The facts are kept").wait_for()
    text = page.inner_text("main")
    assert "signed by Ministry of Health of Elsewhere" in text
    assert not accessibility(page)
    page.get_by_role("button", name="Take it out").click()
    page.get_by_text("It is taken out.").wait_for()

    assert "Ministry of Health of Elsewhere" not in page.inner_text("main")


def test_an_itinerary_is_refused_and_the_page_says_why(door: Door, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{door.url}/about/interfaces?lang=en")
    answer = page.request.post(f"{door.url}/health-code/itinerary-declaration", data={"places": ["market"]})

    assert answer.status == 403
    assert answer.json()["code"] == "SALUS-W040"
    assert "market" not in answer.text()
    assert answer.json()["why"] == "/about/interfaces#itinerary"
    assert "Why an itinerary is refused" in page.inner_text("main")
    assert not accessibility(page)
