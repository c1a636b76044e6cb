"""Cards with an identity code: printed for who is here and agrees, on a word that is kept, and seen by its resident."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import orjson
import pytest
import zxingcpp
from click.testing import CliRunner

from nodes import START, Asking, a_node, a_number, a_patient, asking, clinician, send, system, the_resident
from papers import papers
from salus import access
from salus.app import (
    Agreement,
    Node,
    Printed,
    TooManyCards,
    arrive,
    my_cards,
    my_code,
    order_card,
    print_card,
    print_waiting,
    replace_code,
)
from salus.cli import main
from salus.healthcode import cards, resolve
from salus.healthcode.cards import Agreed, CardRefused
from salus.healthcode.cards import store as sql
from salus.kernel import FixedClock, Refused, Role, SystemClock
from salus.parties import Principal, principal
from salus.storage import Duty
from visiting import Visitor, words_of

NUMBERS = [a_number(order) for order in range(1, 5)]
SAID = Agreement(how=Agreed.SAID)
SIGNED = Agreement(how=Agreed.SIGNED, paper="2026-0417")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("cards"), "H1", "H2") as opened:
        for number, name in zip(NUMBERS, ("王芳", "李伟", "Anna Kade", "赵敏"), strict=True):
            send(opened, system("H1"), a_patient(number, name=[{"text": name}]))
        yield opened


@pytest.fixture(autouse=True)
def another_day(node: Node) -> None:
    """Let every care relation and every order of the tests before be over."""
    now = node.clock.now()
    node.clock = FixedClock((now if now >= START else START) + timedelta(days=3))


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node) as opened:
        yield opened


def card_of(node: Node, who: Principal, resident: UUID, agreement: Agreement) -> Printed:
    return print_card(node, who, resident, agreement, lambda card: card)


def here(node: Node, number: str, facility: str = "H2") -> UUID:
    return arrive(node, clinician(facility), number).resident_id


def broken(_: object) -> None:
    raise OSError("the disk is full")


def key_of(node: Node, code: str) -> int:
    with node.store.transaction(Duty.CARE) as tx:
        return resolve(tx, node.custodian, code)


def looks_of(node: Node, resident: UUID) -> list[tuple[str, str, str | None, str]]:
    with node.store.transaction(Duty.CARE) as tx:
        found = access.reads_of(tx, [node.resident_key(tx, resident) or 0], None, 50)
    return [(one.read.what, one.read.reader, one.read.facility, one.read.ground) for one in found]


def test_a_card_of_who_is_here_carries_their_own_code_and_they_see_who_printed_it(node: Node) -> None:
    resident = here(node, NUMBERS[0])
    card = card_of(node, clinician("H2"), resident, SIGNED)

    with node.store.transaction(Duty.CARE) as tx:
        assert key_of(node, card.code) == node.resident_key(tx, resident)
    assert card.initial == "王"
    assert ("card", "clinician-H2", "H2", "card-agreed") in looks_of(node, resident)
    kept = my_cards(node, the_resident(resident))[0]
    assert (kept.facility, kept.ordered_by, kept.agreed, kept.paper) == ("H2", "clinician-H2", "signed", "2026-0417")
    assert kept.printed == node.clock.now()


def test_printing_again_prints_the_same_code_so_that_no_card_of_theirs_stops_working(node: Node) -> None:
    resident = here(node, NUMBERS[0])

    assert card_of(node, clinician("H2"), resident, SAID).code == card_of(node, clinician("H2"), resident, SAID).code


def test_nobody_prints_the_card_of_somebody_who_did_not_come(node: Node) -> None:
    resident = here(node, NUMBERS[0], "H1")

    for ask in (card_of, order_card):
        with pytest.raises(Refused, match="who is here"):
            ask(node, clinician("H2"), resident, SAID)
    node.clock = FixedClock(node.clock.now() + access.RELATION_LASTS)
    with pytest.raises(Refused):
        card_of(node, clinician("H1"), resident, SAID)
    with pytest.raises(Refused):
        card_of(node, the_resident(resident), resident, SAID)


def test_a_facility_prints_nothing_because_it_keeps_a_chart(node: Node) -> None:
    """The patient's own hospital, to which they did not come: a card would open what others wrote."""
    resident = here(node, NUMBERS[1], "H2")

    with pytest.raises(Refused):
        card_of(node, clinician("H1"), resident, SAID)


