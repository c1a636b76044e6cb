"""The pages in a real Chromium: accessible, narrow, light, under the strict policy; on paper; with scripts off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import webauthn
from all_samples import SAMPLES
from playwright.sync_api import Browser, Page, Request
from web_samples import CODE, RESIDENT, SLIP, frame
from web_samples_certificates import TEXT
from web_server import HTML, JSON, STATIC, PageServer, serve
from webauthn.helpers.structs import ResidentKeyRequirement, UserVerificationRequirement

from journeys.browser import accessibility, chromium
from salus.web import qr, views
from salus.web.render import page as write
from salus.web.views import Address, Language, accounts
from support import REPOSITORY

pytestmark = pytest.mark.browser

WIDTHS = (320, 1280)
# States that differ from another sample in words alone are read by axe once.
# They fetch a worker and more; tests/journeys/test_certificate_at_a_door.py, test_code_on_a_phone.py and
# test_certificate_on_a_phone.py have them.
NEED_A_NODE = {"verify", "my code on this phone", "certificates on this phone"}
SAME_BUT_FOR_WORDS = {
    *(f"failure {kind}" for kind in views.FailureKind if kind not in {"sign-in", "unsafe"}),
    *(f"desk {trouble}" for trouble in views.DeskTrouble if trouble not in {"code", "purpose"}),
    *(f"sign in {trouble}" for trouble in accounts.SignInTrouble if trouble not in {"too-many", "passkey"}),
    "invitation has-sign-in",
    "set up taken",
}
LARGEST_BYTES = 60_000
MOST_REQUESTS = 5
MM_PER_CSS_PIXEL = 25.4 / 96


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    with serve() as started:
        for name, (view, person) in SAMPLES.items():
            for language in Language:
                started.pages[address(name, language)] = write(view, frame(language, person))
        yield started


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


def address(name: str, language: Language) -> str:
    return f"/{language}/{name.replace(' ', '-')}"


@pytest.mark.slow
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", sorted(set(SAMPLES) - SAME_BUT_FOR_WORDS - NEED_A_NODE))
def test_a_page_has_no_accessibility_violation_and_fits_a_narrow_screen(
    tab: Page, server: PageServer, name: str, language: Language
) -> None:
    complaints: list[str] = []
    tab.once("console", lambda message: complaints.append(message.text))
    tab.goto(server.address + address(name, language))
    for folded in tab.locator("details").all():
        folded.evaluate("one => { one.open = true }")

    found = []
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 800})
        found += accessibility(tab)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width

    assert found == []
    assert complaints == []


@pytest.mark.parametrize(
    "name", ["my code", "my record", "my closing", "who looked", "my certificates", "my certificate"]
)
def test_a_residents_page_is_light_enough_for_an_old_phone(browser: Browser, server: PageServer, name: str) -> None:
    asked: list[Request] = []
    with browser.new_context(viewport={"width": 320, "height": 640}) as context:
        tab = context.new_page()
        tab.on("requestfinished", lambda one: asked.append(one))  # noqa: PLW0108  a builtin cannot be wrapped
        tab.goto(server.address + address(name, Language.ZH), wait_until="networkidle")
        sizes = {one.url: one.sizes()["responseBodySize"] for one in asked}

    assert len(sizes) <= MOST_REQUESTS, sizes
    assert sum(sizes.values()) <= LARGEST_BYTES, sizes
    assert all(url.startswith(server.address) for url in sizes)


@pytest.mark.parametrize("language", list(Language))
def test_large_text_is_larger_and_still_fits_a_narrow_screen(
    browser: Browser, server: PageServer, language: Language
) -> None:
    for name, (view, person) in SAMPLES.items():
        server.pages[f"/large{address(name, language)}"] = write(view, frame(language, person, large_text=True))
    with browser.new_context(viewport={"width": 320, "height": 640}) as context:
        tab = context.new_page()
        tab.goto(server.address + address("summary", language))
        normal = tab.locator(".salus-entries li").first.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
        for name in ("summary", "my code", "who looked", "desk", "proof", "sign in"):
            tab.goto(f"{server.address}/large{address(name, language)}")
            assert tab.evaluate("document.documentElement.scrollWidth") <= 320, name
        tab.goto(f"{server.address}/large{address('summary', language)}")
        large = tab.locator(".salus-entries li").first.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")

    assert large >= 1.25 * normal


def test_with_scripts_off_every_way_is_a_plain_form_or_link(browser: Browser, server: PageServer) -> None:
    sent: list[dict[str, str]] = []

    def take(fields: dict[str, str]) -> tuple[str, str]:
        sent.append(fields)
        return "<p>taken</p>", HTML

    server.forms |= {Address.SIGN_IN: take, Address.DESK: take, Address.REPLACE_CODE: take}
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(server.address + address("sign in", Language.EN))
        assert not tab.get_by_role("button", name="Sign in with a passkey").is_visible()
        tab.get_by_label("Account name").fill("li.wenbo")
        tab.get_by_label("Password").fill("correct horse")
        tab.get_by_label("One-time code").fill("123456")
        tab.get_by_role("button", name="Sign in").click()
        tab.goto(server.address + address("desk", Language.EN))
        tab.get_by_label("Code or ID number").fill("SL1:ABC")
        tab.get_by_label("Why you need the record").select_option(label="To treat or care for this person")
        tab.get_by_role("button", name="Open").click()
        tab.goto(server.address + address("my code", Language.EN))
        assert not tab.get_by_role("button", name="Print a card").is_visible()
        tab.get_by_text("Replace this code").click()
        tab.get_by_role("button", name="Replace it now").click()

    assert sent == [
        {"csrf": "token", "next": "/", "account": "li.wenbo", "password": "correct horse", "code": "123456"},
        {"csrf": "token", "wanted": "SL1:ABC", "purpose": "TREAT"},
        {"csrf": "token"},
    ]


@pytest.mark.parametrize(("name", "text"), [("my code", CODE), ("slip", SLIP.link), ("my certificate", TEXT)])
@pytest.mark.parametrize("language", list(Language))
def test_a_code_and_a_slip_print_as_one_a6_card_with_modules_that_scan(
    browser: Browser, server: PageServer, name: str, text: str, language: Language
) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        tab = context.new_page()
        tab.goto(server.address + address(name, language))
        paper = tab.pdf(prefer_css_page_size=True)
        tab.emulate_media(media="print")
        box = tab.locator(".salus-qr").bounding_box()
        shown = tab.locator("header, footer, button, h1, .salus-code__side").evaluate_all(
            "all => all.filter(one => one.checkVisibility()).length"
        )

    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)
    assert [(round(float(w) * 25.4 / 72), round(float(h) * 25.4 / 72)) for w, h in sizes] == [(105, 148)]
    assert box is not None
    module_mm = box["width"] * MM_PER_CSS_PIXEL / (len(qr.modules(text)) + 2 * qr.QUIET_ZONE)
    assert module_mm >= 0.6
    assert shown == 0


def test_paper_is_black_and_white(tab: Page, server: PageServer) -> None:
    tab.goto(server.address + address("summary", Language.EN))
    tab.emulate_media(media="print")
    colours = tab.evaluate(
        """() => [...document.querySelectorAll("main, main *")].filter(one => one.checkVisibility()).flatMap(one => {
            const style = getComputedStyle(one);
            return [style.color, style.backgroundColor, style.borderTopColor];
        })"""
    )
    tab.emulate_media(media="screen")

    assert set(colours) <= {"rgb(0, 0, 0)", "rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}


def test_a_problem_with_a_form_takes_the_focus(tab: Page, server: PageServer) -> None:
    tab.goto(server.address + address("desk code", Language.EN))
    focused = tab.evaluate("document.activeElement.className")
    tab.get_by_role("link", name="This code is not in use").click()

    assert focused == "nhsuk-error-summary"
    assert tab.evaluate("document.activeElement.id") == "wanted"


def test_a_passkey_is_made_and_then_signs_in(browser: Browser, server: PageServer) -> None:
    kept: dict[str, Any] = {}
    challenge = b"0123456789abcdef0123456789abcdef"

    def offer(_: dict[str, str]) -> tuple[str, str]:
        options = webauthn.generate_registration_options(
            rp_id="localhost", rp_name="Salus", user_name="li.wenbo", challenge=challenge
        )
        options.authenticator_selection = webauthn.helpers.structs.AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED
        )
        return webauthn.options_to_json(options), JSON

    def add(fields: dict[str, str]) -> tuple[str, str]:
        kept["key"] = webauthn.verify_registration_response(
            credential=fields["credential"],
            expected_challenge=challenge,
            expected_rp_id="localhost",
            expected_origin=server.address,
        )
        return "<p>added</p>", HTML

    def ask(_: dict[str, str]) -> tuple[str, str]:
        options = webauthn.generate_authentication_options(
            rp_id="localhost", challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
        return webauthn.options_to_json(options), JSON

    def sign_in(fields: dict[str, str]) -> tuple[str, str]:
        webauthn.verify_authentication_response(
            credential=fields["credential"],
            expected_challenge=challenge,
            expected_rp_id="localhost",
            expected_origin=server.address,
            credential_public_key=kept["key"].credential_public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        return f"<p>signed in {json.loads(fields['credential'])['type']}</p>", HTML

    server.forms |= {
        Address.ADD_PASSKEY_OPTIONS: offer,
        Address.ADD_PASSKEY: add,
        Address.PASSKEY_OPTIONS: ask,
        Address.PASSKEY: sign_in,
    }
    with browser.new_context() as context:
        tab = context.new_page()
        devices = context.new_cdp_session(tab)
        devices.send("WebAuthn.enable")
        device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": device | {"isUserVerified": True}})
        tab.goto(server.address + address("account empty", Language.EN))
        tab.get_by_role("button", name="Add a passkey").click()
        tab.get_by_text("added").wait_for()
        tab.goto(server.address + address("sign in", Language.EN))
        tab.get_by_role("button", name="Sign in with a passkey").click()
        tab.get_by_text("signed in public-key").wait_for()


def test_a_passkey_that_fails_says_so_and_leaves_the_password(browser: Browser, server: PageServer) -> None:
    server.forms[Address.PASSKEY_OPTIONS] = lambda _: ("{}", JSON)
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(server.address + address("sign in", Language.EN))
        tab.get_by_role("button", name="Sign in with a passkey").click()
        tab.get_by_text("The passkey did not work").wait_for()

        assert tab.get_by_label("Password").is_visible()


def test_the_stylesheet_holds_nothing_that_is_not_ours_to_show() -> None:
    text = "".join(path.read_text() for path in STATIC.glob("salus.*"))

    assert "rutiger" not in text
    assert "assets.nhs.uk" not in text
    assert not re.search(r"url\(|@import|https?://", text)


def test_the_lock_of_the_npm_packages_names_no_host_and_every_hash() -> None:
    packages = json.loads((REPOSITORY / "package-lock.json").read_text())["packages"]

    assert all("resolved" not in one for one in packages.values())
    assert all(name == "" or one["integrity"].startswith("sha512-") for name, one in packages.items())


def test_a_resident_sees_their_own_pages_in_a_larger_type(tab: Page, server: PageServer) -> None:
    assert SAMPLES["my code"][1] == RESIDENT
    tab.goto(server.address + address("my code", Language.EN))

    assert tab.locator("main p:not([class])").first.evaluate("one => getComputedStyle(one).fontSize") == "20px"
