"""An alert becomes an incident, an order, tasks, a report: the whole way over HTTP, on the real database."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from nodes import START, Asking, a_node, add_hospital, asking
from salus import app, command, parties, surveillance
from salus.app import Node, close_batch, demo_token
from salus.kernel import FixedClock, Purpose, Role, canonical, civil_day, format_instant, new_id
from salus.parties import FacilityKind, principal
from salus.proof import open_checkpoint, verify_inclusion
from salus.storage import Duty
from salus.surveillance import Figure
from salus.web.typesetting import chinese_font
from spec.test_situation import FIGURES

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FORM = "application/x-www-form-urlencoded"


class Room:
    """People at their browsers, and hospitals' systems, of one node."""

    def __init__(self, node: Node, client: Asking) -> None:
        self.node, self.client = node, client
        self.clock = FixedClock(START)
        node.clock = self.clock
        self.tokens: dict[tuple[Role, str], str] = {}

    def session(self, role: Role, facility: str) -> str:
        if (role, facility) not in self.tokens:
            self.tokens[role, facility] = demo_token(self.node, role, facility, None, None)
        return f"demo.{self.tokens[role, facility]}"

    def renew(self) -> None:
        self.tokens.clear()

    def get(self, path: str, who: tuple[Role, str] | None = None, lang: str = "en") -> httpx.Response:
        cookie = f"salus_lang={lang}" + (f"; salus_session={self.session(*who)}" if who else "")
        return self.client.ask("GET", path, headers={"Cookie": cookie, "Accept": "text/html"})

    def post(self, path: str, who: tuple[Role, str], **fields: Any) -> httpx.Response:
        session = self.session(*who)
        csrf = self.node.custodian.digest("web.form", f"form\x00{session}".encode()).hex()
        headers = {"Cookie": f"salus_session={session}; salus_form=form", "Content-Type": FORM, "Accept": "text/html"}
        return self.client.ask("POST", path, headers=headers, data={"csrf": csrf, **fields})

    def report(self, facility: str, as_of: str, **numbers: int) -> httpx.Response:
        token = demo_token(self.node, Role.HOSPITAL_SYSTEM, facility, None, Purpose.HOPERAT)
        body = {"as_of": as_of, "resources": {name.replace("_", "-"): n for name, n in numbers.items()}}
        return self.client.ask("POST", "/resources", headers={"Authorization": f"Bearer {token}"}, json=body)


WEI, TAN, FANG = (Role.COMMANDER, "EOC1"), (Role.COMMANDER, "EOC2"), (Role.EPIDEMIOLOGIST, "CDC1")


def text(answer: httpx.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2])).split())


def figures(answer: httpx.Response) -> dict[str, str]:
    told = re.findall(
        r'<span class="salus-line">([^<]+)</span>\s*<strong class="salus-figures__amount">([^<]+)<', answer.text
    )
    return dict(told)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with a_node(tmp_path_factory.mktemp("command"), "H1", "H2") as node:
        parties.add_organisation(node.store, organisation_id="Emergency", name_en="Emergency", name_zh="应急")
        for facility, kind in (("EOC1", FacilityKind.COMMAND_CENTRE), ("CDC1", FacilityKind.DISEASE_CONTROL_CENTRE)):
            add_hospital(node, facility, kind)
        parties.add_facility(
            node.store,
            facility_id="EOC2",
            name_en="Second Centre",
            name_zh="第二中心",
            level=3,
            kind=FacilityKind.COMMAND_CENTRE,
            county="900101",
            organisation="Emergency",
        )
        with asking(node) as client:
            yield Room(node, client)


def handed_over(room: Room) -> command.HandedOver:
    """Figures of an area that the hospitals of this test lie in, handed over by an epidemiologist."""
    areas = tuple(replace(cell, area="900" + cell.area[3:]) for cell in FIGURES.areas)
    told = replace(FIGURES, area="900100", areas=areas, at=room.clock.now())
    who = principal(Role.EPIDEMIOLOGIST, "fang", name_en="Fang Ning", name_zh="方宁", facility="CDC1")
    app.hand_over(room.node, who.for_purpose(Purpose.PUBHLTH), told)
    return told


def test_an_alert_becomes_an_order_with_two_signatures_and_a_report_that_stays(room: Room) -> None:
    incident = an_incident_is_opened(room)
    a_stale_number_is_shown_as_unknown(room, incident)
    order = an_order_waits_for_the_other_organisation(room, incident)
    the_order_stands_in_the_public_log(room, order)
    tasks_follow(room, order)
    report = a_report_has_the_numbers_of_the_database(room, incident)
    the_order_lapses_and_the_report_stays(room, order, report)


