"""The weights that come with Salus: trained on people who do not exist, by `python tools/train_people.py`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from salus.identity.linkage.weights import Weights, read_weights


@cache
def people_weights() -> Weights:
    """Return the model that comes with Salus. Its `hash` names it in every decision."""
    return read_weights((files("salus.identity.linkage.people") / "weights.json").read_text("utf-8"))
