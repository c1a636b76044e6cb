"""One Fellegi-Sunter model, two engines: what says how alike two records are, and which records are one person's.

This face is pure. Training and matching whole tables load DuckDB and Splink, in `training` and `matching`.
"""

from salus.identity.linkage.errors import NotWritten, SpecRefused, TableRefused, TrainingRefused, WeightsRefused
from salus.identity.linkage.keys import keys
from salus.identity.linkage.model import Blocking, Comparison, Kind, Level, Part, Row, Spec, Test, Value
from salus.identity.linkage.scoring import Scored, Scorer, score
from salus.identity.linkage.specs import read_spec
from salus.identity.linkage.weights import Weights, read_weights, write_weights

__all__ = [
    "Blocking",
    "Comparison",
    "Kind",
    "Level",
    "NotWritten",
    "Part",
    "Row",
    "Scored",
    "Scorer",
    "Spec",
    "SpecRefused",
    "TableRefused",
    "Test",
    "TrainingRefused",
    "Value",
    "Weights",
    "WeightsRefused",
    "keys",
    "read_spec",
    "read_weights",
    "score",
    "write_weights",
]
