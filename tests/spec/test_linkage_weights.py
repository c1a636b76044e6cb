"""Weights as a file: one text for one model, named by its hash; and what is too rare to be written down."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.identity.linkage import Scorer, TrainingRefused, Weights, WeightsRefused, read_spec, read_weights
from salus.identity.linkage import write_weights as written
from salus.identity.linkage.candidates import RECORDS
from salus.identity.linkage.tables import opened
from salus.identity.linkage.training import _frequencies, check_order
from salus.identity.linkage.weights import Frequencies, LevelWeight, grained

SPEC = read_spec("""
name = "weights"
[[comparisons]]
name = "surname"
levels = ["equal surname", "damerau surname 1"]
frequencies = "surname"
[[blocking]]
on = ["surname"]
""")
probabilities = st.floats(1e-12, 1.0)
shares = st.dictionaries(st.text(max_size=4), probabilities, max_size=4)


@st.composite
def all_weights(draw: st.DrawFn) -> Weights:
    levels = tuple(
        LevelWeight(comparison="surname", level=name, m=draw(probabilities), u=draw(probabilities))
        for name in ("equal surname", "damerau surname 1", "else")
    )
    frequencies = Frequencies(column="surname", shares=draw(shares), pooled=draw(probabilities))
    prior = draw(st.floats(1e-9, 0.5))
    return Weights(
        spec="weights", prior=prior, levels=levels, frequencies=(frequencies,), link=6.6, review=0.0, records=7
    )


WEIGHTS = Weights(
    spec="weights", prior=0.001, link=6.6, review=0.0, records=7,
    levels=tuple(
        LevelWeight(comparison="surname", level=name, m=m, u=u)
        for name, m, u in (("equal surname", 0.8, 0.01), ("damerau surname 1", 0.15, 0.02), ("else", 0.05, 0.97))
    ),
    frequencies=(Frequencies(column="surname", shares={"li": 0.07}, pooled=0.0005),),
)  # fmt: skip


@given(weights=all_weights())
def test_a_model_is_read_back_as_it_was_written(weights: Weights) -> None:
    text = written(weights)

    assert read_weights(text) == weights
    assert written(read_weights(text)) == text
    assert read_weights(text).hash == weights.hash == json.loads(text)["hash"]


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(prior="0.002"),
        lambda document: document["levels"][0].update(m="0.9"),
        lambda document: document["frequencies"][0]["shares"].update(li="0.08"),
        lambda document: document.update(link="3.0"),
        lambda document: document.update(hash="0" * 64),
        lambda document: document.update(format="another"),
        lambda document: document.pop("levels"),
        lambda document: document["levels"].pop(),
        lambda document: document["levels"][0].update(u="nan"),
        lambda document: document["levels"][0].update(u=0.1),
    ],
)
def test_a_model_that_was_changed_by_hand_is_refused(change: object) -> None:
    document = json.loads(written(WEIGHTS))
    change(document)  # type: ignore[operator]

    with pytest.raises(WeightsRefused):
        read_weights(json.dumps(document))


def test_a_model_of_another_specification_is_refused() -> None:
    with pytest.raises(WeightsRefused, match="do not fit comparison 'surname'"):
        Scorer(SPEC, replace(WEIGHTS, levels=WEIGHTS.levels[1:]))
    with pytest.raises(WeightsRefused, match="frequencies of other columns"):
        Scorer(SPEC, replace(WEIGHTS, frequencies=()))


def test_a_rare_surname_that_agrees_weighs_more_than_a_frequent_one() -> None:
    scorer = Scorer(SPEC, WEIGHTS)
    frequent, rare = ({"surname": name} for name in ("li", "zhuge"))

    assert scorer(rare, rare).bits - scorer(frequent, frequent).bits == pytest.approx(math.log2(0.07 / 0.0005))
    assert scorer(frequent, frequent).parts[0].bits == pytest.approx(math.log2(0.8 / 0.07))


def test_nothing_compared_weighs_nothing_but_the_prior() -> None:
    scored = Scorer(SPEC, WEIGHTS)({"surname": None}, {"surname": "li"})

    assert scored.bits == scored.prior == grained(math.log2(0.001 / 0.999))
    assert scored.explained() == (("prior", "", scored.prior), ("surname", "missing", 0.0))


def test_a_closer_level_that_weighs_less_is_refused() -> None:
    worse = replace(WEIGHTS, levels=(replace(WEIGHTS.levels[0], u=0.5), *WEIGHTS.levels[1:]))

    check_order(SPEC, WEIGHTS)
    with pytest.raises(TrainingRefused, match=r"weighs 0\.68 bits, less than the farther"):
        check_order(SPEC, worse)


def test_a_value_that_fewer_than_ten_records_hold_is_not_written_down() -> None:
    with opened() as connection:
        connection.execute(
            f"create table {RECORDS} as select 'frequent' as surname from range(10)"
            " union all select 'rare' from range(9) union all select 'single' union all select null"
        )
        found = _frequencies(connection, "surname")

    assert found.shares == {"frequent": 0.5}
    assert found.pooled == 0.25  # the mean of 9 and 1 of 20
