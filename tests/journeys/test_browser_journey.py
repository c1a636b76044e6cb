"""The house as people use it: real processes, a real database, a real Chromium, with scripts and without."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from journeys.live import DESK, DOCTOR, NAMES, NUMBERS, Live, Visitor, scanned

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "four plain words together"
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９x")
TREATED = "To treat or care for this person"

FORMS = (
    "/sign-in",
    "/sign-in/passkey/options",
    "/sign-in/passkey",
    "/sign-out",
    "/invitation",
    "/account/set-up",
    "/account/passkey/options",
    "/account/passkey",
    "/demo",
    "/me/code/replace",
)
OPENS = {
    "Zhou Junheng": ("/me/code", "/me/record", "/me/reads", "/account"),
    DOCTOR: ("/desk", "/account"),
    DESK: ("/desk", "/account"),
    "Public auditor": ("/account",),
}
SOMEBODY = "/desk/00000000-0000-4000-8000-000000000000"
KEPT = ("/me/code", "/me/record", "/me/reads", "/me/reads/1-0", "/me/reads/1-0/file", "/desk", SOMEBODY, "/account")


@pytest.fixture(params=[True, False], ids=["scripts on", "scripts off"])
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    with browser.new_context(java_script_enabled=request.param, locale="en-GB", accept_downloads=True) as opened:
        yield opened


@pytest.fixture
def scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.node.callspec.params["context"])


def looks(page: Page) -> list[tuple[str, str]]:
    """Return who looked at what, newest first, systems left out."""
    rows = page.locator("section:not([aria-labelledby=systems]) > .salus-looks > .salus-look").all()
    return [(row.locator("strong").inner_text(), row.locator(".salus-look__what").inner_text()) for row in rows]


# --- the journey


def test_a_resident_is_received_read_and_sees_exactly_who_read(
    demo: Live, context: BrowserContext, scripts: bool, tmp_path: Path
) -> None:
    by_code, by_number = ("Zhang Yang", "Yuan Yanrong") if scripts else ("Xu Xuanbo", "Xu Bo")
    me = Visitor(context.new_page(), demo)
    address = f"/desk/{me.resident(by_code)}"

    me.step_into(by_code)
    code = me.code()
    assert scanned(me.page.locator(".salus-qr")) == code
    assert code.startswith("SL1:")

    me.step_into(DOCTOR)
    refused = me.go(address)
    assert refused.status == 403
    assert me.heading() == "You may not open this"
    assert NAMES[by_code] not in me.page.content()

    me.step_into(DESK)
    me.present(code)
    assert me.heading() == "The record is open"
    assert NAMES[by_code] in me.page.locator("main").inner_text()
    assert me.go(address).status == 403

    me.step_into(DOCTOR)
    me.present(NUMBERS[by_number].translate(FULL_WIDTH))
    assert NAMES[by_number] in me.heading()
    me.present(code.lower())
    assert NAMES[by_code] in me.heading()
    for section in ("Allergies", "Medicines", "Problems", "Last results"):
        assert me.page.get_by_role("heading", name=section, exact=True).is_visible()
    assert "To treat or care for this person" in me.page.locator(".salus-patient__ground").inner_text()
    me.page.get_by_role("button", name="Sign out").click()
    assert me.page.get_by_role("status").inner_text() == "You have signed out."
    assert me.go(address).url.endswith(f"/sign-in?next={address.replace('/', '%2F')}")

    me.step_into(by_code)
    me.go("/me/record")
    assert me.heading() == "My record"
    me.go("/me/reads")
    seen = [
        look for look in looks(me.page) if look[1] != "Your notice, if there is one"
    ]  # those the demo's story opened
    # Newest first: the doctor's desk named who is here three times before the code was shown and the summary read.
    assert [who for who, _ in seen] == ["You", "You", *[DOCTOR] * 5, DESK, "You", "You"]
    assert [place for place, (_, what) in enumerate(seen) if "Summary of your record" in what] == [0, 2]
    assert all(TREATED in what for who, what in seen if who != "You")
    assert "2 people looked at your record" in me.page.locator(".salus-lead").inner_text()

    check_the_proof(me, tmp_path)
    replace_the_code(me, by_code, code)


def check_the_proof(me: Visitor, folder: Path) -> None:
    """Wait until the public log covers the clinician's reading of the summary; check its proof by command."""
    summary = me.page.locator(".salus-look", has_text=DOCTOR).filter(has_text="Summary of your record").first
    for _ in range(600):
        if summary.get_by_role("link", name="Proof").count():
            break
        me.page.wait_for_timeout(500)
        me.page.reload()
    summary.get_by_role("link", name="Proof").click()
    assert me.heading() == "Proof of a read"
    assert DOCTOR in me.page.locator(".salus-facts").first.inner_text()
    command = me.page.locator(".salus-command", has_text="salus ledger prove").inner_text()
    with me.page.expect_download() as waiting:
        me.page.get_by_role("link", name="Save the proof").click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    key = re.search(r"--vkey '([^']+)'", command)
    assert key is not None
    assert file.name in command

    checked = me.node.command("ledger", "prove", str(file), "--vkey", key[1])
    assert checked.returncode == 0, checked.stderr
    assert '"what": "summary"' in checked.stdout
    me.go("/about/log")
    assert key[1] in me.page.locator(".salus-facts").first.inner_text()
    told = json.loads(file.read_text())
    file.write_text(json.dumps(told | {"entry": told["entry"].replace('"summary"', '"nothing"')}))
    assert me.node.command("ledger", "prove", str(file), "--vkey", key[1]).returncode != 0


