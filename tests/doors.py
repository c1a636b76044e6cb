"""A whole trust file made by hand, for tests of what a door is shown: log, witnesses, signers, issuer, declaration."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from salus.codec import key_id, signer
from salus.codec.certificates import (
    Certificate,
    CertificateKind,
    Disease,
    Hint,
    Logged,
    TrustFile,
    batch_digest,
    encode_bound,
    encode_certificate,
    read_trust,
    short_digest,
    write_status_list,
    write_trust,
)
from salus.codec.certificates.logged import CERTIFICATES
from salus.codec.certificates.status import subject_of
from salus.codec.cose import key_digest
from salus.kernel import canonical, format_instant
from salus.proof import LeafProof, Trust, VerifierKey, WitnessKey, leaf_hash, prove_inclusion, root, sign_checkpoint
from salus.proof.cosignature import cosign
from salus.proof.note import Note
from salus.proof.tree import Frontier
from salus.rules import CertificateKind as Wanted
from salus.rules import Document, PublicationKind, Venue, key_end_message, veto_message

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
PARTY = "door.example/issuer"
EPOCH_DAY = datetime(1970, 1, 1, tzinfo=UTC)
HINT = Hint(initials="SX", month=2, day=29, last_two="3X")


class Hand:
    """An Ed25519 key made from its name; for tests only."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._private = Ed25519PrivateKey.from_private_bytes(sha256(f"salus test hand {name}".encode()).digest())
        self.public_key = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def issuer_key(name: str) -> ec.EllipticCurvePrivateKey:
    """Make a P-256 key from its name; for tests only."""
    return ec.derive_private_key(int.from_bytes(sha256(f"salus test issuer {name}".encode()).digest()), ec.SECP256R1())


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def trusted_key(key: ec.EllipticCurvePrivateKey, /, **changed: Any) -> dict[str, Any]:
    """Write what a trust list says of an issuer's key, with what is changed about it."""
    good = {
        "party": PARTY,
        "key": b64(_spki(key)),
        "regions": ["country"],
        "kinds": ["vaccination", "test", "recovery"],
        "starts": format_instant(AT - timedelta(days=100)),
        "ends": format_instant(AT + timedelta(days=100)),
        "ended": None,
    }
    return good | changed


def _party_key(party: str, organisation: str, duty: str, key: bytes) -> tuple[str, dict[str, Any]]:
    return "party-key", {"party": party, "organisation": organisation, "duty": duty, "key": b64(key)}


