"""A resident's full certificates: what could be taken, take, show; and the keys that other systems check them with."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Sight
from salus.app.node import Node
from salus.app.residents import Own, own, own_read
from salus.app.seeing import own_sight
from salus.codec.foreign import EventKind, Statement, Subject
from salus.healthcode.full import (
    Asked,
    Form,
    FullRefused,
    HeldFull,
    Issuing,
    forms_for,
    full_key_set,
    full_signers,
    held_full,
    take_full,
)
from salus.identity.names import halves, machine_letters
from salus.parties import Principal
from salus.records import Located, attesting
from salus.records.attesting import Attested
from salus.storage import Duty, Transaction

FULL = "full-certificate"
CARDS = "/cards"
"""Below it other systems find this node's keys; a SMART Health Card names it as its issuer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FullOffered:
    """A fact of the record, and the formats that have words for all of it."""

    fact: Attested
    forms: tuple[Form, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MyFullCertificates:
    """The full certificates that a resident has taken, and what one can be taken of.

    `named` is false while the record lacks a name or a birth date as a passport has them: then nothing can be taken.
    """

    held: tuple[HeldFull, ...]
    offers: tuple[FullOffered, ...]
    named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealed:
    located: tuple[Located, ...]
    people: tuple[Located, ...]
    sight: Sight
    held: tuple[HeldFull, ...]


def my_full_certificates(node: Node, who: Principal) -> MyFullCertificates:
    """Return what a resident has taken and what could be taken; the reading stands in the register."""
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        sealed = _sealed(tx, node, who, mine, at)
    keys = _keys(node, sealed)
    subject = _subject(sealed, keys)
    if subject is None:
        return MyFullCertificates(held=sealed.held, offers=(), named=False)
    told = [(fact, _statement(fact, sealed, keys)) for fact in _facts(sealed, keys, at)]
    offers = [FullOffered(fact=fact, forms=forms_for(subject, one, at)) for fact, one in told]
    return MyFullCertificates(held=sealed.held, offers=tuple(one for one in offers if one.forms), named=True)


def take_full_certificate(node: Node, who: Principal, resource: UUID, form: Form) -> UUID:
    """Issue one fact of the resident's own record in a format of other systems, name and birth date included.

    It is the resident's own act, one fact and one format at a time; nobody else has a way here. Raises FullRefused if
    the record does not say such a fact, or not all that the format needs; Refused for anybody but the resident.
    """
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        sealed = _sealed(tx, node, who, mine, at)
    keys = _keys(node, sealed)
    found = next((one for one in _facts(sealed, keys, at) if one.resource == resource), None)
    subject = _subject(sealed, keys)
    if found is None or subject is None:
        raise FullRefused("your record holds no such entry, or no name and birth date, to take a certificate of")
    asked = Asked(resource=resource, subject=subject, told=_statement(found, sealed, keys), form=form)
    with node.store.transaction(Duty.CARE) as tx:
        if [one.version for one in records.fetch(tx, [resource])] != [found.version]:
            raise FullRefused("this entry was corrected a moment ago; look at it again")
        return take_full(tx, node.custodian, issuing_of(node), mine.minted, asked, at=at)


def my_full_certificate(node: Node, who: Principal, certificate_id: UUID) -> HeldFull:
    """Return one of the resident's own. Raises FullRefused if it is not theirs."""
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        held = _held(tx, node, mine)
        access.register(tx, [own_read(who, mine.key, (), FULL, Action.TAKE_CERTIFICATE, at)])
    found = next((one for one in held if one.certificate_id == certificate_id), None)
    if found is None:
        raise FullRefused("there is no such certificate among yours")
    return found


def card_keys(node: Node) -> dict[str, Any]:
    """Return the key of this node's SMART Health Cards, for anybody."""
    with node.store.transaction(Duty.CARE) as tx:
        return full_key_set(tx, node.custodian, node.clock.now())


def signer_certificates(node: Node) -> str:
    """Return the certificates of the key that signs this node's HC1, for anybody, as PEM: now's first, then others.

    Those are the one before, which what was signed under it still names, and the next.
    """
    told = full_signers(node.custodian, node.name, node.clock.now())
    lines = [base64.encodebytes(one).decode() for one in told]
    return "".join(f"-----BEGIN CERTIFICATE-----\n{one}-----END CERTIFICATE-----\n" for one in lines)


def issuing_of(node: Node) -> Issuing:
    """Say who issues. A node without an https address of its own is named by its name."""
    told = urlsplit(node.settings.url)
    host = told.netloc if told.scheme == "https" else node.name
    return Issuing(node=node.name, country=node.settings.country, source=f"https://{host}{CARDS}")


def _held(tx: Transaction, node: Node, mine: Own) -> tuple[HeldFull, ...]:
    """Return what was taken under any identifier, the newest first."""
    found = [one for key in mine.known_as for one in held_full(tx, node.custodian, key)]
    return tuple(sorted(found, key=lambda one: one.taken, reverse=True))


def _sealed(tx: Transaction, node: Node, who: Principal, mine: Own, at: datetime) -> _Sealed:
    """Register the read, and fetch what a certificate is made of."""
    resident = identity.resident_by_key(tx, mine.key)
    sight = own_sight(resident.charts if resident else ())
    located, people = attesting.attestable(tx, sight), records.patients(tx, sight)[:1]
    charts = tuple(sorted({one.chart_key for one in [*located, *people]}))
    access.register(tx, [own_read(who, mine.key, charts, FULL, Action.TAKE_CERTIFICATE, at)])
    return _Sealed(located=tuple(located), people=tuple(people), sight=sight, held=_held(tx, node, mine))


def _keys(node: Node, sealed: _Sealed) -> dict[int, bytes]:
    return dict(node.keys.unwrap_left(sorted({one.chart_key for one in [*sealed.located, *sealed.people]})))


def _facts(sealed: _Sealed, keys: dict[int, bytes], at: datetime) -> tuple[Attested, ...]:
    return attesting.attested([one for one in sealed.located if one.chart_key in keys], keys, sealed.sight, at)


def _subject(sealed: _Sealed, keys: dict[int, bytes]) -> Subject | None:
    """Read whose it is; None where the record does not say enough to be matched with a passport."""
    people = [one for one in sealed.people if one.chart_key in keys]
    born = attesting.birth_of(people[0], keys, sealed.sight) if people else None
    if born is None:
        return None
    named = attesting.name_parts(people[0], keys, sealed.sight)
    family, given = (named.family, named.given) if named.family else halves(named.text)
    letters = machine_letters(family, given)
    if not letters[0]:
        return None
    return Subject(family=family, given=given, family_letters=letters[0], given_letters=letters[1], born=born)


def _statement(fact: Attested, sealed: _Sealed, keys: dict[int, bytes]) -> Statement:
    entry = next(one for one in sealed.located if one.id == fact.resource)
    details = attesting.details(entry, keys, sealed.sight)
    return Statement(
        kind=EventKind(fact.kind.value),
        disease=fact.disease,
        at=fact.at,
        code=details.code if details else "",
        doses=details.doses if details else None,
    )
