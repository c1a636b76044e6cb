"""What pages of a served node weigh, in real bytes, unpacked, as a Chromium that knows nothing yet receives them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, Response

from journeys.live import DOCTOR, Live, Visitor
from journeys.story import WEI, infected, number_of
from salus import app, synth
from salus.app import NodeSettings
from salus.command import AreaCount, HandedOver, IncidentKind
from salus.kernel import Purpose, Role, civil_day

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_OF_A_RESIDENT, MOST_REQUESTS = 60_000, 5
MOST_OF_COMMAND, MOST_OF_A_DOOR = 300_000, 1_200_000
MINE = (
    "/me/code",
    "/me/record",
    "/me/notice",
    "/me/closing",
    "/me/reads",
    "/me/certificates",
    "/me/contests",
    "/me/institutions",
)
COUNTIES = 3_000


class Scales:
    """A browser context that is asked for one page only, and weighs all that it receives."""

    def __init__(self, browser: Browser, node: Live, cookies: list[dict[str, str]]) -> None:
        self.browser, self.node, self.cookies = browser, node, cookies

    def weigh(self, path: str, ready: str = "main") -> dict[str, int]:
        """Return the unpacked bytes of every answer, by address."""
        answers: list[Response] = []
        with self.browser.new_context(viewport={"width": 360, "height": 740}) as context:
            context.add_cookies(self.cookies)  # type: ignore[arg-type]
            page: Page = context.new_page()
            page.on("response", lambda one: answers.append(one))  # noqa: PLW0108  a builtin cannot be wrapped
            page.goto(self.node.url + path, wait_until="networkidle")
            page.locator(ready).first.wait_for()
            assert page.url == self.node.url + path
            assert {one.status for one in answers} == {200}, [(one.url, one.status) for one in answers]
            return {one.url.removeprefix(self.node.url): len(one.body()) for one in answers}


def told_of(what: str, sizes: dict[str, int]) -> None:
    """Print what was measured."""
    print(f"{what:32} {sum(sizes.values()):>9,} bytes in {len(sizes)} requests")


@pytest.fixture
def scales(told: Live, browser: Browser) -> Scales:
    return Scales(browser, told, [])


def session(scales: Scales, *, number: str = "", name: str = "") -> None:
    """Let the scales be somebody's: a resident's by number, or of whom the demo page offers by name."""
    with scales.browser.new_context(locale="en-GB") as context:
        me = Visitor(context.new_page(), scales.node)
        if number:
            me.be(number)
        else:
            me.step_into(name)
            me.go("/account")
        scales.cookies = [
            {"name": one["name"], "value": one["value"], "url": scales.node.url}
            for one in context.cookies()
            if one["name"] != "salus_notice"
        ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_residents_pages_are_light_enough_for_an_old_phone(scales: Scales, language: str) -> None:
    for number in (number_of(infected()[2]), number_of(infected()[0])):  # one holds a notice, one contested it
        session(scales, number=number)
        scales.cookies.append({"name": "salus_lang", "value": language, "url": scales.node.url})
        for path in MINE:
            sizes = scales.weigh(path)
            told_of(f"{path} ({language})", sizes)
            assert sum(sizes.values()) <= MOST_OF_A_RESIDENT, sizes
            assert len(sizes) <= MOST_REQUESTS, sizes


def test_who_looked_stays_light_however_many_looked(told: Live, scales: Scales) -> None:
    name = infected()[1]
    with scales.browser.new_context(locale="en-GB") as context:
        me = Visitor(context.new_page(), told)
        me.step_into(name)
        code = me.code()
        me.step_into(DOCTOR)
        for _ in range(10):
            me.present(code)
        me.step_into(name)
        me.go("/me/reads")
        while me.page.locator(".salus-proof").count() < me.page.locator(".salus-look").count():
            me.page.wait_for_timeout(500)
            me.page.reload()
        assert me.page.get_by_role("link", name="Earlier reads").count() == 1
    for language in ("en", "zh"):
        session(scales, number=number_of(name))
        scales.cookies.append({"name": "salus_lang", "value": language, "url": told.url})
        sizes = scales.weigh("/me/reads")
        told_of(f"/me/reads, a whole page ({language})", sizes)
        assert sum(sizes.values()) <= MOST_OF_A_RESIDENT, sizes


def test_the_doors_page_is_light_enough_with_all_that_it_installs(scales: Scales) -> None:
    sizes = scales.weigh("/verify", "[data-ready=yes]")
    told_of("/verify", sizes)

    assert any(path.startswith("/static/zxing_reader") for path in sizes)
    assert "/trust.json" in sizes
    assert sum(sizes.values()) <= MOST_OF_A_DOOR, sizes


def test_the_situation_is_light_also_with_a_map_of_three_thousand_counties(told: Live, scales: Scales) -> None:
    session(scales, name=WEI)
    small = scales.weigh("/situation")
    told_of("/situation", small)
    nationwide(told)
    large = scales.weigh("/situation")
    told_of(f"/situation, {COUNTIES:,} counties", large)

    assert sum(small.values()) <= MOST_OF_COMMAND, small
    assert sum(large.values()) <= MOST_OF_COMMAND, large
    assert large["/situation"] > 100_000
    with scales.browser.new_context() as context:
        context.add_cookies(scales.cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{told.url}/situation")
        assert page.locator(".salus-map path[d]").count() >= COUNTIES


def nationwide(told: Live) -> None:
    """Give the node the map of a large country, and open an incident that lies in all of it."""
    topology = synth.topology(synth.country(1, 2_000, COUNTIES))
    (told.data / "map.json").write_text(json.dumps(topology, ensure_ascii=False), "utf-8")
    drawn = topology["objects"]["counties"]["geometries"]
    settings = NodeSettings(data=told.data, postgres=told.environment["SALUS_POSTGRES"], url=told.url)
    with app.open_node(settings) as node:
        day = civil_day(node.clock.now())
        areas = tuple(
            AreaCount(
                area=str(one["id"]),
                name_en=one["properties"]["name_en"],
                name_zh=one["properties"]["name_zh"],
                cases=None if place % 40 == 0 else 5 + place % 300 if place % 5 < 2 else 0,
                few=place % 80 == 0,
                population=None,
            )
            for place, one in enumerate(drawn)
        )
        figures = HandedOver(
            alert="nationwide",
            disease="ili",
            disease_en="Influenza-like illness",
            disease_zh="流感样病例",
            area="910000",
            area_en="The country",
            area_zh="全国",
            first=day,
            last=day,
            since=day - timedelta(days=13),
            observed=200_000,
            expected="9000.0",
            once_in_years=None,
            why_en="Every province reports more.",
            why_zh="各省报告增多。",
            verified_by="Dr Fang Ning",
            at=node.clock.now(),
            areas=areas,
        )
        fang = app.demo_principal(node, Role.EPIDEMIOLOGIST, "CDC1").for_purpose(Purpose.PUBHLTH)
        wei = app.demo_principal(node, Role.COMMANDER, "EOC1").for_purpose(Purpose.PUBHLTH)
        app.hand_over(node, fang, figures)
        app.open_incident(
            node,
            wei,
            alert="nationwide",
            kind=IncidentKind.INFECTIOUS,
            areas=sorted({f"{area.area[:2]}0000" for area in areas}),
            level=1,
            objectives="Beds last.",
        )
