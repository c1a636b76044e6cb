"""One demo after its story, seen by everybody in turn: in Chromium, with scripts off for all but the door."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from journeys.live import DOCTOR, Live, Visitor, scanned
from journeys.story import AUDITOR, FANG, MENG, TAN, WEI, YAN, infected, names, number_of, said
from salus.kernel import CIVIL_TIME, parse_instant
from salus.web.typesetting import chinese_font

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES: dict[str, dict[str, tuple[str, str]]] = {
    "": {
        "/about/power": ("Power, and how it is used", "权力及其行使"),
        "/about/log": ("The public log", "公开日志"),
        "/orders": ("Orders in public", "公开的命令"),
        "/verify": ("Check a certificate", "查验证明"),
    },
    "resident": {
        "/me/code": ("My code", "我的码"),
        "/me/record": ("My record", "我的档案"),
        "/me/reads": ("Who looked at your record", "谁看过您的档案"),
        "/me/certificates": ("My certificates", "我的证明"),
        "/me/contests": ("What you contested", "您提出的异议"),
        "/me/notice": ("Nothing is asked of you", "对您没有任何要求"),
        "/me/closing": ("What is closed in my record", "我的档案中不公开的内容"),
        "/me/institutions": ("Whose records are held to be yours", "被认定属于您的档案"),
    },
    DOCTOR: {"/desk": ("Who is here?", "谁来就诊？")},
    FANG: {"/signals": ("Signals", "监测信号"), "/situation": ("Situation", "态势")},
    WEI: {"/situation": ("Situation", "态势")},
    TAN: {"/situation": ("Situation", "态势")},
    MENG: {"/appeals": ("Contests to answer", "待答复的异议")},
    YAN: {"/review": ("Pairs to judge", "待判断的档案对")},
    AUDITOR: {"/audit": ("What this node finds about itself", "本节点自查的结果")},
}


@pytest.fixture
def me(told: Live, plain: BrowserContext) -> Visitor:
    return Visitor(plain.new_page(), told)


def text(page: Page) -> str:
    return " ".join(page.locator("main").inner_text().split())


def tallies(page: Page) -> dict[str, int]:
    """Return the figures of a page of tallies by their names."""
    terms, values = page.locator(".salus-tallies dt").all_inner_texts(), page.locator(".salus-tallies dd")
    return dict(zip(terms, map(int, values.all_inner_texts()), strict=True))


def instant(page: Page) -> datetime:
    """Return the first instant that a page names."""
    return parse_instant(page.locator("main time").first.get_attribute("datetime") or "")


def until(page: Page, pattern: str) -> str:
    """Reload the page until its text fits, which the next batch of the log brings about."""
    for _ in range(600):
        found = re.search(pattern, text(page))
        if found:
            return found[0]
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"{pattern} does not come: {text(page)}")


# --- what was printed, and what is shown


def test_the_public_sees_the_figures_that_the_story_named(told: Live, me: Visitor) -> None:
    me.go("/about/power")
    shown = tallies(me.page)
    tried = [int(one.split()[0]) for one in me.page.locator("tbody td:nth-child(3)", has_text="log").all_inner_texts()]

    assert shown["Results logged, of any outcome"] == int(said(told, r"(\d+) results and \d+ decisions in the log"))
    assert shown["Decisions made by rules"] == int(said(told, r"\d+ results and (\d+) decisions in the log"))
    assert shown["Specimens logged"] == int(said(told, r"(\d+) specimens committed"))
    assert shown["Contests overdue"] == int(said(told, r"(\d+) late, counted in public")) == 1
    assert shown["Answered in time: ended"] == 1
    assert sum(tried) == int(said(told, r"the attempts are counted in public: (\d+)")) >= 2
    assert "signer-ombudsman (ombudsman)" in text(me.page)
    me.go("/orders")
    place = said(told, r"it is entry (\d+) of the public log")
    assert f"entry {place} of the public log" in text(me.page)
    assert "Deliver to a facility: 200 courses of antivirals" in text(me.page)
    assert "Countersigned by Commander Tan Cheng, Qinglan Emergency Management Bureau." in text(me.page)


def test_the_story_left_what_each_role_is_told_of(told: Live, me: Visitor) -> None:
    me.step_into(FANG)
    assert len(me.page.locator(".salus-signals__name").all()) == int(said(told, r"judged, in .+: (\d+) signals"))
    me.step_into(WEI)
    report = said(told, r"as page and PDF: http://[^/]+(/incidents/\S+)")
    me.go(report)
    assert said(told, r"hash ([0-9a-f]{16})…, as page and PDF") in text(me.page)
    me.step_into(AUDITOR)
    codes = me.page.locator("tbody td:first-child code").all_inner_texts()
    reported = dict(one.split() for one in said(told, r"reports the rows: (.+)").split(", "))
    assert {code: str(codes.count(code)) for code in codes} == reported == {"EVID-MISSING": "1"}
    for name in infected()[:2]:
        me.step_into(name)
        me.go("/me/notice")
        assert (
            me.heading() == "Nothing is asked of you"
        )  # both were contested: one was ended, one had no answer in time


# --- in both languages


@pytest.mark.parametrize("role", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_role_has_its_pages_with_headings_and_landmarks(me: Visitor, role: str, language: str) -> None:
    me.go(f"/?lang={language}")
    if role:
        name = infected()[0] if role == "resident" else role
        me.step_into(names(language)[name])
    for path, headings in PAGES[role].items():
        assert me.go(path).status == 200, path
        assert me.heading() == headings[language == "zh"]
        assert me.page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[language]
        marks = {one: me.page.get_by_role(one).count() for one in ("banner", "main", "contentinfo", "navigation")}  # type: ignore[arg-type]
        assert marks == {"banner": 1, "main": 1, "contentinfo": 1, "navigation": int(bool(role))}
        assert me.page.locator("h1").count() == 1


# --- role by role


def test_a_resident_proves_a_notice_contests_it_and_an_officer_of_another_organisation_ends_it(
    told: Live, me: Visitor, tmp_path: Path
) -> None:
    name = infected()[2]
    me.be(number_of(name))
    assert me.code().startswith("SL1:")
    assert scanned(me.page.locator(".salus-qr")) == me.code()
    me.go("/me/record")
    assert me.page.locator("main .salus-entries li").count() > 0
    a_notice_explains_itself(told, me, tmp_path)

    me.page.get_by_role("button", name="Contest this").or_(me.page.get_by_role("link", name="Contest this")).click()
    me.page.locator("#words").fill("Somebody else was tested.")
    me.page.get_by_role("button", name="Contest it, and start the clock").click()
    assert me.heading() == "Receipt: you contested this"
    assert "Waits for an answer until" in text(me.page)
    receipt = me.page.url.removeprefix(told.url)
    until(me.page, "vouched for by witnesses on")

    me.step_into(MENG)
    me.go(f"/appeals/{receipt.rpartition('/')[2]}")
    assert "Somebody else was tested." in text(me.page)
    assert name not in me.page.content()
    me.page.get_by_label("It is ended").check()
    me.page.get_by_label("Why; the resident is shown this").fill("The site confirms the mistake.")
    me.page.get_by_role("button", name="Answer", exact=True).click()
    assert me.heading() == "Contests to answer"

    me.be(number_of(name))
    me.go(receipt)
    assert "Answered: the notice is ended. " in text(me.page)
    assert "By Songquan" in text(me.page)
    me.go("/me/notice")
    assert me.heading() == "Nothing is asked of you"
    me.go("/me/reads")
    assert me.page.locator(".salus-look", has_text=MENG).count() >= 1


def a_notice_explains_itself(told: Live, me: Visitor, folder: Path) -> None:
    """Read why, until when and how it is proved; run the command that the page names on the file that it gives."""
    me.go("/me/notice")
    assert re.fullmatch(r"You may be infectious until \d+ July 2026, \d+:\d\d", me.heading())
    assert "A laboratory found the virus in your specimen." in text(me.page)
    facts = me.page.locator(".salus-facts dt").all_inner_texts()
    assert [one for one in facts if one] == [  # the case's number and word stand folded away
        "About",
        "Since",
        "It ends by itself",
        "Published rules",
        "Proved by witnesses of the public log",
    ]
    with me.page.expect_download() as waiting:
        me.page.get_by_role("link", name="Save the file (JSON)").click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    program, *command = shlex.split(me.page.locator(".salus-command").inner_text())
    explained = told.command(*[str(file) if one == file.name else one for one in command])
    assert (program, explained.returncode) == ("salus", 0), explained.stderr
    assert "precaution" in explained.stdout
    file.write_bytes(file.read_bytes().replace(b'"gives":"precaution"', b'"gives":"advise"', 1))
    forged = told.command(*[str(file) if one == file.name else one for one in command])
    assert forged.returncode == 1
    assert "none" in forged.stdout


def test_a_clinician_reads_what_the_desk_opened_and_the_resident_sees_it(me: Visitor) -> None:
    name = infected()[0]
    me.step_into(name)
    code = me.code()
    me.step_into(DOCTOR)
    me.present(code)
    assert names("zh")[name] in me.heading()
    for section in ("Allergies", "Medicines", "Problems", "Last results"):
        assert me.page.get_by_role("heading", name=section, exact=True).is_visible()
    me.page.get_by_role("link", name="中文").click()
    for section in ("过敏", "用药", "最近的结果"):
        assert me.page.get_by_role("heading", name=section).first.is_visible()
    me.page.get_by_role("link", name="English").click()
    me.step_into(name)
    me.go("/me/reads")
    looks = me.page.locator(".salus-look", has_text=DOCTOR)
    assert looks.filter(has_text="Summary of your record").count() >= 1


def test_an_epidemiologist_judges_a_signal_and_a_commander_acts_with_a_second_signature(me: Visitor) -> None:
    me.step_into(FANG)
    line = me.page.locator(".salus-signals li", has_text="Nobody has said anything yet.").first
    line.get_by_role("link").click()
    finding = me.heading()
    assert re.fullmatch(r"Cholera in [A-Z]\w+ \w+: 1 on \d+ June 2026, where one is enough", finding)
    assert me.page.locator("figure svg").count() == 1
    marked = me.page.locator("tr.salus-table__mark").inner_text().split("\t")
    assert (marked[1], marked[-1]) == ("1", "the day of the signal")
    me.page.get_by_label("Your verdict").select_option("confirmed")
    me.page.get_by_label("Why you say so").fill("The laboratory found Vibrio cholerae O1.")
    me.page.get_by_role("button", name="Record the verdict").click()
    assert "The verdict is recorded" in me.page.get_by_role("status").inner_text()
    for name, value in (("likelihood", "likely"), ("impact", "moderate"), ("confidence", "high"), ("level", "high")):
        me.page.locator(f"#{name}").select_option(value)
    me.page.locator("#text").fill("Boil water in the prefecture.")
    me.page.get_by_role("button", name="Record the assessment").click()
    assert "Confirmed. The laboratory found Vibrio cholerae O1. Dr Fang Ning" in text(me.page)
    assert "Level: high. Further spread is likely" in text(me.page)
    me.page.get_by_role("button", name="Hand to command").click()
    assert "The command room has the figures now" in me.page.get_by_role("status").inner_text()
    place = re.search(r"Cholera in (.+): 1", finding)
    assert place is not None
    incident = an_incident_is_opened(me, place[1])
    an_order_gets_its_second_signature(me, incident)
    the_situation_is_frozen(me, incident)


def an_incident_is_opened(me: Visitor, place: str) -> str:
    me.step_into(WEI)
    waiting = me.page.locator(".salus-order", has_text="Cholera")
    assert f"Cholera, {place}: Fewer than 5 cases" in waiting.inner_text()
    assert "A single case of this disease is enough to act on." in waiting.inner_text()
    waiting.get_by_role("link", name="Open an incident from it").click()
    me.page.locator("#level").select_option("2")
    me.page.locator("#objectives").fill("Nobody drinks from the river.")
    me.page.get_by_role("button", name="Open the incident in my name").click()
    assert me.heading() == f"Cholera, {place}"
    assert "Nobody drinks from the river." in text(me.page)
    return me.page.url.removeprefix(me.node.url)


def an_order_gets_its_second_signature(me: Visitor, incident: str) -> None:
    ends = (instant(me.page).astimezone(CIVIL_TIME) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    me.page.get_by_role("link", name="Give an order").click()
    me.page.locator("#kind").select_option("deliver-supply")
    me.page.locator("#supply").select_option("protective-suits")
    me.page.locator("#amount").fill("40")
    me.page.locator("#to_facility").select_option(index=1)
    me.page.locator("#basis").fill("Regulation 376, article 32")
    me.page.locator("#reason").fill("Staff there have none left.")
    me.page.locator("#ends").fill(ends)
    me.page.get_by_role("button", name="Give the order in my name").click()
    assert "waits for the other organisation" in text(me.page)
    assert "A person of another organisation than Qinglan Health Commission" in text(me.page)
    assert me.page.get_by_role("button", name="Countersign in my name").count() == 0
    order = me.page.url.removeprefix(me.node.url)

    me.step_into(TAN)
    me.go(f"/situation?incident={incident.rpartition('/')[2]}")
    assert "Staff there have none left." in text(me.page)
    me.go(order)
    me.page.get_by_role("button", name="Countersign in my name").click()
    assert "Countersigned by Commander Tan Cheng" in text(me.page)
    assert "in force" in text(me.page)
    me.go("/orders")
    until(me.page, r"40 protective suits.+?entry \d+ of the public log")
    assert me.page.locator(".salus-order", has_text="40 protective suits").get_by_text("entry ").count() == 1


def the_situation_is_frozen(me: Visitor, incident: str) -> None:
    me.step_into(WEI)
    me.go(incident)
    me.page.get_by_role("button", name="Freeze the situation as a report").click()
    assert me.heading().startswith("Situation report 1: Cholera")
    assert "40 protective suits" in text(me.page)
    address = me.page.url.removeprefix(me.node.url)
    paper = me.page.request.get(f"{me.node.url}{address}/report.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.body().startswith(b"%PDF")
    me.go(f"{address}?lang=zh")
    assert me.heading().startswith("第1号态势报告")
    assert (me.page.locator("a[href$='report.pdf']").count() == 1) == (chinese_font() is not None)
    me.go("/?lang=en")


# --- at a door, with scripts


@pytest.fixture
def scripted(browser: Browser) -> Iterator[Page]:
    with browser.new_context(locale="en-GB") as opened:
        yield opened.new_page()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_door_judges_the_certificate_of_the_story_with_the_network_cut(
    told: Live, me: Visitor, scripted: Page, language: str
) -> None:
    me.step_into(said(told, r"\n(.+?) takes a certificate of"))
    me.go("/me/certificates")
    me.page.get_by_role("link", name="Show it").first.click()
    shown = me.page.locator(".salus-qr").screenshot()
    code = (me.page.locator(".salus-hex").text_content() or "").strip()
    door = Visitor(scripted, told)
    door.go(f"/verify?lang={language}")
    scripted.locator("[data-ready=yes]").wait_for()
    scripted.wait_for_function("navigator.serviceWorker.controller !== null")
    scripted.context.set_offline(True)
    scripted.reload()
    scripted.locator("[data-ready=yes]").wait_for()

    assert judged(scripted, "care-home", shown) == "good"
    assert {"en": "Vaccinated", "zh": "接种"}[language] in text(scripted)
    assert judged(scripted, "indoor-leisure", None) == "not-permitted"
    scripted.locator("#venue").select_option("care-home")
    scripted.locator("details summary").first.click()
    scripted.locator("#typed").fill(code[:-1] + ("A" if code[-1] != "A" else "B"))
    scripted.locator("[data-part=read]").click()
    scripted.locator("[data-part=next]").wait_for()
    assert screen(scripted) == "nothing-shown"


def judged(page: Page, venue: str, picture: bytes | None) -> str:
    page.locator("#venue").select_option("")
    page.locator("#venue").select_option(venue)
    if picture:
        page.locator("#picture").set_input_files({"name": "code.png", "mimeType": "image/png", "buffer": picture})
        page.locator("[data-part=next]").wait_for()
    return screen(page)


def screen(page: Page) -> str:
    visible = "all => all.filter(one => !one.hidden).map(one => one.dataset.screen)"
    shown = page.locator("[data-screen]").evaluate_all(visible)
    assert len(shown) == 1
    return str(shown[0])
