"""Every page of a served node, as people of every kind meet it: read by axe-core, on a phone and on a desk."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from journeys.browser import accessibility
from journeys.live import DESK, DOCTOR, NAMES, STAFF, Live, Visitor, scanned

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_live_page_is_accessible_on_a_phone_and_on_a_desk(demo: Live, browser: Browser, language: str) -> None:
    found: dict[str, list[str]] = {}
    with browser.new_context(locale="en-GB") as context:
        me = Visitor(context.new_page(), demo)
        me.go(f"/?lang={language}")
        for name in live_pages(me, language):
            assert name not in found
            found[name] = []
            for folded in me.page.locator("details").all():
                folded.evaluate("one => { one.open = true }")
            for width in (320, 1280):
                me.page.set_viewport_size({"width": width, "height": 800})
                found[name] += accessibility(me.page)
                wide = me.page.evaluate("document.documentElement.scrollWidth")
                found[name] += [f"{wide} px wide at {width}"] if wide > width else []
            photograph(me.page, f"{language}-{name}")

    assert len(found) >= 19
    assert {name: complaints for name, complaints in found.items() if complaints} == {}


def photograph(page: Page, name: str) -> None:
    """Keep pictures of the page where SALUS_PICTURES names a folder; for looking at, not for comparing."""
    folder = os.environ.get("SALUS_PICTURES")
    for width in (320, 1280) if folder else ():
        page.set_viewport_size({"width": width, "height": 800})
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def live_pages(me: Visitor, language: str) -> Iterator[str]:
    """Open every page of the node in turn, by name, in the language that the browser keeps."""
    name = "Ma Ninghao" if language == "en" else "Zhou Junheng"
    names = {one: one if language == "en" else chinese for one, chinese in (NAMES | STAFF).items()}
    for path in (
        "/",
        "/sign-in",
        "/demo",
        "/about/log",
        "/verify",
        "/nowhere",
        "/invitation",
        "/invitation?key=unknown",
    ):
        me.go(path)
        yield f"{path.strip('/?=').replace('/', '-').replace('?', '-') or 'home'}"
    me.page.locator("main button").last.click()
    yield "invitation-refused"
    somebody = me.resident(names[name])
    me.step_into(names[name])
    for path in ("/me/code", "/me/record", "/me/certificates", "/account", "/desk"):
        me.go(path)
        yield f"resident{path.replace('/', '-')}"
    code = me.code()
    me.step_into(names[DOCTOR])  # receives the resident first: a slip takes two
    me.present(code)
    me.step_into(names[DESK])
    me.present("900000200001010000")
    yield "desk-trouble"
    me.present(code)
    yield "arrived"
    me.page.locator("main details button").click()
    yield "slip"
    link = scanned(me.page.locator(".salus-qr"))
    me.step_into(names[DOCTOR])
    me.go("/desk")
    yield "desk"
    me.go(f"/desk/{somebody}")
    yield "summary"
    me.step_into(names[name])
    me.go("/me/reads")
    yield "who-looked"
    while not me.page.locator(".salus-proof").count():
        me.page.wait_for_timeout(500)
        me.page.reload()
    me.page.locator(".salus-proof").first.click()
    yield "proof"
    me.page.goto(link)
    me.page.locator("main button").click()
    yield "set-up"
