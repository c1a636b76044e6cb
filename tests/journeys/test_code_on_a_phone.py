"""A resident's phone signs the code anew every 30 seconds, without a network; a desk takes it; a lost phone stops."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from journeys.browser import accessibility
from journeys.live import DESK, NAMES, Live, Visitor, scanned

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHO = "Zhang Yang"
MOST_BYTES = 70_000
# Up to here a text tells its step alone; what follows differs with each signature.
NEXT_STEP = "old => document.querySelector('[data-part=text]').textContent.slice(0, 25) !== old.slice(0, 25)"
KEY = """async () => {
  const base = await new Promise((done) => {
    const asked = indexedDB.open("salus-code", 1);
    asked.onsuccess = () => done(asked.result);
  });
  const [kept] = await new Promise((done) => {
    const asked = base.transaction("phones").objectStore("phones").getAll();
    asked.onsuccess = () => done(asked.result);
  });
  const taken = await crypto.subtle.exportKey("pkcs8", kept.key).then(() => true, () => false);
  return { type: kept.key.type, extractable: kept.key.extractable, taken };
}"""

TOKEN = """async () => {
  const base = await new Promise((done) => {
    const asked = indexedDB.open("salus-code", 1);
    asked.onsuccess = () => done(asked.result);
  });
  const [kept] = await new Promise((done) => {
    const asked = base.transaction("phones").objectStore("phones").getAll();
    asked.onsuccess = () => done(asked.result);
  });
  base.close();
  return kept.token.join();
}"""
NEARLY_OVER = """async () => {
  const base = await new Promise((done) => {
    const asked = indexedDB.open("salus-code", 1);
    asked.onsuccess = () => done(asked.result);
  });
  await new Promise((done) => {
    const change = base.transaction("phones", "readwrite");
    const phones = change.objectStore("phones");
    const asked = phones.getAll();
    asked.onsuccess = () => phones.put({ ...asked.result[0], ends: asked.result[0].ends - 13 * 3600 * 1000 });
    change.oncomplete = done;
  });
  base.close();
}"""


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB", viewport={"width": 360, "height": 740}) as opened:
        yield opened


@pytest.fixture
def desk(browser: Browser, demo: Live) -> Iterator[Visitor]:
    with browser.new_context(locale="en-GB") as opened:
        visitor = Visitor(opened.new_page(), demo)
        visitor.step_into(DESK)
        yield visitor


def shows(page: Page, screen: str) -> None:
    page.locator(f"[data-telephone][data-shows={screen}]").wait_for()


def code(page: Page) -> str:
    return page.locator("[data-part=text]").text_content() or ""


def drawn(page: Page) -> str:
    """Photograph the code that is shown, and return it once picture and text are of one step."""
    for _ in range(3):
        before, seen = code(page), scanned(page.locator(".salus-qr"))
        if before == code(page):
            assert seen == before
            return seen
    raise AssertionError("the code changed three times within a moment")


def test_a_phone_shows_a_code_that_changes_and_a_desk_takes_it(
    demo: Live, phone: BrowserContext, desk: Visitor
) -> None:
    me = Visitor(phone.new_page(), demo)
    me.go("/me/code/phone")
    shows(me.page, "sign-in")
    me.step_into(WHO)
    me.go("/me/code")
    me.page.get_by_role("link", name="Show it on this phone").click()
    shows(me.page, "offer")
    assert not accessibility(me.page)
    me.page.get_by_role("button", name="Use this phone").click()
    shows(me.page, "code")

    first = drawn(me.page)
    assert not accessibility(me.page)
    assert me.page.evaluate(KEY) == {"type": "private", "extractable": False, "taken": False}
    desk.present(first)
    assert desk.heading() == "The record is open"
    assert NAMES[WHO] in desk.page.locator("main").inner_text()

    me.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    me.page.wait_for_function("navigator.serviceWorker.controller !== null")
    phone.set_offline(True)
    me.page.reload()
    shows(me.page, "code")
    me.page.wait_for_function(NEXT_STEP, arg=first)
    second = drawn(me.page)
    desk.present(second)
    assert desk.heading() == "The record is open"
    desk.present(first)  # older than what was taken since
    assert "This code is not in use" in desk.page.locator(".nhsuk-error-summary").inner_text()
    phone.set_offline(False)

    lost(demo, me, desk)


def test_a_phone_whose_renewal_got_no_answer_asks_again_and_shows_a_code_that_works(
    demo: Live, phone: BrowserContext, desk: Visitor
) -> None:
    """The node gave a new token away, and the one on the phone means nothing: nobody has to find that out at a desk."""
    me = Visitor(phone.new_page(), demo)
    me.step_into(WHO)
    me.go("/me/code/phone")
    me.page.get_by_role("button", name="Use this phone").click()
    shows(me.page, "code")
    old = me.page.evaluate(TOKEN)
    asked: list[int] = []

    def answer_is_lost(route: Route) -> None:
        answer = route.fetch()
        asked.append(answer.status)
        route.abort() if len(asked) == 1 else route.fulfill(response=answer)

    me.page.route("**/me/code/phone/token", answer_is_lost)
    me.page.evaluate(NEARLY_OVER)
    me.page.reload()
    shows(me.page, "code")
    for _ in range(600):
        if me.page.evaluate(TOKEN) != old:
            break
        me.page.wait_for_timeout(500)

    assert asked == [200, 200]
    assert me.page.evaluate(TOKEN) != old
    shows(me.page, "code")
    desk.present(drawn(me.page))
    assert desk.heading() == "The record is open"


def lost(demo: Live, me: Visitor, desk: Visitor) -> None:
    """Remove the phone from another device: what it shows stops at once, and it sees so when it has a network again."""
    assert me.page.context.browser
    with me.page.context.browser.new_context(locale="en-GB", java_script_enabled=False) as other:
        elsewhere = Visitor(other.new_page(), demo)
        elsewhere.step_into(WHO)
        elsewhere.go("/me/code")
        elsewhere.page.get_by_text("Phones that show your code").click()
        elsewhere.page.get_by_role("button", name="Remove").click()
        assert elsewhere.page.get_by_role("status").inner_text() == "The phone is removed. Its codes no longer work."
        paper = elsewhere.code()

    desk.present(code(me.page))
    assert "This code is not in use" in desk.page.locator(".nhsuk-error-summary").inner_text()
    desk.present(paper)
    assert desk.heading() == "The record is open"
    me.page.reload()
    shows(me.page, "offer")


def test_without_scripts_the_page_says_that_paper_works(demo: Live, plain: BrowserContext) -> None:
    me = Visitor(plain.new_page(), demo)
    me.go("/me/code/phone")

    assert "Your code on paper works without them" in me.page.locator("main").inner_text()


def test_the_page_is_light_and_holds_nothing_of_anybody(demo: Live, phone: BrowserContext) -> None:
    me = Visitor(phone.new_page(), demo)
    me.step_into(WHO)
    sizes: dict[str, int] = {}
    me.page.on("response", lambda one: sizes.update({one.url: len(one.body())}))
    me.go("/me/code/phone")
    shows(me.page, "offer")
    page = phone.request.get(f"{demo.url}/me/code/phone").text()

    print(f"/me/code/phone: {sum(sizes.values()):,} bytes")
    assert sum(sizes.values()) <= MOST_BYTES, sizes
    assert NAMES[WHO] not in page
    assert 'name="csrf"' not in page
