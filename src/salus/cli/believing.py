"""Whom somebody at a command line trusts: the log's key, and each witness with the organisation that answers for it."""

from __future__ import annotations

from collections.abc import Sequence

import click

from salus.kernel import Invalid
from salus.proof import Trust, VerifierKey, WitnessKey

vkey_option = click.option(
    "--vkey", help="The log's key, as told by somebody you trust; without it the published one is used."
)
witness_option = click.option(
    "--witness", "witnesses", multiple=True, help="A witness as ORGANISATION=KEY, or its KEY alone; may be given again."
)


def witness_key(text: str) -> WitnessKey:
    """Read a witness as ORGANISATION=KEY, or as its key alone, for which its own name then stands."""
    organisation, sign, key = text.partition("=")
    if sign and "+" not in organisation:  # a key has its plus signs before any padding
        return WitnessKey.parse(key, organisation.strip())
    return WitnessKey.parse(text)


def witness_keys(texts: Sequence[str]) -> list[WitnessKey]:
    """Read several witnesses."""
    return [witness_key(text) for text in texts]


def named_witnesses(texts: Sequence[str]) -> list[WitnessKey]:
    """Read several witnesses, each with its organisation: what restrains a person counts organisations, not keys."""
    found = witness_keys(texts)
    if any(str(one) == text.strip() for one, text in zip(found, texts, strict=True)):
        raise Invalid(
            "say whose each witness is: --witness ORGANISATION=KEY. Five keys of one operator are one witness",
            code="SALUS-Z040",
        )
    return found


def trust_of(vkey: str, witnesses: Sequence[str]) -> Trust:
    """Believe a log when more than half of these witnesses agree."""
    return Trust.of(VerifierKey.parse(vkey), witness_keys(witnesses))
