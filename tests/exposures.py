"""Investigators who attest exposures to a case on a paper log, and the slips that they hand over."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from measures import ALIVE, DAY, DECLARED, DISEASE, HOUR, AFile, World, a_file
from salus.cli.actors import Party, Signed, emergency_document, new_subject
from salus.kernel import canonical, format_instant
from salus.rules import (
    INVESTIGATOR,
    Document,
    PublicationKind,
    attestation_message,
    commitment_of,
    end_message,
    shipped_table,
    sign_with_word,
    word_of,
)

LONG_BEFORE = DECLARED - 8 * DAY


def investigators() -> list[Party]:
    """Five people of four organisations."""
    organisations = ("cdc-city", "cdc-province", "university", "hospital-group", "cdc-city")
    return [Party.new(f"investigator-{n}", one, INVESTIGATOR) for n, one in enumerate(organisations)]


def table_with_exposures(**row: Any) -> dict[str, Any]:
    """The shipped table, with a row for exposures."""
    table = shipped_table(DISEASE)
    table["clauses"]["test"] = {
        "en": "You were near a case. Please have a test within two days; until then nothing else is asked.",
        "zh": "您曾接近一例病例。请在两天内做检测；在此之前别无要求。",
    }
    table["exposure"] = {
        "clause": "test",
        "within_days": 14,
        "lasts_hours": 48,
        "released_by": [{"kind": "nucleic-acid-test", "after_hours": 24}],
    } | row
    return table


@dataclass(slots=True)
class Slip:
    """An attested exposure: its opening and its leaf, as investigators made them."""

    opening: dict[str, Any]
    leaf: dict[str, Any]

    @property
    def commitment(self) -> str:
        return str(self.leaf["commitment"])


def sign(
    signers: Sequence[Party],
    index: str,
    number: int,
    *,
    attested: datetime,
    day: str,
    disease: str,
    subject: str | None = None,
    word: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make the opening and the leaf of an exposure that these investigators sign.

    Without the case's word they invent one.
    """
    told = {
        "attested": format_instant(attested),
        "blind": base64.b64encode(secrets.token_bytes(32)).decode(),
        "day": day,
        "disease": disease,
        "index": index,
        "subject": subject or new_subject(),
    }
    commitment = commitment_of({"exposure": told})
    message = attestation_message(commitment, index, number)
    named = {one.name: one.sign(message) for one in signers}
    given = sign_with_word(word or an_invented_word(), commitment, index, number)
    leaf = {"index": index, "number": number, "commitment": commitment, "signatures": named, "word": given}
    return {"exposure": told}, leaf


def an_invented_word() -> str:
    """A word as it should look, of no case."""
    return word_of(new_subject())


@dataclass(slots=True)
class Tracing:
    """A world with a case, and investigators whose keys the log has had for long."""

    world: World
    people: list[Party]
    case: AFile
    starts: datetime = field(default=DECLARED + 3 * DAY)

    @property
    def index(self) -> str:
        return str(self.case.value["decision"]["tag"])

    @property
    def word(self) -> str:
        """The word that the case's holder has."""
        value = self.case.value
        return word_of(value["openings"][value["decision"]["commitment"]]["decision"]["blind"])

    def attest(
        self,
        signers: Sequence[Party] | None = None,
        *,
        number: int = 1,
        attested: datetime = ALIVE + 8 * HOUR,
        day: str = "2031-02-22",
        index: str | None = None,
        subject: str | None = None,
        word: str | None = None,
    ) -> Slip:
        """Attest an exposure, as two investigators do who share no organisation and were given the case's word."""
        told = {"attested": attested, "day": day, "disease": DISEASE, "subject": subject, "word": word or self.word}
        return Slip(*sign(self.people[:2] if signers is None else signers, index or self.index, number, **told))

    def log(self, *slips: Slip, at: datetime = ALIVE + 9 * HOUR) -> None:
        """Let the log have them, and its witnesses have seen them at an instant."""
        for one in slips:
            self.world.log.append("exposure", one.leaf)
        self.world.log.close(at)

    def end(self, by: Party, at: datetime | None, index: str | None = None) -> int:
        """Say in the log that the case is none any more, and close its batch where an instant is given."""
        named = index or self.index
        leaf = {"index": named, "party": by.name, "signature": by.sign(end_message(named, by.name))}
        self.world.log.append("exposure-end", leaf)
        if at is not None:
            self.world.log.close(at)
        return len(self.world.log.entries) - 1

    def file(self, slip: Slip, *own: Signed, keys: Sequence[Party] = ()) -> dict[str, Any]:
        """The slip as its bearer holds it, with own results that the log has."""
        world = self.world
        signers = [one for one in self.people if one.name in slip.leaf["signatures"]]
        parties = [*world.signers[:5], *signers, *([world.site, world.laboratory] if own else []), *keys]
        return {
            "case": world.item("decision", self.case.value["decision"]),
            "evidence": [{"kind": one.kind, **world.item(one.kind, one.leaf)} for one in own],
            "exposure": world.item("exposure", slip.leaf),
            "openings": {slip.commitment: slip.opening, **{one.commitment: one.opening for one in own}},
            "rules": {
                "rules": world.published("assignment-rules"),
                "emergency": world.published("emergency"),
                "keys": [world.item("party-key", one.key_leaf) for one in parties],
            },
        }

    def raw(self, slip: Slip, *own: Signed) -> bytes:
        return canonical(self.file(slip, *own))


def tracing(world: World | None = None, **row: Any) -> Tracing:
    """A world that has investigators, rules with a row for exposures, and one case."""
    world, people = world or World(), investigators()
    if not world.log.entries:
        world.log.append("node", {"kind": "demo", "name": "paper-node"})
    for party in (*world.parties(), *people):
        world.log.append("party-key", party.key_leaf)
    world.log.close(LONG_BEFORE)
    starts = DECLARED + 3 * DAY
    rules = Document(
        kind=PublicationKind.RULES,
        name=DISEASE,
        version=1,
        starts=starts,
        ends=starts + 90 * DAY,
        body=table_with_exposures(**row),
    )
    emergency = emergency_document(DISEASE, starts, starts + 30 * DAY, en="An outbreak.", zh="疫情。")
    world.publish(emergency, rules)
    return Tracing(world, people, a_file(world))


SECOND = timedelta(seconds=1)
