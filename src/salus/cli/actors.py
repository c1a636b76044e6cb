"""Play those who stand outside a node: sampling sites, laboratories and signers, each with a key of its own.

A node never holds these keys. The demo and tests use this module; an institution uses its own software.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.kernel import canonical, format_instant
from salus.parties import Facility
from salus.rules import (
    TRUST_NAME,
    Document,
    EvidenceKind,
    Licence,
    PublicationKind,
    Result,
    commitment_of,
    key_end_message,
    shipped_table,
    veto_message,
)
from salus.rules.acceptance import shipped_acceptance

SITE = "sampling-site"
LABORATORY = "laboratory"
SIGNER = "signer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody with a name, an organisation, one duty, and a key that only this party holds."""

    name: str
    organisation: str
    duty: str
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def new(cls, name: str, organisation: str, duty: str) -> Party:
        """Make a party with a fresh key."""
        return cls(name=name, organisation=organisation, duty=duty, private=Ed25519PrivateKey.generate())

    @classmethod
    def kept(cls, folder: Path, name: str, organisation: str, duty: str) -> Party:
        """Return the party whose key lies in a folder of its own, made at the first asking."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{name}.json"
        if not path.exists():
            party = cls.new(name, organisation, duty)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"key": _written(party.private.private_bytes_raw())}, file)
            return party
        raw = base64.b64decode(json.loads(path.read_text("utf-8"))["key"])
        private = Ed25519PrivateKey.from_private_bytes(raw)
        return cls(name=name, organisation=organisation, duty=duty, private=private)

    @property
    def key_leaf(self) -> dict[str, Any]:
        """The body of the log's leaf of kind `party-key` that tells of this party."""
        key = _written(self.private.public_key().public_bytes_raw())
        return {"party": self.name, "organisation": self.organisation, "duty": self.duty, "key": key}

    def sign(self, message: bytes) -> str:
        """Return the signature in base64."""
        return _written(self.private.sign(message))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A piece of evidence as its party hands it over: the opening, and the signed commitment to it."""

    kind: str
    party: str
    opening: dict[str, Any] = field(repr=False)
    commitment: str
    signature: str

    @property
    def leaf(self) -> dict[str, Any]:
        """The body of the log's leaf."""
        return {"party": self.party, "commitment": self.commitment, "signature": self.signature}

    @property
    def body(self) -> dict[str, Any]:
        """The fields of the opening."""
        found: dict[str, Any] = self.opening[self.kind]
        return found


def new_subject() -> str:
    """Make the secret that joins a resident's specimens and results: 32 random bytes, handed out as the receipt."""
    return _written(secrets.token_bytes(32))


def commit_specimen(site: Party, *, disease: str, taken: datetime, subject: str) -> Signed:
    """Commit a specimen, as a sampling site does when it is taken."""
    return _signed(
        site,
        "specimen",
        {"disease": disease, "site": site.name, "subject": subject, "taken": format_instant(taken)},
    )


def sign_result(
    laboratory: Party,
    specimen: Signed,
    result: Result,
    reported: datetime,
    *,
    kind: EvidenceKind = EvidenceKind.NUCLEIC_ACID,
    replaces: str | None = None,
) -> Signed:
    """Sign a result about a specimen, as a laboratory does; `replaces` is the commitment of the result it corrects."""
    return _signed(
        laboratory,
        "result",
        {
            "disease": specimen.body["disease"],
            "kind": str(kind),
            "laboratory": laboratory.name,
            "replaces": replaces,
            "reported": format_instant(reported),
            "result": str(result),
            "specimen": specimen.commitment,
            "subject": specimen.body["subject"],
        },
    )


def signatures_of(document: Document, signers: Iterable[Party]) -> dict[str, str]:
    """Sign a document, each signer by itself."""
    return {one.name: one.sign(document.signed) for one in signers}


