"""Judge codes of other issuers for `salus code verify`: whose keys are believed, and what is told of each code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from salus.cli.verdicts import CANNOT_TELL, NOT_VALID, VALID, shaped
from salus.codec import CodecError, Fault, trimmed
from salus.codec.certificates import TrustFile, answers_of
from salus.codec.foreign import (
    HC1_PREFIX,
    DocumentSigner,
    Event,
    EventKind,
    Holder,
    Revoked,
    decode_hcert,
    decode_shc,
    keys_of_jwks,
    public_key,
    signers_of_pem,
    verify_hcert,
    verify_shc,
)
from salus.kernel import format_instant
from salus.rules import ForeignForm, RegionRules, recognised_at
from salus.rules.acceptance import Acceptance, Verdict, acceptance_of, accepts

SENTENCES = {
    VALID: "It is signed by a key that you believe, and counts at this instant.",
    NOT_VALID: "It does not count. This says nothing about the person.",
    CANNOT_TELL: "It cannot be told: the key that signed it is not among those given, or a rule cannot be asked.",
}
_SHC_PREFIX = "shc:/"
_NUMBERED = re.compile(r"shc:/([0-9]+)/([0-9]+)/[0-9]+")
_REGION = re.compile(r"country|[0-9]{6}")
_MOST_TRUST = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """Keys of other issuers: document signers of `HC1:`, and keys of SMART Health Cards by their issuer's address.

    `anybody` are keys that were given without saying whose they are: cards that they sign say it themselves.
    `revoked` is which of their codes are void, as far as somebody gave a list of them.
    """

    signers: tuple[DocumentSigner, ...]
    issuers: Mapping[str, Mapping[str, Any]]
    anybody: Mapping[str, Any] = field(default_factory=dict)
    revoked: Revoked = field(default_factory=Revoked)

    def __bool__(self) -> bool:
        return bool(self.signers or self.issuers or self.anybody)

    def of(self, issuer: str) -> Mapping[str, Any]:
        """Return the keys by which an issuer's cards are believed."""
        return {**self.anybody, **self.issuers.get(issuer, {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What HC1 certificates have to satisfy: the rules of a file, and those that live in a region."""

    given: Acceptance | None
    published: tuple[RegionRules, ...]
    region: str

    def answers(self, payload: object, at: datetime) -> dict[str, Verdict]:
        """Return what each rule says, by its name; those of the region under its name."""
        given = accepts(self.given, payload, at) if self.given else {}
        published = answers_of(payload, self.published, self.region, at) if self.region else {}
        return given | {f"{self.region}:{name}": answer for name, answer in published.items()}


def is_foreign(text: str) -> bool:
    """Tell whether a text is of a format of other issuers."""
    return text[:4].upper() == HC1_PREFIX or text[:5].lower() == _SHC_PREFIX


def believed(given: Sequence[str]) -> tuple[Believed, list[Path]]:
    """Sort `--trust` values: PEM files, JWK Sets and ISSUER=FILE of such sets here, other files, our own, as paths.

    Raises CodecError if a file of keys is none, UsageError if a file is not there.
    """
    signers: list[DocumentSigner] = []
    issuers: dict[str, dict[str, Any]] = {}
    own: list[Path] = []
    for one in given:
        issuer, _, named = one.rpartition("=") if one.startswith("https://") else ("", "", one)
        octets = _octets(Path(named))
        if issuer or _is_jwks(octets):
            issuers.setdefault(issuer, {}).update(keys_of_jwks(_json(octets)))
        elif octets.lstrip().startswith(b"{"):
            own.append(Path(named))
        else:
            signers.extend(signers_of_pem(octets.decode("ascii", "replace")))
    return Believed(signers=tuple(signers), anybody=issuers.pop("", {}), issuers=issuers), own


def _is_jwks(octets: bytes) -> bool:
    """Tell whether a file is a JWK Set (RFC 7517): an object with `keys`, and not one of ours, which say so."""
    if not octets.lstrip().startswith(b"{"):
        return False
    found = _json(octets)
    return isinstance(found.get("keys"), list) and "format" not in found


def revoked_of(paths: Sequence[Path], trust: TrustFile | None) -> Revoked:
    """Read lists of void codes as their systems publish them, and take those of a node's trust file.

    A file is a SMART Health Cards' revocation list, a batch of the EU's gateway, or several batches; else CodecError.
    """
    return Revoked.of([_json(_octets(one)) for one in paths], trust.voided if trust else {})


def rules_of(path: Path | None, trust: TrustFile | None, region: str | None) -> Rules:
    """Read the acceptance rules of a file, which are held to their linter, and take those that a region published."""
    if region is None:
        published: tuple[RegionRules, ...] = ()
    elif trust is None or not _REGION.fullmatch(region):
        raise click.UsageError("--region takes country or six digits, and a --trust file of a node")
    else:
        published = trust.acceptance
    given = None if path is None else acceptance_of(_json(_octets(path)))
    return Rules(given=given, published=published, region=region or "")


def recognised(trust: TrustFile, at: datetime) -> Believed:
    """Return the keys of other issuers that a node's trust file recognises at an instant.

    A signer of HC1 is believed for the kinds for which it is recognised, an issuer of cards where that is all that
    cards can say.
    """
    signers: list[DocumentSigner] = []
    issuers: dict[str, dict[str, Any]] = {}
    for one in recognised_at(trust.recognised, at):
        kinds = frozenset(EventKind(str(kind)) for kind in one.kinds)
        if one.form is ForeignForm.HC1:
            kid, key = bytes.fromhex(one.kid), public_key(one.key)
            signers.append(DocumentSigner(kid=kid, key=key, starts=one.starts, ends=one.ends, kinds=kinds))
        elif kinds >= {EventKind.VACCINATION, EventKind.TEST}:
            issuers.setdefault(one.source, {})[one.kid] = public_key(one.key)
    return Believed(signers=tuple(signers), issuers=issuers)


def cards(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """Bring numbered codes of one SMART Health Card together, where the first of them stands.

    A code is of the first card with so many codes that has none of its number yet; the same code again is no other.
    """
    found: list[tuple[str, dict[str, str]]] = []  # how many codes a card has, and those of them that are here
    for text in dict.fromkeys(texts):
        numbered = _NUMBERED.fullmatch(text)
        number, total = numbered.groups() if numbered else ("", "")
        card = next((codes for of, codes in found if total and of == total and number not in codes), None)
        if card is None:
            card = {}
            found.append((total, card))
        card[number] = text
    return [tuple(codes.values()) for _, codes in found]


def judged(texts: Sequence[str], keys: Believed, at: datetime, rules: Rules) -> dict[str, Any]:
    """Return what is told of one code; it raises nothing, whatever it is given."""
    form = "HC1" if texts[0][:4].upper() == HC1_PREFIX else "SHC"
    try:
        told = _hcert(texts[0], keys, at, rules) if form == "HC1" else _shc(texts, keys, at)
    except CodecError as refused:
        verdict = CANNOT_TELL if refused.fault in {Fault.KEY, Fault.OUT_OF_DATE} else NOT_VALID
        told = {"verdict": verdict, "reason": refused.fault.name.lower()}
    return shaped(form, sentence=SENTENCES[told["verdict"]], **told)


def _hcert(text: str, keys: Believed, at: datetime, rules: Rules) -> dict[str, Any]:
    found = decode_hcert(trimmed(text))
    told = verify_hcert(found, keys.signers, at)
    keys.revoked.require_hcert(found, told, at)
    answers = rules.answers(found.payload, at)
    refusing = sorted(name for name, answer in answers.items() if answer is Verdict.NOT_ACCEPTED)
    untold = sorted(name for name, answer in answers.items() if answer is Verdict.CANNOT_TELL)
    verdict = NOT_VALID if refusing else CANNOT_TELL if untold else VALID
    refusing += untold
    return {
        "verdict": verdict,
        "reason": f"rule:{refusing[0]}" if refusing else None,
        "holder": _holder(told.holder),
        "facts": [_fact(told.event)],
        "issuer": found.issuer,
        "expires": format_instant(found.expires),
        "source": found.digest.hex(),
        "key": told.signer.kid.hex(),
        "rules": {name: str(answer) for name, answer in answers.items()},
    }


def _shc(texts: Sequence[str], keys: Believed, at: datetime) -> dict[str, Any]:
    card = decode_shc(*(text.strip() for text in texts))
    known = keys.of(card.issuer)
    verify_shc(card, {card.issuer: known}, at)
    keys.revoked.require_card(card, known[card.kid], at)
    return {
        "verdict": VALID,
        "reason": None,
        "holder": _holder(card.holder),
        "facts": [_fact(one) for one in card.events],
        "issuer": card.issuer,
        "expires": None if card.expires is None else format_instant(card.expires),
        "source": card.digest.hex(),
        "key": card.kid,
        "rules": {},
    }


def _holder(holder: Holder) -> dict[str, str]:
    return {"family": holder.family, "given": holder.given, "born": holder.born}


def _fact(event: Event) -> dict[str, Any]:
    told = {"kind": str(event.kind), "target": event.target, "on": event.on, "country": event.country}
    return {**told, "detail": dict(event.detail)}


def _octets(path: Path) -> bytes:
    if not path.is_file() or path.stat().st_size > _MOST_TRUST:
        raise click.UsageError(f"{path} is no file, or larger than {_MOST_TRUST // 1024 // 1024} MiB")
    return path.read_bytes()


def _json(octets: bytes) -> Any:
    try:
        return json.loads(octets)
    except (ValueError, RecursionError):
        raise CodecError("the file is not JSON", Fault.STRUCTURE) from None
