"""Link a table of people from a file: needs no node and no network."""

from __future__ import annotations

from pathlib import Path

import click

from salus.cli.output import ending, json_option, say, tell
from salus.identity.linkage import Spec, SpecRefused, read_spec
from salus.identity.linkage.linking import Linked, link_file
from salus.identity.linkage.people import MOST_PEOPLE, people_weights
from salus.identity.linkage.people.linking import link_people
from salus.kernel import SystemClock, civil_day


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write record_id, cluster_id: a name that ends in .csv or .parquet.",
)
@click.option(
    "--review",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the pairs that a person should look at: record_id_a, record_id_b, weight, reason.",
)
@click.option(
    "--spec",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file that says which columns there are and how they are compared; not needed where they are ours.",
)
@click.option(
    "--people",
    type=click.IntRange(1, MOST_PEOPLE),
    help="Learn nothing: weigh as a node does whose register is for so many people.",
)
@json_option
@ending
def link(file: Path, out: Path, review: Path | None, spec: Path | None, people: int | None, as_json: bool) -> None:
    """Say which records of FILE, CSV or Parquet, are one person's.

    The model learns from FILE itself and needs no examples. Both results are written whole or not at all. Without
    --spec the columns are record_id, source, name, sex, birth_date, id_type, id_number, phone, county, address and
    recorded_at, and a table of guards turns doubtful links into pairs to review.
    """
    if spec is not None and people is not None:
        raise click.UsageError("--people is for our columns: a specification has a model of its own")
    found = _linked(file, out, review, spec, people)
    if as_json:
        left_out = {one.rule: one.pairs_left_out for one in found.left_out}
        tell({
            "records": found.records, "clusters": found.clusters, "review": found.pairs_to_review,
            "model": found.weights.hash, "pairs_left_out": left_out, "notes": [*found.notes, *found.weights.notes],
        })  # fmt: skip
        return
    say(f"{found.records:,} records are {found.clusters:,} people; {found.pairs_to_review:,} pairs to review")
    for one in found.left_out:
        say(f"left out by its budget: {one.rule}, {one.blocks_left_out:,} blocks, {one.pairs_left_out:,} pairs")
    for note in found.notes:
        say(f"not read: {note}")
    for note in found.weights.notes:
        say(f"learned with doubt: {note}")
    say(f"model {found.weights.hash}")


def _linked(file: Path, out: Path, review: Path | None, spec: Path | None, people: int | None) -> Linked:
    def progress(line: str) -> None:
        click.echo(line, err=True)

    if spec is None:
        weights, today = people_weights(people) if people else None, civil_day(SystemClock().now())
        return link_people(file, out, review=review, weights=weights, today=today, progress=progress)
    return link_file(file, out, _spec(spec), review=review, progress=progress)


def _spec(path: Path) -> Spec:
    try:
        return read_spec(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SpecRefused(f"'{path.name}' cannot be read as a specification") from error
