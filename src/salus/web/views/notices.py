"""What the page of a resident's notices is given: frozen view models, as those of `views`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from salus.rules import Measure
from salus.web.views import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldNotice:
    """One measure that is proved now. `file` downloads what proves it, `command` recomputes that on any computer.

    `contest` is where its holder contests it, once there is such a page.
    """

    kind: Measure
    clause: Words
    disease: str
    starts: datetime
    ends: datetime
    proved_at: datetime
    rules: str
    file: str
    command: str
    contest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a sampling site handed out: shown again there, it joins a later specimen to the earlier ones."""

    text: str = field(repr=False)
    site: Words | None
    taken: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MyNotice:
    """What is asked of the resident now, usually nothing. `witnessed` tells whether the log has witnesses at all."""

    template: ClassVar[str] = "my_notice.html"
    held: tuple[HeldNotice, ...]
    receipts: tuple[Receipt, ...]
    witnessed: bool
