"""Make exposure slips on an investigator's own computer, sign them there, and print them. No node sees one.

Two investigators of two organisations hand the file of slips to each other; a node is handed the leaves alone.
"""

from __future__ import annotations

import base64
import json
import secrets
from datetime import date
from pathlib import Path
from typing import Any

import click

from salus.cli.output import ending, json_option, say, tell
from salus.cli.signing import read_json, signing_key, write_new, write_over
from salus.kernel import Invalid, SystemClock, format_instant, parse_instant
from salus.rules import (
    MOST_OF_A_CASE,
    NotProved,
    SlipPaper,
    attestation_message,
    check_word_key,
    commitment_of,
    end_message,
    opened,
    read_slip_paper,
    sign_with_word,
    word_of,
)

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)
_SIGNER = (
    click.option("--party", required=True, help="Your name in the public log."),
    click.option("--key", required=True, type=_FILE, help="The file of your private key."),
)


@click.group()
def slip() -> None:
    """Make exposure slips that a case passes on, and hand a node their leaves alone."""


@slip.command("make")
@click.argument("out", type=_NEW)
@click.option("--case", required=True, help="The case's number, from the case: the tag of its decision in the log.")
@click.option("--word", prompt="The case's word", hide_input=True, help="The case's word; asked for without it.")
@click.option("--disease", required=True)
@click.option("--day", required=True, help="The day on which people were near the case, such as 2031-03-01.")
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 30), help="How many slips.")
@click.option("--first", default=1, show_default=True, type=click.IntRange(1), help="The number of the first of them.")
@click.option("--at", help="The instant to date them, such as 2031-03-01T08:00:00Z; the present without it.")
@json_option
@ending
def make(  # its options, one each
    out: Path, case: str, word: str, disease: str, day: str, count: int, first: int, at: str | None, as_json: bool
) -> None:
    """Write slips of a case to a new file OUT, for two investigators to sign. They name nobody and no place.

    The case gives you its word if it wants slips, and nobody makes any without; the file holds signatures that it
    made, and not the word itself.

    Slips of one case are numbered through, whoever makes them; from the sixteenth on each takes four investigators of
    three organisations. Keep OUT from everybody but the case: whoever has a slip reads what it says.
    """
    try:
        date.fromisoformat(day)
    except ValueError:
        raise click.UsageError("--day: a day is written 2031-03-01") from None
    attested = format_instant((parse_instant(at) if at else SystemClock().now()).replace(microsecond=0))
    slips = []
    for number in range(first, first + count):
        told = {"attested": attested, "day": day, "disease": disease, "index": case}
        opening = {"exposure": {**told, "blind": _secret(), "subject": _secret()}}
        leaf = _leaf(case, word, number, commitment_of(opening))
        slips.append(_checked(SlipPaper(leaf=leaf, opening=opening).text))
    write_new(out, _written(slips))
    _tell(as_json, {"slips": count, "case": case}, f"{count} slips stand in {out}; two investigators sign them")
    if first + count - 1 > MOST_OF_A_CASE and not as_json:
        say(f"those numbered beyond {MOST_OF_A_CASE} take four investigators of three organisations")


@slip.command("word")
@click.argument("file", type=_FILE)
@json_option
@ending
def word(file: Path, as_json: bool) -> None:
    """Show number and word of the FILE of your own notice: give them to an investigator only if you want slips.

    Whoever is given them can make slips of your case, for 16 days after its decision, and do nothing else with them.
    """
    told = read_json(file)
    try:
        leaf = told["decision"]
        opening = told["openings"][leaf["commitment"]]
        body = opened(opening, "decision")
        check_word_key(leaf, body["blind"])
        number, found = leaf["tag"], word_of(body["blind"]) if "word" in leaf else None
    except (NotProved, KeyError, TypeError):
        raise Invalid("this is no file of a notice, or it was changed", code="SALUS-Z020") from None
    if found is None:
        raise Invalid("the log has no key of this case's word: no slips are made of it", code="SALUS-Z021")
    _tell(as_json, {"case": number, "word": found}, f"number {number}\nword {found}")