def replace_the_code(me: Visitor, name: str, old: str) -> None:
    """Replace the code; the desk takes the new one only."""
    me.go("/me/code")
    me.page.get_by_text("Replace this code").click()
    me.page.get_by_role("button", name="Replace it now").click()
    assert me.page.get_by_role("status").inner_text().startswith("You have a new code.")
    new = me.code()
    assert new != old

    me.step_into(DESK)
    me.present(old)
    assert "This code is not in use" in me.page.locator(".nhsuk-error-summary").inner_text()
    me.present(new)
    assert me.heading() == "The record is open"
    assert NAMES[name] in me.page.locator("main").inner_text()


def test_the_three_commands_on_the_page_of_the_log_do_what_it_says(
    demo: Live, plain: BrowserContext, tmp_path: Path
) -> None:
    me = Visitor(plain.new_page(), demo)
    me.go("/about/log")
    fetch, verify, compare = [one.inner_text() for one in me.page.locator("h3 + .salus-command").all()]
    me.step_into(DOCTOR)
    me.present(NUMBERS["Xiao Weigang"])

    assert fetch == f"curl -O {demo.url}/log/checkpoint"
    (tmp_path / "checkpoint").write_bytes(plain.request.get(fetch.split()[-1]).body())
    for command in (verify, compare):
        program, *arguments = shlex.split(command)
        checked = demo.command(*[str(tmp_path / one) if one == "checkpoint" else one for one in arguments])
        assert (program, checked.returncode) == ("salus", 0), checked.stdout + checked.stderr
        assert "consistent with its signed checkpoint (given key)" in checked.stdout


# --- refusals


def test_an_error_page_says_what_happened_in_both_languages(demo: Live, context: BrowserContext) -> None:
    me = Visitor(context.new_page(), demo)
    english, chinese = me.go("/nowhere?lang=en"), ""
    assert (english.status, me.heading()) == (404, "There is no such page")
    me.go("/nowhere?lang=zh")
    chinese = me.heading()

    assert chinese == "没有这个页面"
    assert me.page.locator("html").get_attribute("lang") == "zh-Hans"
    me.step_into(NAMES["Xiao Weigang"])
    me.go("/me/reads/1-1")  # somebody else's entry
    assert me.heading() == "没有这个页面"
    assert me.go("/desk").status == 403
    assert me.heading() == "您无权打开这一页"


@pytest.mark.parametrize("token", ["", "none", "foreign"])
def test_a_form_without_this_sessions_token_changes_nothing(
    demo: Live, plain: BrowserContext, browser: Browser, token: str
) -> None:
    me = Visitor(plain.new_page(), demo)
    me.step_into("Tan Xiao")
    before = me.code()
    given = {"csrf": token} if token else {}
    if token == "foreign":
        with browser.new_context() as elsewhere:
            other = Visitor(elsewhere.new_page(), demo)
            other.step_into("Tan Xiao")
            given["csrf"] = other.token()
            assert given["csrf"] != me.token()
    answers = [plain.request.post(demo.url + path, form=given) for path in FORMS]

    assert [answer.status for answer in answers] == [403] * len(FORMS)
    assert all("The form was open for too long" in answer.text() for answer in answers)
    assert me.code() == before
    assert me.heading() == "My code"


