"""A resident opens what is closed, closes it again, and is told of what a desk closed: a real node, a real Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from journeys.live import DESK, DOCTOR, NUMBERS, Live, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "Xiao Weigang"
NUMBER = NUMBERS[NAME]
SENSITIVE, PLAIN = "HIV disease, told elsewhere", "Asthma, told elsewhere"
ICD10 = "http://hl7.org/fhir/sid/icd-10"


def sent_elsewhere(demo: Live, page: Page) -> None:
    """Let another hospital than the doctor's send a record of the resident's: one entry that is sensitive, one not."""
    told = demo.command("token", "--role", "hospital-system", "--facility", "H2", "--data", str(demo.data))
    assert told.returncode == 0, told.stderr
    person = {"resourceType": "Patient", "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": NUMBER}]}
    entries = [
        _entry(person, "urn:uuid:p"),
        *(_entry(_condition(*one)) for one in (("B20", SENSITIVE), ("J45", PLAIN))),
    ]
    answer = page.request.post(
        f"{demo.url}/fhir",
        headers={"Authorization": f"Bearer {told.stdout.strip()}", "Content-Type": "application/fhir+json"},
        data={"resourceType": "Bundle", "type": "transaction", "entry": entries},
    )
    assert answer.status == 200, answer.text()


def _entry(resource: dict[str, Any], url: str | None = None) -> dict[str, Any]:
    return {
        **({"fullUrl": url} if url else {}),
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"]},
    }


def _condition(code: str, text: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "clinicalStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
        },
        "code": {"coding": [{"system": ICD10, "code": code}], "text": text},
        "subject": {"reference": "urn:uuid:p"},
    }


def read(me: Visitor) -> str:
    """Return what the doctor of another hospital is shown of the resident, who is there."""
    me.step_into(DOCTOR)
    me.present(NUMBER)
    return me.page.locator("main").inner_text()


def test_what_a_resident_opens_is_read_at_once_and_what_they_close_is_not(demo: Live, plain: BrowserContext) -> None:
    me = Visitor(plain.new_page(), demo)
    sent_elsewhere(demo, me.page)
    shown = read(me)
    assert PLAIN in shown
    assert SENSITIVE not in shown

    me.be(NUMBER)
    me.go("/me/closing")
    assert me.heading() == "What is closed in my record"
    assert me.page.get_by_text("Only the place that wrote it reads it.").count() == 3
    assert SENSITIVE not in me.page.content()
    me.page.get_by_role("link", name="Open something").click()
    by_keyboard(me.page)
    assert me.page.get_by_role("status").inner_text() == "Done. It holds from now on."
    assert SENSITIVE in read(me)

    me.be(NUMBER)
    me.go("/me/closing")
    me.page.get_by_role("button", name="Close it again").click()
    assert SENSITIVE not in read(me)
    a_desk_closes_and_the_resident_is_told(me)
    the_pages_fit_a_narrow_screen(me)


def by_keyboard(page: Page) -> None:
    """Fill the form in with the keyboard alone: Tab from field to field, Space to choose, Enter to send."""
    page.locator("#about-hiv").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator("#whom-everybody").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "lasts"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def a_desk_closes_and_the_resident_is_told(me: Visitor) -> None:
    me.step_into(DESK)
    me.present(NUMBER)
    me.page.get_by_role("link", name="Close something for who is here").click()
    me.page.get_by_label("HIV", exact=True).check()
    me.page.get_by_label("Number of the signed paper").fill("2026-0417")
    me.page.get_by_role("button", name="Close it now").click()
    assert "The resident sees that you wrote it down." in me.page.get_by_role("status").inner_text()

    me.be(NUMBER)
    me.go("/me/code")
    me.page.get_by_role("link", name="See what, and take it back").click()
    assert "on the paper 2026-0417" in me.page.locator("main").inner_text()
    assert DESK in me.page.locator("main").inner_text()
    me.page.get_by_role("button", name="Take it back").click()
    assert me.page.get_by_role("status").inner_text() == "Done. It is taken back from now on."


def the_pages_fit_a_narrow_screen(me: Visitor) -> None:
    me.page.set_viewport_size({"width": 320, "height": 640})
    for language, heading in (("en", "What is closed in my record"), ("zh", "我的档案中不公开的内容")):
        me.go(f"/me/closing?lang={language}")
        assert me.heading() == heading
        assert me.page.evaluate("document.documentElement.scrollWidth") <= 320