def _spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass
class Door:
    """What a trust file is made of; change a field and `file` is another."""

    at: datetime = AT
    issuer: ec.EllipticCurvePrivateKey = field(default_factory=lambda: issuer_key("one"))
    venues: tuple[Venue, ...] = (Venue.CARE_HOME,)
    wants: tuple[Wanted, ...] = (Wanted.VACCINATION, Wanted.TEST)
    region: str = "900101"
    starts: timedelta = timedelta(days=-1)
    lasts: timedelta = timedelta(days=20)
    noticed: timedelta = timedelta(days=-3)
    signers: int = 4
    void: Collection[int] = (7,)
    cosigners: int = 2
    witnessing: int = 3
    registered: bool = True
    hands: int = 4
    others: tuple[tuple[Document, tuple[int, ...]], ...] = ()
    """Further documents, each with the numbers of the hands that sign it."""
    recognised: tuple[Document, ...] = ()
    other_keys: tuple[ec.EllipticCurvePrivateKey, ...] = ()
    lister: ec.EllipticCurvePrivateKey | None = None
    trusted: tuple[Document, ...] = ()
    listing: int = 5
    listed_before: timedelta = timedelta(hours=30)
    batches: tuple[tuple[ec.EllipticCurvePrivateKey, Sequence[str], timedelta], ...] = ()
    vetoed: tuple[tuple[Document, timedelta], ...] = ()
    """Documents that an ombudsman vetoed, and when the log had each veto."""
    houses: int = 3
    """Of how many organisations the hands from the sixth on are; the first five are of three."""
    appointed: timedelta = timedelta(days=-60)
    """When the log had the ombudsman's key."""
    voided: tuple[tuple[bytes, bytes], ...] = ()
    """Lists of void codes in formats of other systems, each with its key."""
    ended: tuple[tuple[str, timedelta, tuple[int, ...]], ...] = ()
    """Whose keys ended, when the log had that, and the numbers of the hands that signed it; none for the key itself."""
    named: timedelta | None = None
    """When the log had the keys of all others; without it when it had the documents."""
    watching: str = "ombudsman-1"
    """Whose key the log names as the ombudsman's."""
    vetoer: str = "ombudsman-1"
    """Whose hand signs vetoes in the ombudsman's name."""
    neighbours: tuple[tuple[str, ec.EllipticCurvePrivateKey, Collection[int]], ...] = ()
    """Other issuers of the same log: whose, by which key, and what is void in the first list of each."""
    respelt: tuple[tuple[int, str], ...] = ()
    """The numbers of hands whose organisation is called otherwise, and how."""

    @property
    def log(self) -> Hand:
        return Hand("door.example/log")

    @property
    def witnesses(self) -> list[Hand]:
        return [Hand(f"witness-{number}.example") for number in range(1, self.witnessing + 1)]

    @property
    def trust(self) -> Trust:
        keys = [WitnessKey.of(one, f"organisation-{number}") for number, one in enumerate(self.witnesses)]
        return Trust.of(VerifierKey.of(self.log), keys)

    @property
    def spki(self) -> bytes:
        return _spki(self.issuer)

    @property
    def document(self) -> Document:
        body = {"venues": [*map(str, self.venues)], "wants": [*map(str, self.wants)], "region": self.region}
        return Document(
            kind=PublicationKind.DECLARATION,
            name="spring",
            version=1,
            starts=self.at + self.starts,
            ends=self.at + self.starts + self.lasts,
            body=body,
        )

    def leaves(self) -> list[tuple[str, dict[str, Any]]]:
        """The log: signers' keys, the issuers' keys, declaration, other documents, trust lists, batches."""
        hands = [Hand(f"signer-{number}") for number in range(self.hands + bool(self.trusted))]
        found = [_party_key(one.name, self._house(place), "signer", one.public_key) for place, one in enumerate(hands)]
        if self.registered:
            issuers = [self.issuer, *self.other_keys]
            found += [_party_key(PARTY, "door.example", "issuer", key_digest(one.public_key())) for one in issuers]
        for party, key, _ in self.neighbours:
            found.append(_party_key(party, party.rpartition("/")[0], "issuer", key_digest(key.public_key())))
        told = [(self.document, range(self.signers)), *self.further]
        for document, numbers in [*told, *((one, range(self.listing)) for one in self.trusted)]:
            signed = {hands[one].name: b64(hands[one].sign(document.signed)) for one in numbers}
            found.append(("publication", document.leaf(signed)))
        for key, texts, _ in self.batches:
            digest = batch_digest(map(short_digest, texts))
            found.append((CERTIFICATES, {"key": b64(key_digest(key.public_key())), "digest": b64(digest)}))
        return found + self._vetoes() + self._ends(hands)

    def _house(self, place: int) -> str:
        return dict(self.respelt).get(place, f"house-{place % (3 if place < 5 else self.houses)}")

    def _vetoes(self) -> list[tuple[str, dict[str, Any]]]:
        """The ombudsman's key and vetoes, if there are any."""
        ombudsman = Hand("ombudsman-1")
        found = [_party_key(ombudsman.name, "ombudsman", "ombudsman", Hand(self.watching).public_key)]
        for document, _ in self.vetoed:
            signature = b64(Hand(self.vetoer).sign(veto_message(document.digest, ombudsman.name)))
            told = {"digest": document.digest, "party": ombudsman.name, "signature": signature}
            found.append(("veto", told))
        return found if self.vetoed else []

    def _ends(self, hands: Sequence[Hand]) -> list[tuple[str, dict[str, Any]]]:
        found = []
        for name, _, numbers in self.ended:
            key, reason = b64(Hand(name).public_key), "compromised"
            message = key_end_message(name, key, reason)
            signers = [hands[one] for one in numbers] or [Hand(name)]
            signatures = {one.name: b64(one.sign(message)) for one in signers}
            found.append(("party-key-end", {"party": name, "key": key, "reason": reason, "signatures": signatures}))
        return found

    @property
    def further(self) -> tuple[tuple[Document, tuple[int, ...]], ...]:
        """All documents beside the declaration; a recognition is signed by as many hands as that."""
        return (*self.others, *((one, tuple(range(self.signers))) for one in self.recognised))

    def checkpoint(self, entries: list[bytes], at: datetime) -> str:
        head = sign_checkpoint(len(entries), root(leaf_hash(entry) for entry in entries), self.log)
        lines = [cosign(head.text, at, one) for one in self.witnesses[: self.cosigners]]
        note = Note.parse(head.note)
        return str(dataclasses.replace(note, signatures=(*note.signatures, *lines)))

    def file(self) -> bytes:
        """Write the trust file."""
        leaves = self.leaves()
        entries = [canonical({kind: body}) for kind, body in leaves]
        nodes: dict[tuple[int, int], bytes] = {}
        frontier = Frontier()
        for entry in entries:
            nodes |= {(level, index): value for level, index, value in frontier.append(leaf_hash(entry))}

        def proved(place: int, since: timedelta = self.noticed) -> Logged:
            hashes = prove_inclusion(lambda level, index: nodes[level, index], place, len(entries))
            early = self.checkpoint(entries, self.at + since)
            proof = LeafProof(index=place, hashes=tuple(hashes), checkpoint=early)
            return Logged(kind=leaves[place][0], body=leaves[place][1], proof=str(proof))

        named = self.noticed if self.named is None else self.named
        kinds = [kind for kind, _ in leaves]
        first = kinds.index("publication")
        lists = first + 1 + len(self.further)
        later = [one.starts - self.at - self.listed_before for one in self.trusted]
        batches = enumerate(self.batches, lists + len(self.trusted))
        over = len(kinds) - len(self.ended)
        own = over - len(self.vetoed)
        keys = [place for place, kind in enumerate(kinds) if kind == "party-key"]
        return write_trust(
            trust=self.trust,
            head=self.checkpoint(entries, self.at),
            keys=[proved(place, named if place < first else self.appointed) for place in keys],
            issuers=[
                *((PARTY, _spki(one)) for one in (self.issuer, *self.other_keys)),
                *((party, _spki(key)) for party, key, _ in self.neighbours),
            ],
            declarations=[(self.document.as_json(), proved(first))],
            lists=[self.token, *(self._listed(*one) for one in self.neighbours)],
            acceptance=self.told(PublicationKind.ACCEPTANCE, proved, first),
            emergencies=self.told(PublicationKind.EMERGENCY, proved, first),
            recognised=self.told(PublicationKind.RECOGNITION, proved, first),
            trusted=[(one.as_json(), proved(lists + number, later[number])) for number, one in enumerate(self.trusted)],
            signed=[([*map(short_digest, texts)], proved(place, since)) for place, (_, texts, since) in batches],
            vetoes=[proved(own + number, since) for number, (_, since) in enumerate(self.vetoed)],
            voided=self.voided,
            ended=[proved(over + number, since) for number, (_, since, _) in enumerate(self.ended)],
        )

    @property
    def token(self) -> bytes:
        """The list of void certificates."""
        return self._listed(PARTY, self.lister or self.issuer, self.void)

    def _listed(self, party: str, key: ec.EllipticCurvePrivateKey, void: Collection[int]) -> bytes:
        kid, until = key_id(key.public_key()), self.at + timedelta(days=7)
        return write_status_list(subject_of(party, 1), void, kid, signer(key), issued=self.at, expires=until)

    def told(
        self, kind: PublicationKind, proved: Callable[[int], Logged], first: int
    ) -> list[tuple[dict[str, Any], Logged]]:
        """The further documents of a kind, each with its leaf."""
        found = [(place, one) for place, (one, _) in enumerate(self.further, first + 1) if one.kind is kind]
        return [(one.as_json(), proved(place)) for place, one in found]

    def read(self) -> TrustFile:
        return read_trust(self.file())

    def certificate(self, **changed: Any) -> Certificate:
        """A vaccination that is good at this door, with what is changed about it."""
        day = (self.at.date() - EPOCH_DAY.date()).days
        good: dict[str, Any] = {
            "kind": CertificateKind.VACCINATION,
            "disease": Disease.INFLUENZA,
            "when": day - 30,
            "issued": self.at - timedelta(hours=5),
            "expires": self.at + timedelta(days=60),
            "list_number": 1,
            "index": 11,
            "hint": HINT,
        }
        return Certificate(**good | changed)

    def bound(
        self, holder: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePrivateKey | None = None, **changed: Any
    ) -> bytes:
        """Such a certificate for a telephone's key, without what the telephone adds."""
        key, point = key or self.issuer, holder.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return encode_bound(self.certificate(**changed), point, key_id(key.public_key()), signer(key))

    def text(self, key: ec.EllipticCurvePrivateKey | None = None, **changed: Any) -> str:
        """The text of such a certificate, by the issuer or by another key."""
        key = key or self.issuer
        return encode_certificate(self.certificate(**changed), key_id(key.public_key()), signer(key))