def test_the_desk_opens_nothing_without_the_form_token(demo: Live, plain: BrowserContext) -> None:
    me = Visitor(plain.new_page(), demo)
    me.step_into("Desk of H2")
    form = {"wanted": NUMBERS["Yang Li"], "purpose": "TREAT"}
    answers = [plain.request.post(f"{demo.url}/desk", form=form | more) for more in ({}, {"csrf": "0" * 32})]
    me.go("/desk")

    assert [answer.status for answer in answers] == [403, 403]
    assert NAMES["Yang Li"] not in me.page.content()


@pytest.mark.parametrize("name", OPENS)
def test_a_role_opens_its_own_pages_and_no_other(demo: Live, plain: BrowserContext, name: str) -> None:
    me = Visitor(plain.new_page(), demo)
    me.step_into(name)
    answers = {path: plain.request.get(demo.url + path).status for path in KEPT}
    token = me.token()
    forms = {"/desk": {"wanted": "x", "purpose": "TREAT"}, f"{SOMEBODY}/slip": {}, "/me/code/replace": {}}
    posted = {
        path: plain.request.post(demo.url + path, form={"csrf": token, **form}).status
        for path, form in forms.items()
        if path not in OPENS[name] and not (name in NAMES and path.startswith("/me"))
    }

    assert {path for path, status in answers.items() if status == 200} == set(OPENS[name])
    others = {status for path, status in answers.items() if path not in OPENS[name]}
    assert others <= ({403, 404} if name in NAMES else {403})
    assert set(posted.values()) == {403}


def test_who_is_not_signed_in_is_asked_to(demo: Live, plain: BrowserContext) -> None:
    me = Visitor(plain.new_page(), demo)
    for path in KEPT:
        me.go(path)
        assert me.heading() == "Sign in"

    assert me.page.locator("input[name=next]").last.get_attribute("value") == "/account"


def test_a_production_node_has_no_page_to_step_into_a_role(production: Live, plain: BrowserContext) -> None:
    me = Visitor(plain.new_page(), production)
    answer = me.go("/demo")
    me.go("/sign-in")
    posted = plain.request.post(f"{production.url}/demo", form={"csrf": me.token(), "key": "staff:1"})

    assert (answer.status, posted.status) == (404, 404)
    assert "emonstration" not in me.page.content()


# --- accounts


def invited(node: Live, role: str, name: str) -> str:
    """Invite a member of staff; return the address that the command prints."""
    who = ("--role", role, "--facility", "H1", "--name", name, "--name-zh", "新同事")
    done = node.command("facility", "invite", *who, "--data", str(node.data))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_invited_clinician_signs_in_by_passkey(production: Live, browser: Browser) -> None:
    address = invited(production, "clinician", "Dr New")
    with browser.new_context(locale="en-GB") as context:
        me = Visitor(context.new_page(), production)
        devices = context.new_cdp_session(me.page)
        devices.send("WebAuthn.enable")
        device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": device | {"isUserVerified": True}})
        me.page.goto(address)
        me.page.get_by_role("button", name="Go on").click()
        me.page.get_by_role("button", name="Add a passkey on this device").click()
        me.page.get_by_text("The passkey is added.").wait_for()
        assert me.heading() == "Sign in"
        me.go("/sign-in?next=/account")
        me.page.get_by_role("button", name="Sign in with a passkey").click()
        me.page.get_by_role("heading", name="Passkeys").wait_for()

        assert "Dr New" in me.page.locator(".salus-who__name").inner_text()
        assert "last used" in me.page.locator(".salus-entries").inner_text()
        assert me.go("/desk").status == 200
        me.go("/account")
        me.page.get_by_role("button", name="Add a passkey").click()
        me.page.get_by_text("This device did not make a passkey. Nothing was changed.").wait_for()
        kept = {cookie["name"]: cookie for cookie in context.cookies()}
        assert all(cookie["httpOnly"] and cookie["sameSite"] == "Strict" for cookie in kept.values())


