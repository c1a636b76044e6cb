"""Print the cards that a facility's desks ordered. What is printed are orders: nobody is named to this command."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

import click

from salus.app import Printed, open_node, print_waiting
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.healthcode.cards import CardRefused
from salus.web import CardFace, Language, Sheet, cards_pdf, check_cards


@click.command()
@click.option("--facility", required=True, help="The facility whose desks ordered the cards.")
@click.option("--output", required=True, type=click.Path(dir_okay=False, writable=True, path_type=Path), help="A PDF.")
@click.option(
    "--sheet",
    type=click.Choice([one.value for one in Sheet]),
    default=Sheet.WALLET.value,
    show_default=True,
    help="a4: ten of the size of a bank card on a sheet; a6: postcards.",
)
@click.option("--language", type=click.Choice([one.value for one in Language]), default="en", show_default=True)
@data_option
@settings_option
@json_option
@ending
def issue(
    facility: str,
    output: Path,
    sheet: str,
    language: str,
    data: Path | None,
    settings: Path | None,
    as_json: bool,
) -> None:
    """Print the cards that wait at a facility, each once, in the order in which its desks asked for them.

    A desk orders a card for somebody who is there and agrees. An order lapses after a day, and when the care relation
    ends. Whose a card is says its initial and its number in the order; scan it at the desk before it is handed over.
    """
    chosen = Language(language)
    if not output.parent.is_dir():
        raise click.BadParameter("there is no such folder to write it to", param_hint="--output")
    check_cards(chosen)  # before anything is read
    with open_node(settings_of(settings, data=data)) as node:
        try:
            count = print_waiting(node, facility, partial(_written, output, Sheet(sheet), chosen, node.clock.now()))
        except CardRefused:
            output.unlink(missing_ok=True)
            raise
    if as_json:
        tell({"cards": count, "file": str(output) if count else None})
    elif count:
        say(f"{count} cards stand in {output}; print them, hand them over and remove the file")
    else:
        say("no card waits here")


def _written(output: Path, sheet: Sheet, language: Language, at: datetime, cards: list[Printed]) -> int:
    """Draw cards, write the file, and return how many there are; no file where there are none."""
    if cards:
        faces = [CardFace(code=one.code, mark=f"{one.initial} {one.number}") for one in cards]
        octets = cards_pdf(faces, sheet, language, at)
        output.touch(mode=0o600)
        output.chmod(0o600)
        output.write_bytes(octets)
    return len(cards)
