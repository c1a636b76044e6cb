"""A certificate bound to a phone: its code changes, works without a network, and a picture of it is soon useless."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from journeys.browser import accessibility
from journeys.conftest import open_folder
from journeys.door import Door, a_door, picture, served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = "/me/certificates/on-phone"
KEY = """async () => {
  const base = await new Promise((done) => {
    const asked = indexedDB.open("salus-certificates", 1);
    asked.onsuccess = () => done(asked.result);
  });
  const kept = await new Promise((done) => {
    const asked = base.transaction("bound").objectStore("bound").getAll();
    asked.onsuccess = () => done(asked.result);
  });
  base.close();
  const taken = (one) => crypto.subtle.exportKey("pkcs8", one.key).then(() => true, () => false);
  return { kept: kept.length, taken: (await Promise.all(kept.map(taken))).includes(true) };
}"""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with a_door(open_folder(tmp_path_factory, "bound")) as opened, served(opened):
        yield opened


@pytest.fixture
def phone(browser: Browser, door: Door) -> Iterator[Page]:
    with browser.new_context(locale="en-GB", viewport={"width": 360, "height": 740}) as opened:
        opened.clock.set_fixed_time(door.now)
        opened.add_cookies([{"name": "salus_session", "value": door.token, "url": door.url}])
        yield opened.new_page()


def ready(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("[data-ready=yes]").wait_for()


def code(page: Page) -> str:
    return page.locator("[data-part=text]").text_content() or ""


def shown(browser: Browser, door: Door, text: str, at: datetime) -> tuple[str, str]:
    """Show a code to a door whose clock says this, and return which screen it answers with, and what can be read."""
    door.trust()
    with browser.new_context(locale="en-GB") as opened:
        opened.clock.set_fixed_time(at)
        page = opened.new_page()
        ready(page, f"{door.url}/verify?lang=en")
        page.locator("#venue").select_option("care-home")
        page.locator("#picture").set_input_files({"name": "c.png", "mimeType": "image/png", "buffer": picture(text)})
        page.locator("[data-part=next]").wait_for()
        assert not accessibility(page)
        screens = page.locator("[data-screen]").evaluate_all(
            "all => all.filter(o => !o.hidden).map(o => o.dataset.screen)"
        )
        return "".join(screens), page.locator("main").inner_text()


def works_without_a_network(phone: Page, context: BrowserContext) -> str:
    phone.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    context.set_offline(True)
    phone.reload()
    phone.locator("[data-ready=yes]").wait_for()
    text = code(phone)
    context.set_offline(False)
    return text


def test_a_phone_takes_one_and_only_its_code_of_now_is_shown_at_a_door(
    door: Door, browser: Browser, phone: Page
) -> None:
    ready(phone, f"{door.url}{PAGE}?lang=en")
    assert not accessibility(phone)
    phone.get_by_role("button", name="Take it: the fact only: Vaccinated: influenza").click()
    phone.locator("[data-part=code]").wait_for()
    assert not accessibility(phone)
    at = door.now
    phone.context.clock.set_fixed_time(at)
    text = works_without_a_network(phone, phone.context)
    good = shown(browser, door, text, at)
    late = shown(browser, door, text, at + timedelta(minutes=5))
    alone = shown(browser, door, text[:-9] + ("A" if text[-9] != "A" else "B") + text[-8:], at)

    assert phone.evaluate(KEY) == {"kept": 1, "taken": False}
    assert good[0] == "good"
    assert "Vaccinated: influenza" in good[1]
    assert late[0] == "show-again"
    assert "Ask for the code that the phone shows now" in late[1]
    assert "This says nothing about the person" in late[1]
    assert "influenza" not in late[1].split("Ask for the code")[1]
    assert alone[0] == "nothing-shown"


def test_the_page_is_accessible_and_fits_a_narrow_screen_in_both_languages(door: Door, phone: Page) -> None:
    for language in ("en", "zh"):
        ready(phone, f"{door.url}{PAGE}?lang={language}")
        for width in (320, 1280):
            phone.set_viewport_size({"width": width, "height": 740})
            assert not accessibility(phone)
            assert phone.evaluate("document.documentElement.scrollWidth") <= width


def test_without_a_sign_in_it_stays_and_the_page_says_that_it_is_not_void(door: Door, phone: Page) -> None:
    ready(phone, f"{door.url}{PAGE}?lang=en")
    take = phone.get_by_role("button", name="Take it: the fact only: Vaccinated: influenza")
    take.click()
    phone.locator("[data-part=code]").wait_for()
    phone.context.clear_cookies()
    phone.get_by_text("Remove it from this phone").click()
    phone.get_by_role("button", name="Remove it now").click()
    phone.get_by_text("It is not void yet, and still on this phone.").wait_for()

    assert not accessibility(phone)
    assert phone.evaluate(KEY)["kept"] == 1
    assert phone.locator("[data-part=sign-in]").is_visible()


def test_who_was_signed_out_meanwhile_is_sent_to_sign_in(door: Door, phone: Page) -> None:
    ready(phone, f"{door.url}{PAGE}?lang=en")
    phone.context.clear_cookies()
    phone.get_by_role("button", name="Take it: the fact only: Vaccinated: influenza").click()
    phone.locator("[data-part=sign-in]").wait_for()

    assert not phone.locator("[data-part=trouble]").is_visible()
    assert not phone.locator("[data-part=refused]").is_visible()


def test_what_is_removed_from_the_phone_is_void_and_its_key_gone(door: Door, browser: Browser, phone: Page) -> None:
    ready(phone, f"{door.url}{PAGE}?lang=en")
    phone.get_by_role("button", name="Take it: the fact only: Vaccinated: influenza").click()
    phone.locator("[data-part=code]").wait_for()
    text, at = code(phone), door.now
    phone.get_by_text("Remove it from this phone").click()
    phone.get_by_role("button", name="Remove it now").click()
    phone.locator("[data-part=code]").wait_for(state="hidden")
    gone = phone.evaluate(KEY)
    ready_at = f"{door.url}/me/certificates?lang=en"
    phone.goto(ready_at)

    assert gone == {"kept": 0, "taken": False}
    assert "Void: you asked for it" in phone.inner_text("main")
    assert "On a phone" in phone.inner_text("main")
    assert shown(browser, door, text, at)[0] == "nothing-shown"
