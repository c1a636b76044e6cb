"""The review desk as pages: the queue leads to a pair, the pair to an answer, in the browser's plain forms."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest

from nodes import Asking, a_node, a_number, a_patient, add_hospital, asking, send, system
from salus import identity
from salus.app import Node, demo_token
from salus.identity.linkage.people import Guard, guards, people_weights
from salus.kernel import Role
from salus.parties import FacilityKind
from salus.storage import Duty

H1, H2 = system("H1"), system("H2")
SEEN = identity.Evidence(fields=(("name", 11.25), ("birth_date", 9.5), ("phone", -1.125)), model="ab" * 32)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("desk"), "H1", "H2") as opened:
        add_hospital(opened, "R1", FacilityKind.REVIEW_BOARD)
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node) as opened:
        yield opened


def visit(node: Node, client: Asking, path: str, *, role: Role = Role.INDEX_REVIEWER, **sent: str) -> tuple[int, str]:
    """Open a page as a reviewer, or post its form."""
    session = f"demo.{demo_token(node, role, 'R1', None, None)}"
    headers = {"Cookie": f"salus_session={session}; salus_form=form", "Accept": "text/html"}
    if not sent:
        answer = client.ask("GET", path, headers=headers)
    else:
        csrf = node.custodian.digest("web.form", f"form\x00{session}".encode()).hex()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = client.ask("POST", path, headers=headers, data={"csrf": csrf, **sent})
    return answer.status_code, answer.text


def a_pair(node: Node, order: int) -> tuple[int, int]:
    number = a_number(order)
    one = send(node, H1, a_patient(number, name=[{"text": "王芳"}], birthDate="1980-01-01"))
    other = send(node, H2, a_patient(number, name=[{"text": "李秀英"}], birthDate="1980-01-01"))
    return one.outcomes[0].chart_key, other.outcomes[0].chart_key


def test_the_queue_leads_to_a_pair_and_the_pair_to_an_answer(node: Node, client: Asking) -> None:
    charts = a_pair(node, 1)
    status, queue = visit(node, client, "/review")
    (link,) = re.findall(r'href="(/review/\d+)"', queue)
    assert status == 200
    assert "王芳" not in queue

    status, shown = visit(node, client, link)
    assert status == 200
    assert all(text in shown for text in ("王芳", "李秀英", a_number(1), "different", "the same"))

    assert visit(node, client, link, says="same", reason="")[0] == 400
    assert visit(node, client, link, says="same", reason="asked-the-person")[0] == 303
    with node.store.transaction(Duty.CARE) as tx:
        assert len(set(identity.residents_of(tx, charts).values())) == 1
    assert re.findall(r'href="(/review/\d+)"', visit(node, client, "/review")[1]) == []


def test_the_weights_of_a_pair_are_drawn_and_told(node: Node, client: Asking) -> None:
    one = send(node, H1, a_patient()).outcomes[0].chart_key
    other = send(node, H2, a_patient()).outcomes[0].chart_key
    with node.store.transaction(Duty.CARE) as tx:
        asked = identity.Question(pair=(one, other), reason="score", at=node.clock.now(), evidence=SEEN)
        identity.review.ask(tx, [asked])
    (link,) = re.findall(r'href="(/review/\d+)"', visit(node, client, "/review")[1])

    _, shown = visit(node, client, link)

    assert "<svg" in shown
    assert all(text in shown for text in ("+11.2", "+9.5", "−1.1", "+19.6", "ab" * 32))


@pytest.mark.parametrize("guard", guards(), ids=lambda one: str(one.code))
@pytest.mark.parametrize(("language", "people"), [("en", 1_000_000), ("zh", 64_000_000)])
def test_a_guard_is_told_in_its_own_words_and_the_thresholds_are_drawn(
    node: Node, client: Asking, guard: Guard, language: str, people: int
) -> None:
    charts = [send(node, who, a_patient()).outcomes[0].chart_key for who in (H1, H2)]
    seen = identity.Evidence(fields=SEEN.fields, model=people_weights(people).hash)
    with node.store.transaction(Duty.CARE) as tx:
        pair = (charts[0], charts[1])
        asked = identity.Question(pair=pair, reason=guard.code, at=node.clock.now(), evidence=seen)
        identity.review.ask(tx, [asked])
        key = identity.review.waiting(tx, 1000)[-1].key

    status, shown = visit(node, client, f"/review/{key}?lang={language}")

    assert status == 200
    assert html.escape(guard.en if language == "en" else guard.zh) in shown
    words = ("people are asked from", "rules link from") if language == "en" else ("询问人员的下限", "规则关联的下限")
    assert all(word in shown for word in words)


def test_what_one_side_does_not_say_is_no_difference_and_one_number_in_common_is_enough(
    node: Node, client: Asking
) -> None:
    number, card = a_number(7), {"system": "urn:salus:card", "value": "77"}
    told = a_patient(number, name=[{"text": "王小明"}], birthDate="1980-01-01", gender="male")
    told["identifier"].append(card)
    one = send(node, H1, told).outcomes[0].chart_key
    other = send(node, H2, a_patient(number, name=[{"text": "Wang Xiaoming"}])).outcomes[0].chart_key
    with node.store.transaction(Duty.CARE) as tx:
        asked = identity.Question(pair=(one, other), reason="score", at=node.clock.now())
        identity.review.ask(tx, [asked])
    link = re.findall(r'href="(/review/\d+)"', visit(node, client, "/review")[1])[-1]

    rows = dict(re.findall(r'<th scope="row">(.+?)</th>.*?<td>([^<>]*(?:<span[^>]*>.</span>)?[^<>]*)</td></tr>',
                           visit(node, client, link)[1], re.DOTALL))  # fmt: skip
    said = {name: re.sub("<[^>]+>", "", text).strip() for name, text in rows.items()}
    assert said == {
        "Name": "= the same",
        "Birth date": "unknown",
        "Sex": "unknown",
        "Numbers": "= the same",
        "Telephone": "unknown",
        "Address": "unknown",
    }


@pytest.mark.parametrize("path", ["/review/0", "/review/999999", "/review/x", "/review/1٢"])
def test_a_question_that_does_not_wait_is_told_so(node: Node, client: Asking, path: str) -> None:
    status, _ = visit(node, client, path)

    assert 400 <= status < 500