@pytest.mark.parametrize(
    "agreement",
    [
        Agreement(how=Agreed.SIGNED),
        Agreement(how=Agreed.SIGNED, paper=NUMBERS[0]),
        Agreement(how=Agreed.SIGNED, paper="a paper that they signed"),
        Agreement(how=Agreed.SAID, paper="2026-0417"),
    ],
    ids=("no paper", "a number of a person", "a text", "both"),
)
def test_what_it_stands_on_is_a_word_or_a_paper_with_its_number(node: Node, agreement: Agreement) -> None:
    with pytest.raises(CardRefused):
        card_of(node, clinician("H2"), here(node, NUMBERS[0]), agreement)


def test_cards_that_wait_are_printed_once_in_their_order_and_each_is_shown(node: Node) -> None:
    residents = [here(node, number) for number in NUMBERS]
    for count, resident in enumerate(residents, 1):
        assert order_card(node, clinician("H2"), resident, SAID) == count
        node.clock = FixedClock(node.clock.now() + timedelta(minutes=1))
    printed = print_waiting(node, "H2", list)

    assert [(one.initial, one.number) for one in printed] == [("王", 1), ("李", 2), ("A", 3), ("赵", 4)]
    assert print_waiting(node, "H2", list) == []
    for resident in residents:
        looks = looks_of(node, resident)
        assert ("card", "clinician-H2", "H2", "card-agreed") in looks
        assert ("card", "cards", "H2", "card-agreed") in looks


def test_cards_that_could_not_be_drawn_wait_on_and_one_at_the_desk_leaves_none_behind(node: Node) -> None:
    resident = here(node, NUMBERS[0])
    order_card(node, clinician("H2"), resident, SAID)
    before = my_cards(node, the_resident(resident))

    with pytest.raises(OSError, match="full"):
        print_waiting(node, "H2", broken)
    with pytest.raises(OSError, match="full"):
        print_card(node, clinician("H2"), resident, SAID, broken)
    assert my_cards(node, the_resident(resident)) == before
    assert len(print_waiting(node, "H2", list)) == 1


def test_of_two_who_print_at_once_one_is_refused_and_marks_nothing(node: Node) -> None:
    order_card(node, clinician("H2"), here(node, NUMBERS[0]), SAID)

    def overtaken(_: list[Printed]) -> None:
        print_waiting(node, "H2", list)
        order_card(node, clinician("H2"), here(node, NUMBERS[1]), SAID)

    with pytest.raises(CardRefused, match="meanwhile"):
        print_waiting(node, "H2", overtaken)
    assert [one.initial for one in print_waiting(node, "H2", list)] == ["李"]


def test_what_was_not_ordered_is_not_printed_and_another_facility_prints_only_its_own(node: Node) -> None:
    here(node, NUMBERS[0], "H1")
    order_card(node, clinician("H2"), here(node, NUMBERS[1], "H2"), SAID)

    assert print_waiting(node, "H1", list) == []
    assert len(print_waiting(node, "H2", list)) == 1


def test_an_order_lapses_with_the_care_relation_it_stands_on(node: Node) -> None:
    order_card(node, clinician("H2"), here(node, NUMBERS[0]), SAID)
    node.clock = FixedClock(node.clock.now() + access.RELATION_LASTS)

    assert print_waiting(node, "H2", list) == []
    here(node, NUMBERS[0])
    assert print_waiting(node, "H2", list) == [], "coming again does not revive it"


def test_an_order_of_before_the_code_was_replaced_is_not_printed(node: Node) -> None:
    for number in NUMBERS[:2]:
        order_card(node, clinician("H2"), here(node, number), SAID)
    node.clock = FixedClock(node.clock.now() + timedelta(minutes=1))
    replace_code(node, the_resident(here(node, NUMBERS[0])))
    (printed,) = print_waiting(node, "H2", list)
    assert printed.initial == "李"

    order_card(node, clinician("H2"), here(node, NUMBERS[0]), SAID)
    assert len(print_waiting(node, "H2", list)) == 1, "an order since then is"


