"""What the pages of what is open and closed in a record are given: the resident's own, and the desk's form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from salus.access import About
from salus.web.views import Words


class Form(StrEnum):
    """What a form of these pages does."""

    OPEN = "open"  # one class, or all three, to every place that treats, or to one
    SHUT_OUT = "shut-out"  # one place, which reads nothing that others wrote
    AT_DESK = "at-desk"  # closing alone, for a resident who is there, on a signed paper


class ClosingTrouble(StrEnum):
    """Why a form was not taken. The page keeps what was chosen."""

    WHAT = "what"
    WHOM = "whom"
    BOTH = "both"  # every place, and one that is named
    PLACE = "place"
    WHICH = "which"  # several places are called so
    PAPER = "paper"
    TOO_MUCH = "too-much"


class Lasting(StrEnum):
    """How long something shall hold."""

    DAY = "day"
    WEEK = "week"
    QUARTER = "quarter"
    YEAR = "year"
    ALWAYS = "always"  # until it is taken back; for what closes alone


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidLine:
    """One thing that was said. `facility` is None for every place of care, `until` for as long as it is not taken back.

    `by` names who wrote it down at a desk, and is None where the resident said it. `overruled` is an opening that
    something closed stands against.
    """

    form: str
    opens: bool
    about: About
    facility: Words | None
    since: datetime
    until: datetime | None
    withdrawn: datetime | None = None
    at_desk: bool = False
    by: Words | None = None
    paper: str | None = None
    overruled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """One sensitive class: what stands of it now, openings and closings; none of either means that it is closed."""

    about: About
    opened: tuple[SaidLine, ...]
    shut: tuple[SaidLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MyClosing:
    """What is open and closed in the resident's record, by what they said. It says nothing of what the record holds."""

    template: ClassVar[str] = "my_closing.html"
    classes: tuple[ClassLine, ...]
    shut_out: tuple[SaidLine, ...]
    earlier: tuple[SaidLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLine:
    """A place of care to choose. `key` is what the form sends back."""

    key: str
    name: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was filled in before, to be kept where a form comes back."""

    about: str = ""
    whom: str = ""
    place: str = ""
    lasts: str = ""
    paper: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingForm:
    """A form by which something is opened or closed. `places` are those that a name fits, where it fits
    several; `more` tells that there are yet others.
    """

    template: ClassVar[str] = "closing_form.html"
    kind: Form
    form: str
    back: str
    chosen: Chosen = Chosen()
    places: tuple[PlaceLine, ...] = ()
    more: bool = False
    trouble: ClosingTrouble | None = None