def an_incident_is_opened(room: Room) -> str:
    told = handed_over(room)
    assert "Influenza, Meixuan: 62 cases (15 February 2031 – 28 February 2031); 21.4 were expected." in text(
        room.get("/situation", WEI)
    )
    assert room.get(f"/incidents?alert={told.alert}", WEI).status_code == 200

    fields = {"kind": "infectious-disease", "level": "3", "area": "900100", "objectives": "No one waits for a bed."}
    assert room.post("/incidents", FANG, alert=told.alert, **fields).status_code == 403
    opened = room.post("/incidents", WEI, alert=told.alert, **fields)

    assert opened.status_code == 303
    address = str(opened.headers["location"])
    page = text(room.get(address, WEI))
    assert "No one waits for a bed." in page
    assert "Fewer" not in page
    assert text(room.get(address, FANG))  # an epidemiologist reads the situation, and has no form
    assert '<form method="post" action="/incidents' not in room.get(address, FANG).text
    assert room.post(f"{address}/log", WEI, entry="post", post="lead", holder="Wei Ran", deputy="Qin Lan")
    assert "Wei Ran; deputy Qin Lan" in text(room.get(address, WEI))
    return address


def a_stale_number_is_shown_as_unknown(room: Room, incident: str) -> None:
    now = format_instant(room.clock.now())
    yesterday = format_instant(room.clock.now() - 25 * HOUR)
    assert room.report("H1", now, icu_beds_staffed=12, icu_beds_occupied=9, oxygen_days=2).status_code == 201
    assert room.report("H2", yesterday, icu_beds_staffed=40, icu_beds_occupied=1).status_code == 201
    assert room.report("H2", now, handcuffs=3).status_code == 400

    page = room.get(incident, WEI)
    assert figures(page)["Intensive-care beds free"] == "3"
    assert "1 of 2 are in it" in text(page)
    assert "Hospital H2 unknown unknown unknown" in text(page)

    for resource, amount in (("icu-beds-staffed", "40"), ("icu-beds-occupied", "38")):
        said = {"facility": "H2", "resource": resource, "amount": amount, "confirmed_with": "Ward sister Li"}
        assert room.post(f"{incident}/telephone", WEI, **said).status_code == 303
    page = room.get(incident, WEI)
    assert figures(page)["Intensive-care beds free"] == "5"
    assert "confirmed by telephone with Ward sister Li at 16:00" in text(page)


def an_order_waits_for_the_other_organisation(room: Room, incident: str) -> str:
    fields = {
        "kind": "move-supply",
        "supply": "ventilators",
        "amount": "6",
        "from_facility": "H2",
        "to_facility": "H1",
        "basis": "Regulation 376, article 32",
        "reason": "H1 has three beds left.",
        "ends": "2031-03-04T16:00",
    }
    for more in ({"persons": "13912345678"}, {"reason": "Fetch 900101198001010017."}):
        refused = room.post(f"{incident}/orders", WEI, **fields | more)
        assert refused.status_code == 403
        assert "900101198001010017" not in refused.text
    given = room.post(f"{incident}/orders", WEI, **fields)
    assert given.status_code == 303
    order = str(given.headers["location"])

    assert "waits for the other organisation" in text(room.get("/situation", WEI))
    own = room.post(order, WEI, verdict="countersigned", reason="")
    assert own.status_code == 403
    assert "SALUS-O012" in own.text
    assert "waits for the other organisation" in text(room.get(order, TAN))
    assert room.post(order, TAN, verdict="countersigned", reason="").status_code == 303

    public = text(room.get("/orders"))
    assert "Move between facilities: 6 ventilators , from Hospital H2, to Hospital H1" in public
    assert "in force" in public
    assert "Group : 2" in public  # the two attempts to aim it at people
    return order


def the_order_stands_in_the_public_log(room: Room, order: str) -> None:
    assert json.loads(room.get(f"{order}/file").text)["proof"] is None
    close_batch(room.node)

    told = json.loads(room.get(f"{order}/file").text)
    leaf, proof = told["leaf"], told["proof"]
    assert base64.b64decode(leaf["order"]["order"]) == hashlib.sha256(canonical(told["document"])).digest()
    assert leaf["order"]["organisations"] == ["Emergency", "Group"]
    checkpoint = open_checkpoint(proof["checkpoint"], [room.node.sequencer.key])
    entry = hashlib.sha256(b"\x00" + canonical(leaf)).digest()
    path = [bytes.fromhex(one) for one in proof["path"]]
    verify_inclusion(entry, proof["index"], checkpoint.size, path, checkpoint.root)
    assert f"entry {proof['index']} of the public log" in text(room.get("/orders"))


def tasks_follow(room: Room, order: str) -> None:
    for facility, task in (("H2", "hand-over"), ("H1", "receive")):
        given = room.post(f"{order}/tasks", WEI, task=task, facility=facility, due="2031-03-02T12:00")
        assert given.status_code == 303
    page = room.get(order, WEI)
    first = re.findall(r'action="(/tasks/[^"]+)"', page.text)[0]
    assert room.post(first, WEI, answer="declined", note="").status_code == 400
    assert room.post(first, WEI, answer="done", note="Six went off at noon.").status_code == 303
    assert "Six went off at noon." in text(room.get(order, WEI))

    room.clock.at += 21 * HOUR
    room.renew()
    assert figures(room.get("/situation", WEI))["Tasks overdue"] == "1"


