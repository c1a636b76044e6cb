"""The commands by name. Each is loaded when it is called, so that a door's check waits for nothing that nodes need."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import ClassVar

import click

from salus.cli.beside import beside, installed


class Commands(click.Group):
    """A group whose commands are named here: each with its place, `module:name` below `salus.cli`, and what it does.

    What it does is as much of the command's own first sentence as a list has room for: so that the list loads none.
    """

    places: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in order."""
        return sorted(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None for a name that there is not."""
        if cmd_name not in self.places:
            return None
        module, _, name = self.places[cmd_name][0].partition(":")
        found: click.Command = getattr(_loaded(f"salus.cli.{module}"), name)
        return found

    def listed(self) -> dict[str, click.Command]:
        """Return what stands for each command in a list."""
        return {name: click.Command(name, help=does) for name, (_, does) in self.places.items()}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands and what each does."""
        click.Group(commands=self.listed()).format_commands(ctx, formatter)


def _loaded(name: str) -> ModuleType:
    """Import a module; nothing that loading makes is garbage, so the collector looks at none of it, then or later."""
    if name in sys.modules:
        return sys.modules[name]
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.enable()
        if "duckdb" not in sys.modules:  # at the end it calls leaked, in many lines, what was left out
            gc.freeze()


class _Main(Commands):
    places: ClassVar[Mapping[str, tuple[str, str]]] = {
        "backup": ("saving:backup", "Save a node into two files, data and keys apart."),
        "code": ("main:code", "Check codes without a node, and print the cards that wait..."),
        "demo": ("demo:demo", "Set up a demo node if there is none, tell the story, and..."),
        "disclosure": ("disclosures:disclosure", "Show a court what it ordered to be shown of one resident,..."),
        "facility": ("facilities:facility", "Register and list facilities."),
        "import": ("nodes:import_", "Import FHIR files (JSON, NDJSON, gzip, zstd)."),
        "index": ("main:index", "Ask about the resident index; it cannot be listed."),
        "keys": ("shredding:keys", "Destroy the key of a chart by the order of two people, and..."),
        "ledger": ("main:ledger", "Check the public log."),
        "link": ("linking:link", "Say which records of FILE, CSV or Parquet, are one person's."),
        "party": ("publishing:party", "Make a signer's key, say in the public log whose key may..."),
        "population": ("population:population", "Print residents by county, sex and age at the end of a..."),
        "publication": ("publications:publication", "Prepare, check, sign and veto rules, emergencies and..."),
        "publish": ("publishing:publish", "Hand a DOCUMENT (canonical JSON) and its SIGNATURES (JSON:..."),
        "restore": ("saving:restore", "Bring a node back into a new folder from its two files,..."),
        "roles": ("roles:roles", "List the roles and the purposes of use that each may name."),
        "selftest": ("selftesting:selftest", "Test the connection of a sandbox's client to a node, step..."),
        "serve": ("nodes:serve", "Serve a node until it is stopped."),
        "slip": ("slips:slip", "Make exposure slips that a case passes on, and hand a node..."),
        "token": ("nodes:token", "Print a bearer token for a role."),
        "veto": ("publishing:veto", "Hand an ombudsman's veto, a FILE that `salus publication..."),
        "witness": ("witnessing:witness", "Cosign heads of logs that only ever grew, until stopped."),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, those of packages beside this one that are installed among them."""
        return sorted([*self.places, *installed()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command of our own, or of a package beside this one."""
        return super().get_command(ctx, cmd_name) or beside(cmd_name)

    def listed(self) -> dict[str, click.Command]:
        """Return what stands for each command in a list; the few of packages beside this one are loaded for it."""
        return {**super().listed(), **{name: found for name in installed() if (found := beside(name))}}


class _Code(Commands):
    places: ClassVar[Mapping[str, tuple[str, str]]] = {
        "explain": ("explaining:explain", "Recompute a measure from its FILE and say what it asks,..."),
        "issue": ("issuing:issue", "Print the cards that wait at a facility, each once, in the..."),
        "recognition": ("recognising:recognition", "Write a recognition NAME of keys of other issuers; `salus..."),
        "freshen": ("freshening:freshen", "Bring a kept trust file up to date, in its place, and say..."),
        "key": ("trusting:key", "Show the keys that a node signs certificates with, as a..."),
        "trust": ("trusting:trust", "Write a node's trust file: the same that it serves to..."),
        "verify": ("codes:verify", "Judge codes: INPUT is one (SL1, HC1, shc:/, a JWS), or a..."),
    }


class _Ledger(Commands):
    places: ClassVar[Mapping[str, tuple[str, str]]] = {
        "appeals": ("contests:appeals", "Count contests opened, answered in time, ended and..."),
        "close": ("ledgers:close", "Close a batch of a node's log now, rather than at the hour."),
        "compare": ("mirrors:compare_heads", "Hold two heads of one log against each other: FIRST and..."),
        "emergencies": ("emergencies:emergencies", "Say of each emergency who signed it and whether it follows..."),
        "mirror": ("mirrors:mirror_log", "Copy the log at PLACE, an address or a folder, into..."),
        "prove": ("proving:prove", "Check the proof in FILE: of one look at a record, as its..."),
        "verify": ("ledgers:verify", "Recompute a whole log, a folder or an address, and compare..."),
    }


class _Index(Commands):
    places: ClassVar[Mapping[str, tuple[str, str]]] = {
        "explain": ("indexing:explain", "Say which charts are one resident's and why, for residents or..."),
        "size": ("indexing:size", "Say how many residents the index holds, and for how many..."),
    }


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="salus", prog_name="salus")
def main() -> None:
    """Run and check a Salus node."""


@click.group(cls=_Index)
def index() -> None:
    """Ask about the resident index; it cannot be listed."""


@click.group(cls=_Code)
def code() -> None:
    """Check codes without a node, and print the cards that wait at one."""


@click.group(cls=_Ledger)
def ledger() -> None:
    """Check the public log."""
