"""Make a kept trust file as new as now by what became void since, without a node and without a network of its own."""

from __future__ import annotations

from pathlib import Path

import click

from salus.cli.output import ending, json_option, say, tell
from salus.cli.verdicts import summary
from salus.codec.certificates import changes_from, freshened, read_trust
from salus.kernel import format_instant

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("trust", metavar="TRUST", type=_FILE)
@click.option("--rest", type=_FILE, help="The newest trust file without its lists (/trust/rest.json).")
@click.option(
    "--change",
    "changes",
    type=_FILE,
    multiple=True,
    help="What became void on a day (/trust/changes/DAY), one day after the other.",
)
@json_option
@ending
def freshen(trust: Path, rest: Path | None, changes: tuple[Path, ...], as_json: bool) -> None:
    """Bring a kept trust file up to date, in its place, and say from which day on it needs changes the next time.

    Without --rest and --change it only says that. Ends with 1, and leaves the file as it is, where the changes do not
    lead exactly to lists that their issuer signed: fetch /trust.json whole then.
    """
    if (rest is None) != (not changes):
        raise click.UsageError("--rest and --change are of use only together")
    octets = trust.read_bytes()
    if rest is not None:
        octets = freshened(octets, rest.read_bytes(), [one.read_bytes() for one in changes])
        written = trust.with_name(f"{trust.name}.new")
        written.write_bytes(octets)
        written.replace(trust)
    found = read_trust(octets)
    day = changes_from(found)
    if as_json:
        tell({"file": str(trust), **summary(found), "changes_from": day and day.isoformat()})
        return
    needs = f"changes from {day:%Y-%m-%d} on" if day else "the lists whole"
    say(f"{trust}: as of {format_instant(found.made)}, of use until {format_instant(found.ends)}; next: {needs}")