def test_an_invitation_leads_to_a_password_and_an_authenticator_with_scripts_off(
    production: Live, browser: Browser, plain: BrowserContext
) -> None:
    address = invited(production, "reception", "New Desk")
    with browser.new_context() as scanner:
        assert [scanner.request.get(address).status for _ in range(3)] == [200] * 3
    me = Visitor(plain.new_page(), production)
    me.page.goto(address)
    assert me.page.url == f"{production.url}/invitation"
    assert address.partition("key=")[2] not in me.page.content()
    me.page.get_by_role("button", name="Go on").click()
    assert me.heading() == "Set up your sign-in"
    for kept in ("/desk", "/account"):
        me.go(kept)
        assert me.page.url == f"{production.url}/account/set-up"

    totp = set_up(me, "new.desk")
    assert me.page.get_by_role("status").inner_text().startswith("Your sign-in is set up.")
    assert me.go("/desk").status == 200
    me.page.get_by_role("button", name="Sign out").click()
    sign_in(me, "new.desk", "not the password", totp)
    assert "That did not match" in me.page.locator(".nhsuk-error-summary").inner_text()
    sign_in(me, "new.desk", PASSWORD, totp)
    assert me.heading() == "Who is here?"

    with browser.new_context(java_script_enabled=False, locale="en-GB") as late:
        other = Visitor(late.new_page(), production)
        other.page.goto(address)
        other.page.get_by_role("button", name="Go on").click()
        assert "This invitation does not work" in other.page.locator(".nhsuk-error-summary").inner_text()
        assert other.go("/desk").url.endswith("/sign-in?next=%2Fdesk")


def set_up(me: Visitor, account: str) -> pyotp.TOTP:
    """Fill in the page that sets a sign-in up, at first with a code and a password that do not fit."""
    secret = (me.page.locator("main form .salus-hex").text_content() or "").replace(" ", "")
    totp = pyotp.TOTP(secret)
    assert pyotp.parse_uri(scanned(me.page.locator(".salus-secret svg"))).secret == secret
    for password, code in ((PASSWORD, "000000"), ("short", totp.now()), (PASSWORD, totp.now())):
        me.page.get_by_label("Account name").fill(account)
        me.page.get_by_label("Password").fill(password)
        me.page.get_by_label("One-time code").fill(code)
        me.page.get_by_role("button", name="Set it up").click()
    return totp


def sign_in(me: Visitor, account: str, password: str, totp: pyotp.TOTP) -> None:
    """Sign in by password and the next code: the present one may be used up."""
    me.go("/sign-in?next=/desk")
    me.page.get_by_label("Account name").fill(account)
    me.page.get_by_label("Password").fill(password)
    me.page.get_by_label("One-time code").fill(totp.at(int(time.time()) + 30))
    me.page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_slip_from_the_desk_opens_the_residents_own_account(
    demo: Live, browser: Browser, plain: BrowserContext
) -> None:
    name = "Zheng Zeguang"
    desk = Visitor(plain.new_page(), demo)
    desk.step_into("Desk of H2")
    desk.present(NUMBERS[name])
    desk.page.get_by_text("The person has no account of their own yet?").click()
    desk.page.get_by_role("button", name="Make a slip").click()
    assert "takes two people" in desk.page.locator("main").inner_text()
    with browser.new_context(java_script_enabled=False, locale="en-GB") as ward:
        colleague = Visitor(ward.new_page(), demo)
        colleague.step_into("Dr Shen Qiao")
        colleague.present(NUMBERS[name])
    desk.present(NUMBERS[name])
    desk.page.get_by_text("The person has no account of their own yet?").click()
    desk.page.get_by_role("button", name="Make a slip").click()
    link = scanned(desk.page.locator(".salus-qr"))
    assert link.startswith(f"{demo.url}/invitation?key=")
    assert NAMES[name] not in desk.page.content()

    with browser.new_context(java_script_enabled=False, locale="en-GB") as phone:
        me = Visitor(phone.new_page(), demo)
        me.go("/invitation")
        me.page.get_by_label("Key").fill(link.partition("key=")[2])
        me.page.get_by_role("button", name="Go on").click()
        set_up(me, "zheng.zeguang")
        me.go("/me/reads")
        seen = [who for who, _ in looks(me.page)]
        assert seen[:2] == ["Desk of H2", "Desk of H2"]  # the slip, and who came
        assert set(seen) == {"Desk of H2", "Dr Shen Qiao"}
        assert NAMES[name] not in me.page.locator("header").inner_text()

    desk.present(NUMBERS[name])
    desk.page.get_by_text("The person has no account of their own yet?").click()
    desk.page.get_by_role("button", name="Make a slip").click()
    assert "can sign in already" in desk.page.locator("main").inner_text()


def test_no_slip_is_made_without_an_open_care_relation(demo: Live, plain: BrowserContext) -> None:
    me = Visitor(plain.new_page(), demo)
    somebody = me.resident("Chen Weikai")
    me.step_into(DESK)
    me.go("/desk")
    answer = plain.request.post(f"{demo.url}/desk/{somebody}/slip", form={"csrf": me.token()})

    assert answer.status == 403
    assert "invitation?key" not in answer.text()