@slip.command("sign")
@click.argument("file", type=_FILE)
@_SIGNER[0]
@_SIGNER[1]
@json_option
@ending
def sign(file: Path, party: str, key: Path, as_json: bool) -> None:
    """Sign every slip of a FILE as an investigator, in the file itself.

    Sign for a case that gave its word and whose positive result you saw yourself: it stands in the log that you
    signed. What you sign is shown, by case, day and disease.
    """
    private, signed = signing_key(key), []
    for one in _slips(file):
        leaf = one.leaf
        message = attestation_message(leaf["commitment"], leaf["index"], leaf["number"])
        signatures = {**leaf["signatures"], party: base64.b64encode(private.sign(message)).decode()}
        signed.append(SlipPaper(leaf={**leaf, "signatures": signatures}, opening=one.opening))
    write_over(file, _written(signed))
    said = sorted({(one.body["index"], one.body["day"], one.body["disease"]) for one in signed})
    names = sorted(signed[0].leaf["signatures"])
    told = [{"case": case, "day": day, "disease": disease} for case, day, disease in said]
    text = "\n".join(f"case {case}, day {day}, {disease}" for case, day, disease in said)
    counted = f"{len(signed)} slips are signed by {', '.join(names)}"
    _tell(as_json, {"slips": len(signed), "signed": names, "of": told}, f"{text}\n{counted}")


@slip.command("leaves")
@click.argument("file", type=_FILE)
@click.argument("out", type=_NEW)
@json_option
@ending
def leaves(file: Path, out: Path, as_json: bool) -> None:
    """Write the leaves of a FILE of slips to a new file OUT, for the desk's page /exposures; no secret is there."""
    slips = _slips(file)
    write_new(out, json.dumps({"exposures": [dict(one.leaf) for one in slips]}, indent=1).encode())
    _tell(as_json, {"leaves": len(slips)}, f"{len(slips)} leaves stand in {out}; the desk hands them over")


@slip.command("end")
@click.argument("out", type=_NEW)
@click.option("--case", required=True, help="The case's number.")
@_SIGNER[0]
@_SIGNER[1]
@json_option
@ending
def end(out: Path, case: str, party: str, key: Path, as_json: bool) -> None:
    """Sign that a case is none any more, and write that to a new file OUT, for the desk's page /exposures."""
    signature = base64.b64encode(signing_key(key).sign(end_message(case, party))).decode()
    write_new(out, json.dumps({"end": {"index": case, "party": party, "signature": signature}}, indent=1).encode())
    _tell(as_json, {"case": case}, f"the end stands in {out}; once handed over, no slip of the case asks for anything")


@slip.command("print")
@click.argument("file", type=_FILE)
@click.argument("out", type=_NEW)
@click.option("--node", required=True, help="The address at which a node of yours reads slips, such as https://…")
@json_option
@ending
def print_(file: Path, out: Path, node: str, as_json: bool) -> None:
    """Set the slips of a FILE as a page of HTML in a new file OUT, a sheet each, in English and Chinese.

    Hand the sheets to the case, who passes them on; write down no names, and remove both files then.
    """
    from salus.web import slips_html  # noqa: PLC0415  loads all pages of a node, which an investigator does without

    slips = _slips(file)
    if any(len(one.leaf["signatures"]) < 2 for one in slips):
        raise Invalid("a slip takes two investigators' signatures before it is printed", code="SALUS-Z018")
    write_new(out, slips_html(slips, node).encode())
    _tell(as_json, {"sheets": len(slips)}, f"{len(slips)} sheets stand in {out}")


def _slips(file: Path) -> list[SlipPaper]:
    told = read_json(file)
    if not isinstance(told, dict) or set(told) != {"slips"} or not isinstance(told["slips"], list) or not told["slips"]:
        raise Invalid("this is no file of slips; `salus slip make` writes one", code="SALUS-Z017")
    return [_checked(str(one)) for one in told["slips"]]


def _leaf(case: str, word: str, number: int, commitment: str) -> dict[str, Any]:
    """Write a leaf that its case's word signed, and no investigator yet."""
    try:
        signed = sign_with_word(word, commitment, case, number)
    except NotProved as fault:
        raise Invalid(f"this is no case's word: {fault.text}", code="SALUS-Z019") from None
    return {"index": case, "number": number, "commitment": commitment, "signatures": {}, "word": signed}


def _checked(text: str) -> SlipPaper:
    try:
        return read_slip_paper(text)
    except NotProved as fault:
        raise Invalid(f"this is no slip: {fault.text}", code="SALUS-Z017") from None


def _written(slips: list[SlipPaper]) -> bytes:
    return (json.dumps({"slips": [one.text for one in slips]}, indent=1) + "\n").encode()


def _secret() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _tell(as_json: bool, told: dict[str, Any], text: str) -> None:
    if as_json:
        tell(told)
    else:
        say(text)
