"""The commands by name. Each is loaded when it is called, so that a door's check waits for nothing that nodes need."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import ClassVar

import click

from salus.cli.beside import beside, installed


class Commands(click.Group):
    """A group whose commands are named here and loaded from `places`, each `module:name` below `salus.cli`."""

    places: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in order."""
        return sorted(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None for a name that there is not."""
        if cmd_name not in self.places:
            return None
        module, _, name = self.places[cmd_name].partition(":")
        found: click.Command = getattr(import_module(f"salus.cli.{module}"), name)
        return found


class _Main(Commands):
    places: ClassVar[Mapping[str, str]] = {
        "backup": "saving:backup",
        "code": "main:code",
        "demo": "demo:demo",
        "disclosure": "disclosures:disclosure",
        "facility": "facilities:facility",
        "import": "nodes:import_",
        "index": "main:index",
        "keys": "shredding:keys",
        "ledger": "ledgers:ledger",
        "link": "linking:link",
        "party": "publishing:party",
        "population": "population:population",
        "publication": "publications:publication",
        "publish": "publishing:publish",
        "restore": "saving:restore",
        "roles": "nodes:roles",
        "selftest": "selftesting:selftest",
        "serve": "nodes:serve",
        "slip": "slips:slip",
        "token": "nodes:token",
        "veto": "publishing:veto",
        "witness": "witnessing:witness",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, those of packages beside this one that are installed among them."""
        return sorted([*self.places, *installed()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command of our own, or of a package beside this one."""
        return super().get_command(ctx, cmd_name) or beside(cmd_name)


class _Code(Commands):
    places: ClassVar[Mapping[str, str]] = {
        "explain": "explaining:explain",
        "issue": "issuing:issue",
        "recognition": "recognising:recognition",
        "freshen": "freshening:freshen",
        "key": "trusting:key",
        "trust": "trusting:trust",
        "verify": "codes:verify",
    }


class _Index(Commands):
    places: ClassVar[Mapping[str, str]] = {"explain": "indexing:explain"}


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("salus"), prog_name="salus")
def main() -> None:
    """Run and check a Salus node."""


@click.group(cls=_Index)
def index() -> None:
    """Ask about the resident index; it cannot be listed."""


@click.group(cls=_Code)
def code() -> None:
    """Check codes without a node, and print the cards that wait at one."""
