"""Flow 3: a resident takes a certificate; a door that may ask sees its fact, the network cut; no other door does."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, BrowserContext, Page

import doors as paper
from journeys.browser import PATIENCE_MILLISECONDS, accessibility, executable, patient
from journeys.conftest import open_folder
from journeys.door import HOUR, Door, a_door, film, picture, served
from nodes import read_back, system, update
from salus.app import my_certificates
from salus.cli import main
from salus.codec import encode_sl1, key_id, signer
from salus.healthcode.certificates import CERTIFICATE_KEY
from salus.kernel import format_instant
from salus.storage import Duty

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_BYTES = 1_200_000
SAID = {"en": ("Nothing shown", "No check is permitted here"), "zh": ("没有可显示的内容", "此处不得查验")}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with a_door(open_folder(tmp_path_factory, "door")) as opened, served(opened):
        yield opened


@pytest.fixture
def context(browser: Browser, door: Door) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB") as opened:
        opened.clock.set_fixed_time(door.now)
        yield opened


def install(context: BrowserContext, door: Door, language: str = "en") -> Page:
    """Open the verifier page once with the network, and wait until it needs none."""
    door.trust()
    page = context.new_page()
    page.goto(f"{door.url}/verify?lang={language}")
    page.locator("[data-ready=yes]").wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    return page


def choose(page: Page, venue: str = "care-home") -> None:
    page.locator("#venue").select_option("")
    page.locator("#venue").select_option(venue)


def show(page: Page, octets: bytes) -> tuple[str, str]:
    """Show a picture to the page, and return which screen it answers with, and all that can be read on it."""
    choose(page)
    page.locator("#picture").set_input_files({"name": "code.png", "mimeType": "image/png", "buffer": octets})
    page.locator("[data-part=next]").wait_for()
    return screen(page), page.locator("main").inner_text()


def screen(page: Page) -> str:
    shown = page.locator("[data-screen]").evaluate_all(
        "all => all.filter(one => !one.hidden).map(one => one.dataset.screen)"
    )
    assert len(shown) == 1
    return str(shown[0])


def nothing(door: Door) -> dict[str, bytes]:
    """Pictures of everything that is no good certificate."""
    good = door.text()
    custodian = door.node.custodian
    own = custodian.es256(CERTIFICATE_KEY)
    issued = door.now.replace(minute=0, second=0, microsecond=0) - 50 * HOUR
    return {
        "forged": picture(good[:-9] + ("A" if good[-9] != "A" else "B") + good[-8:]),
        "expired": picture(door.text(issued=issued, expires=issued + 40 * HOUR)),
        "foreign": picture(door.text(key=ec.generate_private_key(ec.SECP256R1()))),
        "unknown list": picture(door.text(list_number=9)),
        "identity code": picture(encode_sl1(bytes(16), key_id(own.public_key()), signer(own))),
        "measure": picture(json.dumps({"measure": "precaution"})),
        "another system's": picture("HC1:6BFOXN*TS0BI$ZD4N9:9S6RCVN5+O30K3"),
    }


def test_a_resident_takes_a_certificate_and_a_door_sees_its_fact_with_the_network_cut(
    door: Door, browser: Browser, context: BrowserContext
) -> None:
    mine = context.new_page()
    context.add_cookies([{"name": "salus_session", "value": door.token, "url": door.url}])
    mine.goto(f"{door.url}/me/certificates")
    assert "None. That is as it should be" in mine.inner_text("main")
    mine.get_by_role("button", name="Take it with a hint – Vaccinated: influenza").click()
    mine.get_by_text("You have a new certificate").wait_for()
    assert not accessibility(mine)
    shown = mine.locator(".salus-qr").screenshot()

    page = install(context, door)
    context.set_offline(True)
    page.reload()
    page.locator("[data-ready=yes]").wait_for()
    verdict, text = show(page, shown)

    assert verdict == "good"
    assert "Vaccinated: influenza" in text
    assert "SX" in text
    assert "1 January" in text
    assert "Sun" not in text
    assert "1980" not in text
    context.set_offline(False)
    mine.goto(f"{door.url}/me/reads")
    assert "Your certificates" in mine.inner_text("main")


def test_everything_else_gives_one_and_the_same_screen(door: Door, context: BrowserContext) -> None:
    page = install(context, door)
    context.set_offline(True)
    page.reload()
    page.locator("[data-ready=yes]").wait_for()

    assert show(page, picture(door.text()))[0] == "good"
    answers, marked = set(), set()
    for name, octets in nothing(door).items():
        answer = show(page, octets)
        assert answer[0] == "nothing-shown", name
        answers.add(answer[1].encode())
        marked.add(page.locator("[data-verifier]").inner_html().encode())
    assert len(answers) == 1
    assert len(marked) == 1


def test_a_picture_in_which_no_code_can_be_seen_gets_advice_about_pictures_and_no_verdict(
    door: Door, context: BrowserContext
) -> None:
    """Whosever code it would have been: what is asked of the reader does not depend on it."""
    page = install(context, door)
    foreign = ec.generate_private_key(ec.SECP256R1())
    texts = (door.text(), door.text(key=foreign), json.dumps({"measure": "precaution"}))
    shown = [show(page, picture(text, blurred=True)) for text in texts]
    broken = show(page, picture(door.text())[:300])

    assert {one[0] for one in (*shown, broken)} == {"unreadable"}
    assert len({one[1] for one in (*shown, broken)}) == 1
    assert "No code can be seen in this picture" in broken[1]
    assert SAID["en"][0] not in broken[1]
    assert show(page, picture(door.text()))[0] == "good"


def test_a_voided_certificate_is_shown_no_more_once_the_door_has_asked_for_news(
    door: Door, context: BrowserContext
) -> None:
    context.add_cookies([{"name": "salus_session", "value": door.token, "url": door.url}])
    mine = context.new_page()
    mine.goto(f"{door.url}/me/certificates")
    mine.get_by_role("button", name="Take it: the fact only – Tested for COVID-19: nothing found").click()
    mine.get_by_text("You have a new certificate").wait_for()
    shown = mine.locator(".salus-qr").screenshot()
    page = install(context, door)
    before, text = show(page, shown)
    mine.get_by_text("Void this certificate").click()
    mine.get_by_role("button", name="Void it now").click()
    mine.get_by_text("The certificate is void").wait_for()
    door.trust()
    page.reload()
    page.locator("[data-ready=yes]").wait_for()

    assert before == "good"
    assert "Tested for COVID-19: nothing found" in text
    assert show(page, shown)[0] == "nothing-shown"


def test_a_corrected_record_voids_what_was_taken_of_it(door: Door, context: BrowserContext) -> None:
    context.add_cookies([{"name": "salus_session", "value": door.token, "url": door.url}])
    mine = context.new_page()
    mine.goto(f"{door.url}/me/certificates")
    mine.get_by_role("button", name="Take it with a hint – Tested for COVID-19").click()
    mine.get_by_text("You have a new certificate").wait_for()
    shown = mine.locator(".salus-qr").screenshot()
    (tested,) = {one.resource for one in my_certificates(door.node, door.resident).facts if one.kind == "test"}
    (entry,) = read_back(door.node, tested)
    update(door.node, system(), entry | {"status": "entered-in-error"})
    page = install(context, door)
    verdict = show(page, shown)[0]
    mine.goto(f"{door.url}/me/certificates")
    text = mine.inner_text("main")
    update(door.node, system(), entry)

    assert verdict == "nothing-shown"
    assert "Void: the entry in your record was corrected" in text


@pytest.mark.parametrize("venue", ["hospital-visit", "large-event", "indoor-leisure", "international-departure"])
def test_without_a_declaration_no_check_is_permitted(door: Door, context: BrowserContext, venue: str) -> None:
    page = install(context, door)
    context.set_offline(True)
    choose(page, venue)

    assert screen(page) == "not-permitted"
    assert SAID["en"][1] in page.inner_text("main")
    assert not page.locator("#picture").is_visible()
    assert not page.get_by_role("button", name="Scan with the camera").is_visible()


def test_after_the_trust_file_is_too_old_no_check_is_permitted(door: Door, browser: Browser) -> None:
    with browser.new_context(locale="en-GB") as context:
        context.clock.set_fixed_time(door.now)
        page = install(context, door)
        page.evaluate("document.querySelector('[data-verifier]').dataset.demo = 'no'")
        context.clock.set_fixed_time(door.now + timedelta(days=8))
        choose(page)
        text = page.inner_text("main")

        assert screen(page) == "not-permitted"
        assert "What this device knows is too old" in text
        assert "The clock of this device is wrong" not in text


@pytest.mark.parametrize("behind", [timedelta(hours=2), timedelta(days=400)])
def test_a_clock_that_is_behind_what_the_device_has_seen_is_named_and_nobody_is_checked(
    door: Door, browser: Browser, behind: timedelta
) -> None:
    with browser.new_context(locale="en-GB") as context:
        context.clock.set_fixed_time(door.now)
        page = install(context, door)
        page.evaluate("document.querySelector('[data-verifier]').dataset.demo = 'no'")
        choose(page)
        assert screen(page) == "scan"
        context.clock.set_fixed_time(door.now - behind)
        page.locator("#picture").set_input_files(
            {"name": "code.png", "mimeType": "image/png", "buffer": picture(door.text())}
        )
        page.locator("[data-part=slow-clock]").wait_for()
        text = page.inner_text("main")

        assert screen(page) == "not-permitted"
        assert "The clock of this device is wrong" in text
        assert "What this device knows is too old" not in text
        assert "Vaccinated" not in text


def test_a_page_keeps_to_the_log_that_it_saw_first_and_to_the_newest_file_of_it(
    door: Door, context: BrowserContext
) -> None:
    older, good = door.trust(), picture(door.text())
    door.witnesses.advance(timedelta(minutes=5))
    context.clock.set_fixed_time(door.now)
    page = install(context, door)
    age = page.locator("[data-part=age]").inner_text()
    foreign = paper.Door(at=door.now.replace(microsecond=0)).file()
    for instead in (older, foreign, b"{}", b"no JSON", b""):
        door.instead |= {"/trust.json": instead, "/trust/rest.json": instead}
        try:
            page.reload()
            page.locator("[data-ready=yes]").wait_for()
        finally:
            door.instead.clear()

        assert page.locator("[data-part=age]").inner_text() == age
        assert show(page, good)[0] == "good"


def test_it_sends_nothing_and_keeps_nothing(door: Door, context: BrowserContext) -> None:
    page = install(context, door)
    good, other = picture(door.text()), picture(door.text(key=ec.generate_private_key(ec.SECP256R1())))
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url))
    reached = len(door.asked)
    for number in range(30):
        assert show(page, good if number % 2 else other)[0] == ("good" if number % 2 else "nothing-shown")
    kept = page.evaluate(
        """async () => ({
            local: localStorage.length, session: sessionStorage.length, cookies: document.cookie,
            databases: (await indexedDB.databases()).length,
            caches: (await Promise.all((await caches.keys()).map(async (name) =>
                (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname)))).flat().sort(),
        })"""
    )

    assert sent == []
    assert len(door.asked) == reached
    assert (kept["local"], kept["session"], kept["databases"], kept["cookies"]) == (0, 0, 0, "")
    assert {path.split(".")[0].split("/")[1] for path in kept["caches"]} == {"static", "trust", "verify"}


SCANS = """async ([pictures, scans]) => {
    const files = pictures.map((one) =>
        new File([Uint8Array.from(atob(one), (letter) => letter.charCodeAt(0))], "code.png", { type: "image/png" }));
    const [venue, input, next] = ["#venue", "#picture", "[data-part=next]"].map((one) => document.querySelector(one));
    const told = {};
    for (let scan = 0; scan < scans; scan++) {
        venue.value = "care-home";
        venue.dispatchEvent(new Event("change"));
        const chosen = new DataTransfer();
        chosen.items.add(files[scan % files.length]);
        input.files = chosen.files;
        input.dispatchEvent(new Event("change"));
        while (next.hidden) {
            const { port1, port2 } = new MessageChannel();
            await new Promise((done) => { port1.onmessage = done; port2.postMessage(0); });
        }
        const shown = Array.from(document.querySelectorAll("[data-screen]")).find((one) => !one.hidden);
        told[shown.dataset.screen] = (told[shown.dataset.screen] || 0) + 1;
    }
    return told;
}"""


def test_a_thousand_scans_send_nothing(door: Door, context: BrowserContext) -> None:
    page = install(context, door)
    foreign = ec.generate_private_key(ec.SECP256R1())
    good = [picture(door.text(index=1_000_000 + one)) for one in range(5)]
    others = [picture(door.text(key=foreign)), picture("SL1:NOTHING"), picture("measure"), picture("HC1:NOTHING")]
    pictures = [base64.b64encode(one).decode() for one in (*good, *others, picture(door.text(), blurred=True))]
    sent: list[str] = []
    context.on("request", lambda one: sent.append(one.url))
    reached = len(door.asked)
    told = page.evaluate(SCANS, [pictures, 1000])

    assert told == {"good": 500, "nothing-shown": 400, "unreadable": 100}
    assert sent == []
    assert len(door.asked) == reached


def test_the_page_weighs_little_and_nothing_complains(door: Door, context: BrowserContext) -> None:
    sizes: dict[str, int] = {}
    complaints: list[str] = []
    page = context.new_page()
    page.on("requestfinished", lambda one: sizes.update({one.url: one.sizes()["responseBodySize"]}))
    page.on("console", lambda one: complaints.append(one.text))
    door.trust()
    answer = page.goto(f"{door.url}/verify")
    page.locator("[data-ready=yes]").wait_for()
    page.wait_for_load_state("networkidle")

    assert sum(sizes.values()) <= MOST_BYTES, sizes
    assert all(url.startswith(door.url) for url in sizes)
    assert complaints == []
    assert answer is not None
    assert "'wasm-unsafe-eval'" in answer.headers["content-security-policy"]
    assert "'unsafe" not in answer.headers["content-security-policy"]
    other = page.request.get(f"{door.url}/")
    assert "wasm" not in other.headers["content-security-policy"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_screen_is_accessible_in_both_languages(door: Door, context: BrowserContext, language: str) -> None:
    page = install(context, door, language)
    good, bad = picture(door.text()), picture("SL1:NOTHING")
    found = []
    for step in ("start", "large-event", "care-home", "good", "bad"):
        if step in ("good", "bad"):
            show(page, good if step == "good" else bad)
        elif step != "start":
            choose(page, step)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            found += [f"{step} {width}: {one}" for one in accessibility(page)]
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert SAID[language][0] in page.inner_text("main")

    assert found == []


def test_with_scripts_off_it_says_so_and_names_the_command(door: Door, plain: BrowserContext) -> None:
    page = plain.new_page()
    page.goto(f"{door.url}/verify")

    assert "Scanning needs scripts, and they are off." in page.inner_text("main")
    assert "salus code verify" in page.inner_text("main")
    assert not page.locator("#venue").is_visible()


@pytest.mark.parametrize(("turned", "inverted"), [(0, False), (90, False), (30, False), (0, True), (90, True)], ids=str)
def test_the_camera_finds_a_code_also_turned_and_inverted(
    door: Door, browser: Browser, tmp_path: Path, turned: int, inverted: bool
) -> None:
    shot = film(door.text(), tmp_path / "code.y4m", turned=turned, inverted=inverted)
    flags = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={shot}",
    ]
    launched = browser.browser_type.launch(executable_path=str(executable()), args=flags, timeout=PATIENCE_MILLISECONDS)
    filming = patient(launched)
    try:
        context = filming.new_context(locale="en-GB", permissions=["camera"])
        context.clock.set_fixed_time(door.now)
        page = install(context, door)
        context.set_offline(True)
        choose(page)
        page.get_by_role("button", name="Scan with the camera").click()
        page.locator("[data-part=next]").wait_for()

        assert screen(page) == "good"
        assert page.evaluate("document.querySelector('video').srcObject") is None
    finally:
        filming.close()


def test_the_command_gives_the_same_verdicts(door: Door, tmp_path: Path) -> None:
    trust, at = tmp_path / "trust.json", format_instant(door.now.replace(microsecond=0))
    trust.write_bytes(door.trust())
    blurred = picture(door.text(), blurred=True)
    pictures = {"good": picture(door.text()), **nothing(door), "blurred": blurred}
    for name, octets in pictures.items():
        (tmp_path / f"{name}.png").write_bytes(octets)
    files = [str(tmp_path / f"{name}.png") for name in pictures]
    options = ["--trust", str(trust), "--at", at, "--json"]
    told = CliRunner().invoke(main, ["code", "verify", *files, *options, "--venue", "care-home"])
    alone = CliRunner().invoke(main, ["code", "verify", files[0], *options, "--venue", "care-home"])
    elsewhere = CliRunner().invoke(main, ["code", "verify", files[0], *options, "--venue", "large-event"])

    found = [one["verdict"] for one in json.loads(told.stdout)["verdicts"]]
    assert found == ["valid"] + ["not-valid"] * (len(pictures) - 1)
    assert json.loads(told.stdout)["trust"]["dropped"] == 0
    assert (told.exit_code, alone.exit_code, elsewhere.exit_code) == (1, 0, 1)
    assert json.loads(elsewhere.stdout)["verdicts"][0]["verdict"] == "cannot-tell"


def test_a_door_that_knows_the_lists_asks_for_what_changed_and_sees_what_became_void(
    door: Door, context: BrowserContext
) -> None:
    now = door.now
    door.witnesses.advance(now.replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=1) - now)
    context.clock.set_fixed_time(door.now)
    first, text = door.now.date(), door.text(index=4711)
    page = install(context, door)
    assert show(page, picture(text))[0] == "good"
    door.witnesses.advance(timedelta(days=2))
    context.clock.set_fixed_time(door.now)
    with door.node.store.transaction(Duty.MIGRATION) as tx:
        tx.run("insert into healthcode.voided values (1, 4711, 'asked', %s)", (door.now - timedelta(days=1),))
    door.trust()

    def again() -> list[str]:
        door.asked.clear()
        page.reload()
        page.locator("[data-ready=yes]").wait_for()
        return [path for path in door.asked if path.startswith("/trust")]

    days = [f"/trust/changes/{first + timedelta(days=number)}" for number in range(3)]
    assert again() == [*days, "/trust/rest.json"]
    assert show(page, picture(text))[0] == "nothing-shown"
    assert show(page, picture(door.text()))[0] == "good"
    assert again() == [days[2], "/trust/rest.json"]
    door.instead[days[2]] = b"no change"
    try:
        assert again() == [days[2], "/trust.json"]
    finally:
        door.instead.clear()
    assert show(page, picture(text))[0] == "nothing-shown"
    assert again() == [days[2], "/trust/rest.json"]
