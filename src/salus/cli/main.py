"""The commands, each a few lines over `app`."""

from __future__ import annotations

from importlib.metadata import version

import click

from salus.cli import codes, contests, demo, facilities, ledgers, nodes, publishing, saving, witnesses

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("salus"), prog_name="salus")
def main() -> None:
    """Run and check a Salus node."""


for command in (
    demo.demo,
    nodes.serve,
    nodes.import_,
    nodes.token,
    nodes.roles,
    facilities.facility,
    ledgers.ledger,
    publishing.party,
    publishing.publish,
    codes.code,
    witnesses.witness,
    saving.backup,
    saving.restore,
):
    main.add_command(command)
ledgers.ledger.add_command(contests.appeals)
