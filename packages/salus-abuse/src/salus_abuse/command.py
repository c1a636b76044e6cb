"""`salus abuse`, and `salus-abuse` by itself: run the attacks, the ablations, the honest runs, or tell Henan again."""

from __future__ import annotations

import sys
import time
from collections import Counter

import click

from salus.cli.output import say, tell
from salus_abuse.model import Ended, Outcome

MISSED = 1


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, metavar="ID", help="One attack, such as A01; may be given again.")
@click.option(
    "--ablate", "ablating", is_flag=True, help="Take away each attack's proven sets of controls: it must be missed."
)
@click.option("--list", "listing", is_flag=True, help="Say what attacks there are, and run none.")
@click.option("--story", type=click.Choice(["henan"]), help="Tell what happened in 2022 again, on a node.")
@click.option("--honest", type=click.IntRange(0, 100_000), default=0, help="Run so many honest seeds as well.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
@click.pass_context
def abuse(
    context: click.Context,
    only: tuple[str, ...],
    ablating: bool,
    listing: bool,
    story: str | None,
    honest: int,
    as_json: bool,
) -> None:
    """Attack a node that is set up for it in a temporary folder, and say of each attack how it ended.

    BLOCKED: it could not be done. DETECTED: it was done, harmed nobody who checks, and is reported under the code.
    MISSED: neither. Ends with 0 if none was missed, and with 1 otherwise.
    """
    if context.invoked_subcommand:
        return
    if listing:
        _list(only)
    elif story:
        from salus_abuse.story import henan

        sys.exit(0 if henan(say) else MISSED)
    elif ablating:
        _ablate(only, as_json)
    else:
        _attack(only, honest, as_json)


@abuse.command()
@click.option("--seeds", type=click.IntRange(1, 100_000), default=200, show_default=True)
@click.option("--first", type=int, default=1, show_default=True, help="The first seed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def honest(seeds: int, first: int, as_json: bool) -> None:
    """Run honest weeks, a seed each, and report what an auditor or a verifier finds: it must be nothing."""
    from salus_abuse.honest import run_seeds

    began = time.monotonic()
    ran = run_seeds(range(first, first + seeds))
    findings = {seed: found for seed, found in ran.items() if found}
    if as_json:
        tell({"seeds": seeds, "findings": {str(seed): found for seed, found in findings.items()}})
    else:
        for seed, found in findings.items():
            say(f"seed {seed}: {'; '.join(found)}")
        say(f"{seeds} honest seeds, {len(findings)} with findings ({time.monotonic() - began:.0f} s)")
    sys.exit(MISSED if findings else 0)


def _list(only: tuple[str, ...]) -> None:
    from salus_abuse.running import chosen

    for one in sorted(chosen(only), key=lambda each: each.id):
        cuts = "; ".join(" + ".join(cut) for cut in one.cuts)
        say(f"{one.id} ({one.powers}) {one.title}")
        say(f"    passes if {one.passes}")
        say(f"    proven without: {cuts}" if cuts else "    no ablation")


def _attack(only: tuple[str, ...], seeds: int, as_json: bool) -> None:
    from salus_abuse.running import chosen, run_all

    began, ended = time.monotonic(), []
    known = chosen(only)
    if not known:
        raise click.UsageError(f"there is no attack {', '.join(only)}; see --list")
    for one in run_all(known):
        ended.append(one)
        if not as_json:
            _say(one)
    found: dict[int, list[str]] = {}
    if seeds:
        from salus_abuse.honest import run_seeds

        found = {seed: told for seed, told in run_seeds(range(1, seeds + 1)).items() if told}
    missed = [one.attack.id for one in ended if one.outcome is Outcome.MISSED]
    if as_json:
        told = {"attacks": [one.as_json() for one in sorted(ended, key=lambda one: one.attack.id)]}
        tell(told | ({"honest": {"seeds": seeds, "findings": len(found)}} if seeds else {}))
    else:
        counted = Counter(str(one.outcome) for one in ended)
        said = ", ".join(f"{counted[name]} {name}" for name in Outcome)
        more = f"; {seeds} honest seeds, {len(found)} with findings" if seeds else ""
        say(f"{len(ended)} attacks: {said}{more} ({time.monotonic() - began:.0f} s)")
    sys.exit(MISSED if missed or found else 0)


def _say(one: Ended) -> None:
    code = f"({one.code}{f', within {one.within}' if one.within is not None else ''})" if one.code else ""
    say(f"{one.attack.id} {one.outcome}{code}: {one.attack.title}")
    for statement in one.failed:
        say(f"    NOT SO: {statement}")
    if one.broke:
        say(f"    the attack itself, or the node, broke: {one.broke}")


def _ablate(only: tuple[str, ...], as_json: bool) -> None:
    from salus_abuse.controls import CONTROLS
    from salus_abuse.running import Ablated, ablate, chosen

    def told(one: Ablated) -> None:
        if not as_json:
            how = "as it must be" if one.proves else f"PROVES NOTHING {one.broke or one.failed}"
            say(f"{one.attack} without {' + '.join(one.without)}: {one.outcome}, {how}")

    began, known = time.monotonic(), chosen(only)
    done = ablate(known, told)
    useless = [one for one in done if not one.proves]
    proven = {name for one in done if one.whole and one.proves for name in one.without}
    if as_json:
        missing = sorted(set(CONTROLS) - proven) if not only else []
        tell({"ablations": [one.as_json() for one in done], "proven": sorted(proven), "unproven": missing})
    else:
        say(
            f"{len(done)} ablations, {len(useless)} that prove nothing; {len(proven)} of {len(CONTROLS)} controls are"
            f" in a proven set ({time.monotonic() - began:.0f} s)"
        )
    sys.exit(MISSED if useless else 0)


def main() -> None:
    """Run `salus-abuse`."""
    abuse(prog_name="salus-abuse")
