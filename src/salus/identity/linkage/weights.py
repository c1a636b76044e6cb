"""What training learned, as one value and one JSON file: probabilities, bits, frequencies, prior, thresholds.

Its name is the SHA-256 of its canonical bytes. Every weight is a multiple of 2**-40 bits, so that sums are exact in any
order. Frequencies hold only values that at least ten records share; the others are pooled.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from salus.identity.linkage.comparing import MISSING
from salus.identity.linkage.errors import WeightsRefused
from salus.identity.linkage.model import Spec
from salus.kernel import canonical

FORMAT = "salus-linkage-weights-1"
POOLED_BELOW = 10
"""A value held by fewer records than this is not written down, so that no file of weights names a rare person."""
GRAIN = 2.0**40
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?")


def grained(bits: float) -> float:
    """Round to the grain of weights."""
    return round(bits * GRAIN) / GRAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelWeight:
    """How often a level is reached by two records of one person (m) and of two persons (u)."""

    comparison: str
    level: str
    m: float
    u: float

    def __post_init__(self) -> None:
        if not (0 < self.m <= 1 and 0 < self.u <= 1):
            raise WeightsRefused(f"level '{self.level}' of {self.comparison} has no probability between 0 and 1")

    @property
    def bits(self) -> float:
        """Return the weight of reaching this level, to a multiple of the grain."""
        return grained(math.log2(self.m / self.u))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequencies:
    """Shares of the values of one column; `pooled` stands for each value that is not listed."""

    column: str
    shares: Mapping[str, float]
    pooled: float

    def of(self, value: object) -> float:
        """Return the share of a value."""
        return self.shares.get(str(value), self.pooled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A trained model of one specification. `prior` is the probability that two records drawn at random match."""

    spec: str
    prior: float
    levels: tuple[LevelWeight, ...]
    frequencies: tuple[Frequencies, ...] = ()
    link: float
    review: float
    records: int
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def prior_bits(self) -> float:
        """Return the weight of knowing nothing about two records."""
        return grained(math.log2(self.prior / (1 - self.prior)))

    def of(self, comparison: str) -> tuple[LevelWeight, ...]:
        """Return the levels of a comparison, the closest first, 'else' last."""
        return tuple(one for one in self.levels if one.comparison == comparison)

    def doubled(self, times: int, of_few: Collection[tuple[str, str]]) -> Weights:
        """Return the model for that many doublings of the people whom the records are of; its hash is another.

        In twice the people two records drawn at random are one person's half as often: a bit less from the prior for
        each doubling. `of_few` are levels, as (comparison, level), that strangers reach who share what few share
        however many others there are, a telephone: two drawn at random do so half as often, too, and what these levels
        weigh rises by the bit that the prior falls by. Without a doubling it is this model.
        """
        if not times:
            return self
        odds, part = self.prior / (1 - self.prior) / 2**times, 2.0**-times
        levels = (replace(one, u=one.u * part) if (one.comparison, one.level) in of_few else one for one in self.levels)
        return replace(self, prior=odds / (1 + odds), levels=tuple(levels))

    @property
    def hash(self) -> str:
        """Return the name of this model."""
        return hashlib.sha256(canonical(_document(self))).hexdigest()


def check_weights(weights: Weights, spec: Spec) -> None:
    """Refuse weights whose comparisons, levels or frequencies are not those of the specification."""
    for comparison in spec.comparisons:
        names = [*(level.name for level in comparison.levels), "else"]
        if [one.level for one in weights.of(comparison.name)] != names:
            raise WeightsRefused(f"the weights do not fit comparison '{comparison.name}'; train them again")
    if tuple(one.column for one in weights.frequencies) != spec.weighed_by_frequency:
        raise WeightsRefused("the weights hold frequencies of other columns than the specification; train them again")


def write_weights(weights: Weights) -> str:
    """Return the JSON text of a model: its document, one entry a line, and its hash."""
    document = {**_document(weights), "hash": weights.hash}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def read_weights(text: str) -> Weights:
    """Parse the text that `write_weights` returned. Refuses one whose hash is not that of its content."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise WeightsRefused(f"the file of weights is not of the format {FORMAT}")
        weights = _parsed(document)
        claimed = document["hash"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsRefused("the file of weights is damaged; train it again") from error
    if weights.hash != claimed:
        raise WeightsRefused("the file of weights was changed after training: its hash is not that of its content")
    return weights


def gamma_of(spec: Spec) -> dict[str, dict[int, str]]:
    """Return, for each comparison, the names of its levels by number."""
    return {
        one.name: {
            MISSING: "missing",
            0: "else",
            **{len(one.levels) - at: level.name for at, level in enumerate(one.levels)},
        }
        for one in spec.comparisons
    }


def _document(weights: Weights) -> dict[str, object]:
    return {
        "format": FORMAT,
        "spec": weights.spec,
        "records": weights.records,
        "prior": repr(weights.prior),
        "link": repr(weights.link),
        "review": repr(weights.review),
        "levels": [
            {"comparison": one.comparison, "level": one.level, "m": repr(one.m), "u": repr(one.u),
             "bits": repr(one.bits)}
            for one in weights.levels
        ],
        "frequencies": [
            {"column": one.column, "pooled": repr(one.pooled),
             "shares": {value: repr(share) for value, share in sorted(one.shares.items())}}
            for one in weights.frequencies
        ],
    }  # fmt: skip


def _parsed(document: dict[str, object]) -> Weights:
    levels, frequencies, records = document["levels"], document["frequencies"], document["records"]
    if not (isinstance(levels, list) and isinstance(frequencies, list) and isinstance(records, int)):
        raise WeightsRefused("the file of weights is damaged; train it again")
    return Weights(
        spec=str(document["spec"]),
        prior=_number(document["prior"]),
        levels=tuple(
            LevelWeight(comparison=one["comparison"], level=one["level"], m=_number(one["m"]), u=_number(one["u"]))
            for one in levels
        ),
        frequencies=tuple(
            Frequencies(
                column=one["column"],
                pooled=_number(one["pooled"]),
                shares={value: _number(share) for value, share in one["shares"].items()},
            )
            for one in frequencies
        ),
        link=_number(document["link"]),
        review=_number(document["review"]),
        records=records,
    )


def _number(text: object) -> float:
    if not isinstance(text, str) or not NUMBER.fullmatch(text):
        raise WeightsRefused("the file of weights holds a number that is none")
    return float(text)
