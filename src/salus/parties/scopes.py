"""SMART scopes of systems: `system/Type.cruds` (SMART App Launch 2.2, section 3). Search restrictions are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

from salus.parties.errors import PartyInvalid

INTERACTIONS = "cruds"
_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?)", re.ASCII)
_MOST_SCOPES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a system may do with one FHIR type, or with all (`*`)."""

    kind: str
    interactions: str

    def __str__(self) -> str:
        return f"system/{self.kind}.{self.interactions}"

    def allows(self, kind: str, interaction: str) -> bool:
        """Tell whether this scope covers one interaction (one of c r u d s) on a type."""
        return self.kind in ("*", kind) and len(interaction) == 1 and interaction in self.interactions


def parse_scopes(text: str) -> tuple[Scope, ...]:
    """Read a space-separated scope string, in order, without repetitions.

    Raises PartyInvalid for anything but `system/<Type or *>.<letters of cruds in that order>`.
    """
    words = list(dict.fromkeys(text.split(" ")))
    if len(words) > _MOST_SCOPES:
        raise PartyInvalid(f"at most {_MOST_SCOPES} scopes")
    return tuple(_parse(word) for word in words)


def format_scopes(scopes: tuple[Scope, ...]) -> str:
    """Write scopes as a scope string."""
    return " ".join(map(str, scopes))


def covers(registered: tuple[Scope, ...], wanted: Scope) -> bool:
    """Tell whether registered scopes allow everything in a wanted one; `*` is covered only by `*`."""
    return all(
        any(scope.kind in ("*", wanted.kind) and letter in scope.interactions for scope in registered)
        for letter in wanted.interactions
    )


def _parse(word: str) -> Scope:
    found = _SCOPE.fullmatch(word)
    if not found or not found[2]:
        raise PartyInvalid("a scope reads system/Type.cruds or system/*.rs, its letters in the order c r u d s")
    return Scope(kind=found[1], interactions=found[2])
