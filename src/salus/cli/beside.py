"""Commands of packages that lie beside this one and are no part of its release; where one is missing, how to get it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "salus.commands"
BESIDE: Mapping[str, str] = {"abuse": "salus-abuse"}
"""The command, and the package in `packages/` that brings it."""


def installed() -> list[str]:
    """Return the commands of packages beside this one that are installed."""
    return sorted(one.name for one in _entries() if one.name in BESIDE)


def beside(name: str) -> click.Command | None:
    """Load such a command, or one that says how to get it; None for any other name."""
    if name not in BESIDE:
        return None
    for one in _entries():
        if one.name == name:
            found: click.Command = one.load()
            return found
    return _missing(name, BESIDE[name])


def _entries() -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points  # noqa: PLC0415  takes half as long to load as a door's whole check

    return entry_points(group=GROUP)


def _missing(name: str, package: str) -> click.Command:
    @click.command(name, context_settings={"ignore_unknown_options": True})
    @click.argument("rest", nargs=-1, type=click.UNPROCESSED)
    def missing(rest: tuple[str, ...]) -> None:
        """Say how to get it."""
        raise click.UsageError(
            f"`salus {name}` is never part of a release. In a checkout `make setup` installs it; elsewhere:"
            f" pip install ./packages/{package}"
        )

    return missing
