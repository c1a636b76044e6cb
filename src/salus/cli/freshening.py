"""Make a kept trust file as new as now by what became void since, without a node and without a network of its own."""

from __future__ import annotations

from pathlib import Path

import click

from salus.cli.output import ending, json_option, say, tell
from salus.cli.verdicts import summary
from salus.codec.certificates import changes_from, changes_of_day, freshened, read_trust
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
    help="What became void on a day (/trust/changes/DAY), of every issuer of the file, one day after the other.",
)
@json_option
@ending
def freshen(trust: Path, rest: Path | None, changes: tuple[Path, ...], as_json: bool) -> None:
    """Bring a kept trust file up to date, in its place, and say from which day on it needs changes the next time.

    Without --rest and --change it only says that. Ends with 1, and leaves the file as it is, where the changes leave
    one of its issuers out or do not lead exactly to lists that their issuers signed: fetch /trust.json whole then.
    """
    if (rest is None) != (not changes):
        raise click.UsageError("--rest and --change are of use only together")
    octets = trust.read_bytes()
    if rest is not None:
        told = [one for file in changes for one in changes_of_day(file.read_bytes())]
        octets = freshened(octets, rest.read_bytes(), told)
        written = trust.with_name(f"{trust.name}.new")
        written.write_bytes(octets)
        written.replace(trust)
    found = read_trust(octets)
    days = {party: day.isoformat() for party, day in sorted(changes_from(found).items())}
    first = min(days.values(), default=None)
    if as_json:
        tell({"file": str(trust), **summary(found), "changes_from": first, "changes_from_each": days})
        return
    each = f" ({', '.join(f'of {party} from {day} on' for party, day in days.items())})" if len(days) > 1 else ""
    needs = f"changes from {first} on{each}" if first else "the lists whole"
    say(f"{trust}: as of {format_instant(found.made)}, of use until {format_instant(found.ends)}; next: {needs}")
