"""What a model learns without labels: near the truth that made the table, the same each time, and prudent."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from salus.identity.linkage import Spec, TrainingRefused, Weights, read_spec
from salus.identity.linkage.candidates import pair, take
from salus.identity.linkage.tables import opened
from salus.identity.linkage.training import LEAST_ERROR, train

SPEC = read_spec("""
name = "training"
[[comparisons]]
name = "family"
levels = ["equal family"]
[[comparisons]]
name = "born"
levels = ["equal born", "damerau born 1"]
[[comparisons]]
name = "town"
levels = ["equal town"]
[[comparisons]]
name = "phone"
levels = ["equal phone"]
[[blocking]]
on = ["family"]
[[blocking]]
on = ["born"]
[[blocking]]
on = ["phone"]
""")
PEOPLE, TOWNS, FAMILIES = 600, 30, 400
MOVED, MISTYPED = 0.2, 0.1


def trained(spec: Spec = SPEC) -> Weights:
    """Train on two records of each person: the second has moved, or its birth date is mistyped, at known rates."""
    dice, rows = random.Random(5), []
    for at in range(PEOPLE):
        family, town = f"family {dice.randrange(FAMILIES)}", f"town {dice.randrange(TOWNS)}"
        born = f"{dice.randint(1940, 1999)}{dice.randint(1, 12):02}{dice.randint(1, 28):02}"
        rows.append([f"a{at}", family, born, town, f"{at}"])
        moved = f"town {dice.randrange(TOWNS)}" if dice.random() < MOVED else town
        mistyped = f"{born[:-1]}{(int(born[-1]) + 1) % 10}" if dice.random() < MISTYPED else born
        rows.append([f"b{at}", family, mistyped, moved, f"{at}" if dice.random() < 0.9 else f"9{at}"])
    with opened() as connection:
        connection.execute(
            "create table people as select unnest(?) as record_id, unnest(?) as family, unnest(?) as born,"
            " unnest(?) as town, unnest(?) as phone",
            [list(column) for column in zip(*rows, strict=True)],
        )
        take(connection, "people", spec)
        pair(connection, spec)
        return train(connection, spec)


@pytest.fixture(scope="module")
def weights() -> Weights:
    return trained()


def test_what_was_learned_is_near_the_truth(weights: Weights) -> None:
    born, town = weights.of("born"), weights.of("town")

    assert born[1].m == pytest.approx(MISTYPED, abs=0.04)
    assert town[0].m == pytest.approx(1 - MOVED * (1 - 1 / TOWNS), abs=0.06)
    assert town[0].u == pytest.approx(1 / TOWNS, rel=0.2)
    assert weights.of("family")[0].u == pytest.approx(1 / FAMILIES, rel=0.3)
    assert weights.prior == pytest.approx(PEOPLE / (PEOPLE * (2 * PEOPLE - 1)), rel=0.1)


def test_training_again_gives_the_same_model(weights: Weights) -> None:
    assert trained().hash == weights.hash


def test_a_field_on_which_no_match_differed_is_not_believed_to_be_without_errors(weights: Weights) -> None:
    family = weights.of("family")

    assert family[-1].m >= LEAST_ERROR * 0.99
    assert family[-1].bits > -11


def test_seeds_teach_what_they_do_not_name() -> None:
    seeds = trained(replace(SPEC, seeds=("phone",)))

    assert seeds.of("town")[0].m == pytest.approx(1 - MOVED * (1 - 1 / TOWNS), abs=0.04)
    assert seeds.of("born")[1].m == pytest.approx(MISTYPED, abs=0.03)


def test_no_pair_is_nothing_to_learn_from() -> None:
    alone = replace(SPEC, blocking=(replace(SPEC.blocking[0], pairs=1, at_most=2),))

    with pytest.raises(TrainingRefused):
        trained(alone)
