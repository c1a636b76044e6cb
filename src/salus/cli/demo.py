"""The demo: a fictional country on the embedded PostgreSQL, a story line by line, and a node to look around in."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

import click

from salus import parties, synth
from salus.app import advance_clock, open_node, parse_duration
from salus.cli.country import found_country, register_country, take_in
from salus.cli.lock import serving
from salus.cli.output import ending, say
from salus.cli.settings import settings_of
from salus.cli.story import LEAD, Stage, open_rules, tell_story
from salus.cli.witnesses import BODIES, three_witnesses
from salus.kernel import format_instant
from salus.web import may_serve, run


@click.group(invoke_without_command=True)
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), default=Path(".salus/demo"), show_default=True
)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Which fictional country.")
@click.option("--residents", type=click.IntRange(1, 100_000), default=20_000, show_default=True)
@click.option("--counties", type=click.IntRange(20, 3_100), default=30, show_default=True)
@click.option("--exit", "ends", is_flag=True, help="End after the story instead of serving on.")
@click.pass_context
@ending
def demo(context: click.Context, data: Path, port: int, seed: int, residents: int, counties: int, ends: bool) -> None:
    """Set up a demo node if there is none, tell the story, and serve it until Ctrl-C."""
    if context.invoked_subcommand:
        context.obj = data
        return
    _run(data, port, seed, residents, counties, ends)


@demo.command()
@click.argument("duration")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="The demo's folder (default .salus/demo)."
)
@click.pass_context
@ending
def advance(context: click.Context, duration: str, data: Path | None) -> None:
    """Move the clock of a demo node and of its witnesses forward: 30m, 73h, 2d. Also while it is being served."""
    say(f"it is {format_instant(advance_clock(data or context.obj, parse_duration(duration)))} now")


def _run(data: Path, port: int, seed: int, residents: int, counties: int, ends: bool) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    began = time.monotonic()
    begins = format_instant(synth.MORNING - LEAD)
    settings = settings_of(
        None,
        data=data,
        port=port,
        postgres=os.environ.get("SALUS_POSTGRES", "wheel"),
        name="demo",
        clock=os.environ.get("SALUS_CLOCK", begins),
    )
    broke = threading.Event()
    with serving(data):
        may_serve(settings)  # at once, not after minutes of registering a country
        with open_node(settings, "demo", serves=True) as node, three_witnesses(node):
            say(f"a demo node is up on {node.postgres_version()}, in {data} ({time.monotonic() - began:.1f} s)")
            say(f"{len(BODIES)} witnesses of other organisations watch its public log: {', '.join(BODIES)}")
            if not parties.facilities(node.store):
                country = register_country(node, seed, residents, counties, say)
                open_rules(Stage(node=node, country=country, url=settings.public_url, say=say))
                take_in(node, country, say)
            else:
                country = found_country(node, say)
                open_rules(Stage(node=node, country=country, url=settings.public_url, say=say))
            run(node, lambda url: _begin(Stage(node=node, country=country, url=url, say=say), ends, broke))
    sys.exit(1 if broke.is_set() else 0)


def _begin(stage: Stage, ends: bool, broke: threading.Event) -> None:
    """Tell the story beside the server, once it serves."""

    def told() -> None:
        broke.set()
        try:
            tell_story(stage)
            broke.clear()
            if not ends:
                say("serving; Ctrl-C ends it")
        finally:
            if ends or broke.is_set():
                os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=told, name="story", daemon=True).start()
