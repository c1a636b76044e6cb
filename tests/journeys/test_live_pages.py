"""Every page of a served node, as people of every kind meet it: read by axe-core, on a phone and on a desk."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page

from journeys import story
from journeys.browser import accessibility
from journeys.live import DESK, DOCTOR, NAMES, STAFF, Live, Visitor, scanned

pytestmark = [pytest.mark.browser, pytest.mark.slow]


Walk = Callable[[Visitor, str], Iterator[str]]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_live_page_is_accessible_on_a_phone_and_on_a_desk(demo: Live, browser: Browser, language: str) -> None:
    found = complaints_of(demo, browser, language, live_pages)

    assert len(found) >= 21
    assert {name: complaints for name, complaints in found.items() if complaints} == {}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_that_the_story_fills_is_accessible_on_a_phone_and_on_a_desk(
    told: Live, browser: Browser, language: str
) -> None:
    found = complaints_of(told, browser, language, told_pages)

    assert len(found) >= 29
    assert {name: complaints for name, complaints in found.items() if complaints} == {}


def complaints_of(node: Live, browser: Browser, language: str, walk: Walk) -> dict[str, list[str]]:
    """Walk through pages in a language, with all that is folded open; return what is wrong with each, by its name."""
    found: dict[str, list[str]] = {}
    with browser.new_context(locale="en-GB") as context:
        me = Visitor(context.new_page(), node)
        me.go(f"/?lang={language}")
        for name in walk(me, language):
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
    return found


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
    for path in ("/me/code", "/me/record", "/me/certificates", "/me/institutions", "/account", "/desk"):
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
    me.go(f"/desk/{somebody}/mixed")
    yield "mixed"
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


def told_pages(me: Visitor, language: str) -> Iterator[str]:
    """Open, after the story, the pages that it fills, role by role."""
    names, infected = story.names(language), story.infected()
    for path in ("/about/power", "/about/log", "/orders", "/verify"):
        me.go(path)
        if path == "/verify":
            me.page.locator("[data-ready=yes]").wait_for()
            me.page.locator("#venue").select_option("care-home")
        yield f"told{path.replace('/', '-')}"
    me.step_into(names[infected[0]])
    for path in ("/me/notice", "/me/contests"):
        me.go(path)
        yield f"ended{path.replace('/', '-')}"
    me.page.locator("main .salus-entries a").first.click()
    yield "receipt"
    yield from holders_pages(me, infected)
    me.step_into(names[story.said(me.node, r"\n(.+?) takes a certificate of")])
    me.go("/me/certificates")
    yield "certificates"
    me.page.locator("main a[href^='/me/certificates/']").first.click()
    yield "certificate"
    yield from pages_of_counts(me, names)
    me.step_into(names[story.MENG])
    yield "appeals"
    me.page.locator("main table a").first.click()
    yield "appeal"
    me.page.locator("main form button").last.click()
    yield "appeal-trouble"
    send_another_name(me.node, story.number_of(infected[0]))
    me.step_into(names[story.YAN])
    yield "pairs"
    me.page.locator("main table a").first.click()
    yield "pair"
    me.step_into(names[story.AUDITOR])
    yield "audit"


def send_another_name(node: Live, number: str) -> None:
    """Let a hospital send a person under the number of a resident who is called otherwise."""
    told = node.command("token", "--role", "hospital-system", "--facility", "H1", "--data", str(node.data))
    person = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": number}],
        "name": [{"text": "诸葛明亮"}],
    }
    bearer = {"Authorization": f"Bearer {told.stdout.strip()}"}
    answer = httpx.post(f"{node.url}/fhir/Patient", json=person, headers=bearer, timeout=300)
    assert answer.status_code == 201, answer.text


def holders_pages(me: Visitor, infected: list[str]) -> Iterator[str]:
    """Open the pages of somebody who holds a notice now."""
    me.be(story.number_of(infected[2]))
    for path in ("/me/notice", "/me/reads", "/me/record", "/me/code"):
        me.go(path)
        yield f"holder{path.replace('/', '-')}"
    me.go("/me/notice")
    me.page.locator("main a[href^='/me/contests/new']").click()
    yield "contest"


def pages_of_counts(me: Visitor, names: dict[str, str]) -> Iterator[str]:
    """Open the signals, the situation, and all that followed from one; and hand another signal over on the way."""
    me.step_into(names[story.FANG])
    yield "signals"
    pages = [one.get_attribute("href") or "" for one in me.page.locator(".salus-signals__name a").all()]
    for number, path in enumerate(pages):
        me.go(path)
        yield f"signal-{number}"
    me.go("/signals")
    me.page.locator(".salus-signals__name a", has_text=re.compile("Cholera|霍乱")).click()
    me.page.locator("#verdict").select_option("confirmed")
    me.page.locator("main form button").first.click()
    yield "signal-trouble"
    me.page.locator("#verdict").select_option("confirmed")
    me.page.locator("#reason").fill("The laboratory confirms it.")
    me.page.locator("main form button").first.click()
    me.page.locator("main form button").last.click()
    me.step_into(names[story.WEI])
    yield "situation"
    me.page.locator("main a[href^='/incidents?alert']").first.click()
    yield "open-incident"
    me.go("/situation")
    me.page.locator("main a[href^='/incidents/']").first.click()
    yield "incident"
    address = me.page.url.removeprefix(me.node.url)
    for path in ("orders", "reports/1"):
        me.go(f"{address}/{path}")
        yield f"incident-{path.replace('/', '-')}"
    me.go(address)
    me.page.locator("main a[href^='/orders/']:not([href$=file])").first.click()
    yield "order"