def test_a_code_first_looked_at_after_the_order_stops_no_card(node: Node) -> None:
    """The first code of somebody is issued with the order, so that only a later one has replaced it."""
    resident = here(node, NUMBERS[3])
    order_card(node, clinician("H2"), resident, SAID)
    node.clock = FixedClock(node.clock.now() + timedelta(minutes=1))
    mine = my_code(node, the_resident(resident)).code

    assert [one.code for one in print_waiting(node, "H2", list)] == [mine]


def test_no_more_may_wait_than_a_number_that_is_written_down(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("salus.healthcode.cards.service.MOST_WAITING", 1)
    order_card(node, clinician("H2"), here(node, NUMBERS[0]), SAID)

    with pytest.raises(TooManyCards):
        order_card(node, clinician("H2"), here(node, NUMBERS[1]), SAID)
    assert cards.MOST_WAITING <= 200


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OPERATOR, Role.COMMANDER, Role.INDEX_REVIEWER])
def test_no_other_role_prints(node: Node, role: Role) -> None:
    facility = None if role in (Role.AUDITOR, Role.OPERATOR) else "H2"
    with pytest.raises(Refused):
        card_of(node, principal(role, "somebody", facility=facility, strong=True), here(node, NUMBERS[0]), SAID)


def test_every_query_has_an_index(node: Node) -> None:
    with node.store.transaction(Duty.MIGRATION) as tx:
        tx.run("set local enable_seqscan = off")
        plans = [
            "\n".join(row[0] for row in tx.rows(f"explain {query}", values))
            for query, values in (
                (sql.WAITING, ("H2", START, 10)),
                (sql.OF_RESIDENTS, ([1, 2], 10)),
            )
        ]

    assert "card_of_facility" in plans[0]
    assert "card_of_resident" in plans[1]
    assert all("Seq Scan" not in plan for plan in plans)


def test_the_desk_asks_how_they_agreed_and_gives_a_card_that_a_scanner_reads(node: Node, client: Asking) -> None:
    desk = Visitor(node, client, Role.RECEPTION, "H2")
    page = f"/desk/{here(node, NUMBERS[2])}/card"
    assert "Ask: may I print your code?" in desk.text(page)
    assert "Kade" not in desk.text(page)
    unsaid = desk.post(page, when="now")
    assert unsaid.status_code == 400
    assert "Say how they agreed." in words_of(unsaid)
    assert "Write the number" in words_of(desk.post(page, how="signed", when="now"))
    answer = desk.post(page, how="said", when="now")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    (paper,) = papers(answer.content)
    width, height, octets = paper.picture(8)
    picture = memoryview(octets).cast("B", (height, width))
    (read,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)  # type: ignore[arg-type]
    assert key_of(node, read.text)


def test_a_card_that_waits_is_printed_by_the_command_on_a_sheet(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    folder = tmp_path_factory.mktemp("issuing")
    with a_node(folder, "H1") as opened, asking(opened) as client:
        opened.clock = SystemClock()
        send(opened, system("H1"), a_patient(NUMBERS[0], name=[{"text": "བསོད་ནམས།"}]))
        desk = Visitor(opened, client, Role.RECEPTION, "H1")
        page = f"/desk/{here(opened, NUMBERS[0], 'H1')}/card"
        assert desk.post(page, how="signed", paper="7/2026", when="later").headers["Location"] == "/desk"
    sheet = tmp_path / "cards.pdf"
    asked = ["code", "issue", "--facility", "H1", "--output", str(sheet), "--data", str(folder / "data"), "--json"]
    elsewhere = [str(tmp_path / "none" / "cards.pdf") if one == str(sheet) else one for one in asked]
    assert CliRunner().invoke(main, elsewhere).exit_code == 2
    first, second = (CliRunner().invoke(main, asked) for _ in range(2))

    assert orjson.loads(first.output) == {"cards": 1, "file": str(sheet)}
    assert orjson.loads(second.output) == {"cards": 0, "file": None}
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert len(papers(sheet.read_bytes())) == 1


def test_a_card_is_never_shown_by_its_own_words() -> None:
    assert "SL1" not in repr(Printed(code="SL1:X", initial="A", number=1))
