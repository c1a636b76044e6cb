"""What is found: a stable code, the leaf, the party or key that answers for it, and words."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 10_000
"""How many findings are told; more are counted only."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong. `leaf` is its place in the log, `key` whoever answers for it, if anybody does."""

    code: str
    leaf: int | None
    key: str | None
    text: str

    def as_json(self) -> dict[str, object]:
        """Return it for a program."""
        return {"code": self.code, "leaf": self.leaf, "key": self.key, "text": self.text}


@dataclass(slots=True)
class Findings:
    """All that is found in one log, and what could not be looked at."""

    told: list[Finding] = field(default_factory=list)
    more: int = 0
    unchecked: list[str] = field(default_factory=list)

    def add(self, code: str, leaf: int | None, key: str | None, text: str) -> None:
        """Note something that is wrong."""
        if len(self.told) < MOST:
            self.told.append(Finding(code, leaf, key, text))
        else:
            self.more += 1

    def pass_over(self, text: str) -> None:
        """Note, once, what could not be looked at, and why."""
        if text not in self.unchecked:
            self.unchecked.append(text)