def a_report_has_the_numbers_of_the_database(room: Room, incident: str) -> tuple[str, str, bytes]:
    made = room.post(f"{incident}/reports", WEI)
    assert made.status_code == 303
    address = str(made.headers["location"])
    page, paper = room.get(address, FANG), room.get(f"{address}/report.pdf", FANG)

    numbers = dict(re.findall(r'<tr><th scope="row">([^<]+)</th><td>([^<]+)</td>', page.text))
    assert numbers["Intensive-care beds free"] == recomputed(room)
    assert numbers["Tasks overdue"] == "1"
    assert {name: numbers[name] for name in ("Qinglan", "Songquan")} == {"Qinglan": "50", "Songquan": "no report"}
    assert numbers["Yundu"].startswith("fewer than 5")
    with room.node.store.transaction(Duty.COMMAND) as tx:
        kept = tx.row("select snapshot, digest from command.situation_report")
    assert kept
    assert hashlib.sha256(bytes(kept[0])).hexdigest() in page.text
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    assert b"/StructTreeRoot" in paper.content  # tagged, as PDF/UA asks
    chinese = room.get(f"{address}/report.pdf", WEI, lang="zh")
    assert (chinese.status_code == 200) == (chinese_font() is not None)
    return address, text(page), paper.content


def recomputed(room: Room) -> str:
    """Count free beds from the rows of the table, by a way of its own."""
    with room.node.store.transaction(Duty.COMMAND) as tx:
        rows = tx.rows("select facility, resource, amount from command.report where as_of > %s order by as_of, at",
                       (room.clock.now() - DAY,))  # fmt: skip
    newest = {(facility, resource): amount for facility, resource, amount in rows}
    told = {facility for facility, _ in newest}
    return str(sum(newest[f, "icu-beds-staffed"] - newest[f, "icu-beds-occupied"] for f in told))


def the_order_lapses_and_the_report_stays(room: Room, order: str, report: tuple[str, str, bytes]) -> None:
    address, page, paper = report
    room.clock.at += 4 * DAY
    room.renew()

    assert "0 orders are countersigned and have not ended." in text(room.get("/orders"))
    assert "ended" in text(room.get("/orders"))
    assert figures(room.get("/situation", WEI))["Intensive-care beds free"] == "unknown"
    assert text(room.get(address, WEI)) == page
    assert room.get(f"{address}/report.pdf", WEI).content == paper
    late = room.post(f"{order}/tasks", WEI, task="receive", facility="H1", due="2031-03-09T12:00")
    assert (late.status_code, "SALUS-O013" in late.text) == (403, True)
    assert app.public_orders(room.node)[0][0].index is not None


def test_a_confirmed_signal_is_handed_over_with_its_small_counts_suppressed(room: Room) -> None:
    """From what was counted: the alert's county has many cases, its neighbours three and one, another says nothing."""
    day = civil_day(room.clock.now())
    counts = {"900101": [4, 5, 6, 5, 4, 6, 5, 5, 5, 40], "900102": [0] * 9 + [3], "900103": [0] * 9 + [1]}
    counts |= {"900104": [0] * 9 + [12], "910101": [0] * 9 + [50]}
    figures_ = [
        Figure(source="hospitals", series="ili", county=county, day=day - n * DAY, count=count, denominator=200)
        for county, told in counts.items()
        for n, count in enumerate(reversed(told))
    ]
    with room.node.store.transaction(Duty.SURVEILLANCE) as tx:
        surveillance.ingest(tx, figures_, room.clock.now())
        raised = surveillance.detect(tx, day, day, room.clock.now(), new_id)
    signal = next(f"/signals/{one.alert_id}" for one in raised if one.county == "900101")

    early = room.post(f"{signal}/hand-over", FANG)
    assert (early.status_code, "SALUS-A050" in early.text) == (400, True)
    assert (
        room.post(f"{signal}/verdict", FANG, verdict="confirmed", reason="Two laboratories agree.").status_code == 303
    )
    assert room.post(f"{signal}/hand-over", WEI).status_code == 403
    assert f'action="{signal}/hand-over"' in room.get(signal, FANG).text
    assert room.post(f"{signal}/hand-over", FANG).status_code == 303

    with room.node.store.transaction(Duty.COMMAND) as tx:
        (taken,) = [one for one in command.waiting_alerts(tx) if one.disease == "ili"]
    assert {cell.area: (cell.cases, cell.few) for cell in taken.areas} == {
        "900101": (85, False),
        "900102": (None, True),
        "900103": (None, True),
        "900104": (12, False),
    }
    assert (taken.observed, taken.area, taken.first, taken.last) == (40, "900101", day, day)
    assert f"/incidents?alert={taken.alert}" in room.get("/situation", WEI).text
