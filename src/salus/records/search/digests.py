"""Forms become numbers: 64 bits of a keyed digest, another in each facility, so that no search reaches two at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, cast

from salus.records.model import Sealer
from salus.records.search.parameters import is_directory

DOMAIN: Final = "records.found"
_SANDBOX: Final = "sandbox\0"
_REMEMBERED: Final = 65_536


def _digest(sealer: Sealer, facility: str, kind: str, form: str) -> int:
    told = "" if is_directory(kind) and not facility.startswith(_SANDBOX) else facility
    mark = sealer.digest(DOMAIN, f"{told}\0{kind}\0{form}".encode("utf-8", "surrogatepass"))
    return int.from_bytes(mark[:8], "big", signed=True)


digest = cast("Callable[[Sealer, str, str, str], int]", lru_cache(maxsize=_REMEMBERED)(_digest))
"""Return the number of a form of a type, at a facility; institutions and terms are of none."""


def sandboxed(facility: str) -> str:
    """Return under what a sandbox's own institutions and terms are found: by itself alone."""
    return f"{_SANDBOX}{facility}"


def scope(sealer: Sealer, facility: str, kind: str) -> int:
    """Return the number of all resources of a type at a facility."""
    return digest(sealer, facility, kind, "")
