"""Check a public log from its files, or a node's with its rows, and close a batch of a node's log."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from salus.cli.believing import check_named, trust_option, trust_told, vkey_option, witness_keys, witness_option
from salus.cli.output import data_option, ending, json_option, say, settings_option, tell
from salus.cli.settings import settings_of
from salus.kernel import format_instant
from salus.ledger import Report, verify_directory


@click.command()
@click.argument("place", required=False)
@trust_option
@vkey_option
@witness_option
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint kept from an earlier day: the log must only have grown since.",
)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A node's data folder instead of a place: its rows are held against its log as well.",
)
@settings_option
@json_option
@ending
def verify(
    place: str | None,
    trust: Path | None,
    vkey: str | None,
    witnesses: tuple[str, ...],
    since: Path | None,
    data: Path | None,
    settings: Path | None,
    as_json: bool,
) -> None:
    """Recompute a whole log, a folder or an address, and compare it with its signed and cosigned checkpoint."""
    if (place is None) == (data is None):
        raise click.UsageError("name a folder or an address, or a node's data folder with --data")
    kept = since.read_text("utf-8", "replace") if since else None
    if trust:
        check_named(trust, vkey, witnesses)
    believed, keys = trust_told(trust)[0] if trust else None, witness_keys(witnesses)
    if data is None:
        report = verify_directory(str(place), vkey, kept, keys, trust=believed)
    else:
        from salus.app import check_node, open_node  # noqa: PLC0415  loads for a second what a log's files do without

        with open_node(settings_of(settings, data=data)) as node:
            trusted = keys or (node.trust.witnesses if node.trust else ())
            report = verify_directory(data / "log", vkey or node.sequencer.key, kept, trusted, trust=believed)
            report = replace(report, findings=(*report.findings, *check_node(node)))
    if as_json:
        tell(report.as_json())
    else:
        _say(report)
    sys.exit(0 if report.good else 1)


def _say(report: Report) -> None:
    for finding in report.findings:
        say(f"{finding.code} {finding.where}: {finding.text}")
    size = report.checkpoint.size if report.checkpoint else 0
    trusted = "given key" if report.key_given else "published key, which you should compare with another source"
    verdict = "consistent with its signed checkpoint" if report.good else f"NOT GOOD: {len(report.findings)} findings"
    say(f"{report.place}: {size} entries, {verdict} ({trusted})")
    if report.trust is None:
        say("no witness was named: this does not show that everybody is shown the same log")
        return
    told = f"{len(report.times)} of {len(report.trust.witnesses)} witnesses cosigned it, {report.trust.quorum} must"
    by = f"; by {format_instant(report.cosigned.at)} a quorum had" if report.cosigned else ""
    say(f"{told}{by}")


@click.command()
@data_option
@settings_option
@ending
def close(data: Path | None, settings: Path | None) -> None:
    """Close a batch of a node's log now, rather than at the hour."""
    from salus.app import close_batch, open_node  # noqa: PLC0415  as above

    with open_node(settings_of(settings, data=data)) as node:
        close_batch(node)
