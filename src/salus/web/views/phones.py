"""A resident's code with the telephones that show it, and the page that a telephone shows it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneLine:
    """One telephone: since when, until when it shows codes without a network, and where it is removed."""

    since: datetime
    until: datetime | None
    remove: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MyCode:
    """The resident's identity code. `code` is the SL1 text; `initial` the first character of the name, nothing more.

    `issued` is when this code replaced the one before; `readers_this_week` counts people, machines not included.
    `closed_at_desk` is when something was last closed for them at a desk, if that was lately, `opened_in_emergency`
    when their record last was, if that was lately. `phones` are theirs.
    """

    template: ClassVar[str] = "my_code.html"
    code: str
    initial: str
    issued: datetime
    readers_this_week: int
    closed_at_desk: datetime | None = None
    opened_in_emergency: datetime | None = None
    phones: tuple[PhoneLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneCode:
    """The page of a telephone. The same for everybody, so that the browser may keep it; a script does the rest."""

    template: ClassVar[str] = "my_code_phone.html"
