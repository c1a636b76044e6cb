"""Print the cards that a facility's desks ordered. What is printed are orders: nobody is named to this command."""

from __future__ import annotations

from pathlib import Path

import click

from salus.app import open_node, print_waiting
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
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
    check_cards(chosen)  # before anything is taken out of the queue
    with open_node(settings_of(settings, data=data)) as node:
        cards = print_waiting(node, facility)
        faces = [CardFace(code=one.code, mark=f"{one.initial} {one.number}") for one in cards]
        if faces:
            octets = cards_pdf(faces, Sheet(sheet), chosen, node.clock.now())
            output.touch(mode=0o600)
            output.chmod(0o600)
            output.write_bytes(octets)
    if as_json:
        tell({"cards": len(faces), "file": str(output) if faces else None})
    elif faces:
        say(f"{len(faces)} cards stand in {output}; print them, hand them over and remove the file")
    else:
        say("no card waits here")