def sign_veto(ombudsman: Party, digest: str) -> dict[str, str]:
    """Veto a document by its digest, as an ombudsman does; return the body of the log's leaf of kind `veto`."""
    signature = ombudsman.sign(veto_message(digest, ombudsman.name))
    return {"digest": digest, "party": ombudsman.name, "signature": signature}


def sign_key_end(ended: Party, reason: str, signers: Iterable[Party] = ()) -> dict[str, Any]:
    """End a party's key, by itself or by others who sign; return the body of the log's leaf of kind `party-key-end`."""
    key = str(ended.key_leaf["key"])
    message = key_end_message(ended.name, key, reason)
    signatures = {one.name: one.sign(message) for one in [*signers] or [ended]}
    return {"party": ended.name, "key": key, "reason": reason, "signatures": signatures}


def rules_document(table: str, starts: datetime, ends: datetime, version: int = 1) -> Document:
    """Write a table that comes with this release as a document to be signed."""
    body = shipped_table(table)
    return Document(kind=PublicationKind.RULES, name=table, version=version, starts=starts, ends=ends, body=body)


def emergency_document(
    disease: str, starts: datetime, ends: datetime, *, en: str, zh: str, version: int = 1, renews: str | None = None
) -> Document:
    """Write the declaration of an emergency of one disease, to be signed; `renews` is the digest of the one before."""
    body = {"disease": disease, "reason": {"en": en, "zh": zh}, **({"renews": renews} if renews else {})}
    name = f"{disease}-emergency"
    return Document(kind=PublicationKind.EMERGENCY, name=name, version=version, starts=starts, ends=ends, body=body)


def declaration_document(
    name: str, starts: datetime, ends: datetime, *, venues: list[str], wants: list[str], region: str, version: int = 1
) -> Document:
    """Write a declaration of what doors may ask for, to be signed."""
    body = {"venues": venues, "wants": wants, "region": region}
    return Document(kind=PublicationKind.DECLARATION, name=name, version=version, starts=starts, ends=ends, body=body)


def acceptance_document(
    disease: str,
    starts: datetime,
    ends: datetime,
    *,
    region: str,
    rules: Mapping[str, Any] | None = None,
    version: int = 1,
) -> Document:
    """Write a region's acceptance rules, to be signed: those that come with this release for a disease, or others."""
    body = {"region": region, "disease": disease, **(shipped_acceptance(disease) if rules is None else rules)}
    name = f"{disease}-acceptance"
    return Document(kind=PublicationKind.ACCEPTANCE, name=name, version=version, starts=starts, ends=ends, body=body)


def admission_document(
    name: str, places: Sequence[Facility], starts: datetime, ends: datetime, *, version: int = 1
) -> Document:
    """Write the admission of registered facilities, to be signed; those that no licence is for are left out."""
    told = [
        {"facility": one.facility_id, "organisation": one.organisation, "licence": one.kind.value, "county": one.county}
        for one in places
        if one.kind.value in set(Licence) and not one.sandbox
    ]
    body = {"facilities": told}
    return Document(kind=PublicationKind.ADMISSION, name=name, version=version, starts=starts, ends=ends, body=body)


def trust_document(
    keys: Sequence[dict[str, Any]], starts: datetime, ends: datetime, *, before: Document | None = None
) -> Document:
    """Write the next version of the list of issuers' keys, to be signed; `keys` are as `salus code key` prints them."""
    body = {"previous": before.digest if before else None, "keys": [*keys]}
    version = before.version + 1 if before else 1
    return Document(
        kind=PublicationKind.TRUST_LIST, name=TRUST_NAME, version=version, starts=starts, ends=ends, body=body
    )


def _signed(party: Party, kind: str, body: dict[str, Any]) -> Signed:
    opening = {kind: {"blind": _written(secrets.token_bytes(32)), **body}}
    commitment = commitment_of(opening)
    message = canonical({kind: {"party": party.name, "commitment": commitment}})
    return Signed(
        kind=kind, party=party.name, opening=opening, commitment=commitment, signature=party.sign(message)
    )  # fmt: skip


def _written(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
