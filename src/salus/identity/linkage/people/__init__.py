"""People as Salus knows them: eleven columns prepared, one specification, guards as a table, trained weights.

This face is pure; whole tables load DuckDB and Splink, in `tables`, `matching` and `linking`.
"""

from salus.identity.linkage.people.guards import Guard, Outcome, Within, guards
from salus.identity.linkage.people.judging import NOT_THE_SAME, Answer, Judge, Verdict
from salus.identity.linkage.people.preparing import COLUMNS, Features, features
from salus.identity.linkage.people.specification import PEOPLE
from salus.identity.linkage.people.trained import MOST_PEOPLE, PROVEN, class_of, models, people_weights

__all__ = [
    "COLUMNS",
    "MOST_PEOPLE",
    "NOT_THE_SAME",
    "PEOPLE",
    "PROVEN",
    "Answer",
    "Features",
    "Guard",
    "Judge",
    "Outcome",
    "Verdict",
    "Within",
    "class_of",
    "features",
    "guards",
    "models",
    "people_weights",
]
