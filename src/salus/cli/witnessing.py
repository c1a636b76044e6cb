"""The command that runs a witness. It loads nothing of a node: best run by somebody else, on another machine."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from salus.cli.output import ending, say
from salus.proof import VerifierKey
from salus.witness import Settings, run


@click.command()
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), required=True, help="The witness's own folder."
)
@click.option("--name", required=True, help="The witness's name, such as witness.example; fixed at the first start.")
@click.option("--log-vkey", "logs", multiple=True, required=True, help="The key of a log to watch; may be given again.")
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="Where to listen on 127.0.0.1; 0 takes any.")
@click.option(
    "--clock",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The clock of a demo node. A witness that has one is a demo's for ever.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Opens the witness's key; without it the passphrase lies beside the key.",
)
@ending
def witness(
    data: Path, name: str, logs: tuple[str, ...], port: int, clock: Path | None, passphrase_file: Path | None
) -> None:
    """Cosign heads of logs that only ever grew, until stopped. It needs no node and is best run by somebody else."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    keys = tuple(VerifierKey.parse(text) for text in logs)
    settings = Settings(data=data, name=name, logs=keys, port=port, clock=clock, passphrase_file=passphrase_file)
    run(settings, lambda address, ready: say(f"witness {ready.key} answers at {address}"))
