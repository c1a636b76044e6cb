"""The specification of people: what is compared how, and which pairs are looked at. Columns are `Features`' fields."""

from __future__ import annotations

from salus.identity.linkage.model import Blocking, Comparison, Level, Spec
from salus.identity.linkage.specs import read_part, read_test

LINK_BITS = 8.0
"""The weight from which a pair may be linked without a person looking: a probability of .996 for the weakest."""
REVIEW_BITS = 0.0
MOST_PER_SOURCE = 20
"""The most records of one source in a cluster. More come of a number or a name that stands for nobody."""
_YEAR = "birth[0:4]"


def _level(text: str, by_frequency: str = "") -> Level:
    return Level(name=text, tests=tuple(map(read_test, text.split(" and "))), by_frequency=by_frequency)


def _rule(name: str, *parts: str, at_most: int = 200, tells_of: tuple[str, ...] = ()) -> Blocking:
    return Blocking(name=name, parts=tuple(map(read_part, parts)), at_most=at_most, tells_of=tells_of)


_COMPARISONS = (
    Comparison(
        name="names",
        needs=("sound",),
        levels=(
            _level("equal characters", "characters"),
            _level("equal sound", "sound"),
            _level("shared sounds 1"),
            _level("damerau sound 1"),
            _level("equal surname"),
        ),
    ),
    Comparison(
        name="births",
        needs=("birth",),
        levels=(
            # The first of January is many people's who know a year alone.
            _level("equal birth and is vague 0"),
            _level("equal birth"),
            _level("date-swapped birth"),
            _level("damerau birth 1"),
            _level("date-parts birth 2"),
            _level("within birth_day 60"),
            _level("equal birth_year"),
        ),
        ordered=False,
    ),
    Comparison(name="sexes", needs=("sex",), levels=(_level("equal sex"),)),
    Comparison(
        name="numbers",
        needs=("typed",),
        levels=(
            _level("equal typed"),
            # Of numbers with a check character one is a slip of the pen. Those of a series are the next person's.
            _level("damerau typed 1 and is series 0"),
            _level("is numbered 1"),
        ),
        # Two valid numbers that differ speak against one person more than a valid and a mistyped one.
        ordered=False,
    ),
    Comparison(name="phones", needs=("phone",), levels=(_level("equal phone"),)),
    Comparison(
        name="homes",
        needs=("county",),
        levels=(_level("equal dwelling"), _level("equal house"), _level("equal county")),
    ),
)

PEOPLE = Spec(
    name="people",
    source="source",
    comparisons=_COMPARISONS,
    blocking=(
        _rule("number", "typed", tells_of=("births",)),
        _rule("name and year of birth", "sounds[each]", _YEAR, tells_of=("names", "births")),
        _rule("name and county", "sounds[each]", "county", tells_of=("names",)),
        _rule("name and telephone", "sound", "phone", tells_of=("names",)),
        _rule("telephone and year of birth", "phone", _YEAR),
        _rule("birth date and county", "birth", "county"),
    ),
    seeds=("number", "name and telephone"),
    link=LINK_BITS,
    review=REVIEW_BITS,
    per_source=MOST_PER_SOURCE,
)
