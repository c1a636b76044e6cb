"""Which value stands for a resident, element by element, and why; whatever the order in which charts are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.identity.surviving import Reason, Statement, survivors

START = datetime(2031, 3, 1, tzinfo=UTC)


def states(value: str, source: str = "H1", day: int = 0, *, vouched: bool = False, element: str = "name") -> Statement:
    return Statement(element=element, value=value, source=source, at=START + timedelta(days=day), vouched=vouched)


@pytest.mark.parametrize(
    ("stated", "value", "reason"),
    [
        ([states("王芳")], "王芳", Reason.ALONE),
        ([states("王芳"), states("王芳", "H2")], "王芳", Reason.ALONE),
        ([states("王芳", vouched=True), states("王方", "H2", 5), states("王方", "H3", 6)], "王芳", Reason.DOCUMENT),
        ([states("王芳"), states("王芳", "H2"), states("王方", "H3", 9)], "王芳", Reason.MOST),
        ([states("王芳"), states("王方", "H2", 9)], "王方", Reason.NEWEST),
        ([states("王方"), states("王方"), states("王方"), states("王芳", "H2", 9)], "王芳", Reason.NEWEST),
        ([states("1", element="address"), states("1", "H2", element="address"),
          states("2", "H3", 1, element="address")], "2", Reason.NEWEST),
        ([states("male", element="gender"), states("male", "H2", element="gender"),
          states("female", "H3", 9, vouched=True, element="gender")], "male", Reason.MOST),
    ],
)  # fmt: skip
def test_a_value_stands_for_a_reason(stated: list[Statement], value: str, reason: Reason) -> None:
    (found,) = survivors(stated)

    assert (found.value, found.reason) == (value, reason)
    assert found.others == len({one.value for one in stated}) - 1


def test_the_newest_who_states_it_is_its_source() -> None:
    (found,) = survivors([states("王芳", "H1", 1), states("王芳", "H2", 3), states("王芳", "H3", 2)])

    assert (found.source, found.at) == ("H2", START + timedelta(days=3))


def test_of_nothing_nothing_stands() -> None:
    assert survivors([]) == ()


STATEMENTS = st.lists(
    st.builds(
        states,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["H1", "H2", "H3"]),
        st.integers(0, 3),
        vouched=st.booleans(),
        element=st.sampled_from(["name", "birth_date", "gender", "telephone", "address"]),
    ),
    max_size=12,
)


@given(stated=STATEMENTS, seed=st.integers())
def test_the_order_says_nothing_and_each_value_was_stated(stated: list[Statement], seed: int) -> None:
    found = survivors(stated)
    shuffled = list(stated)
    Random(seed).shuffle(shuffled)

    assert survivors(shuffled) == found
    assert {one.element for one in found} == {one.element for one in stated}
    for one in found:
        assert any((s.element, s.value, s.source, s.at) == (one.element, one.value, one.source, one.at) for s in stated)
