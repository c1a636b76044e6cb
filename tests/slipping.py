"""A real node with investigators, rules that know of exposures, and a disease control desk, for flows of slips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from exposures import sign, table_with_exposures
from measures import DAY, DISEASE, HOUR
from measuring import Measuring, measuring
from nodes import a_number, add_hospital
from salus import app, parties
from salus.app import add_party
from salus.cli.actors import Party, Signed, emergency_document, signatures_of
from salus.healthcode.measures import decision_by_tag
from salus.healthcode.measures.sealing import Seals
from salus.healthcode.slips import HandedOver
from salus.kernel import Purpose, Role
from salus.ledger import leaves
from salus.parties import FacilityKind, Principal, principal
from salus.rules import INVESTIGATOR, Document, PublicationKind, Result, SlipPaper, end_message, word_of
from salus.storage import Duty

CITY, PROVINCE, UNIVERSITY = "CDC-City", "CDC-Province", "University"


@dataclass(slots=True)
class Slipping:
    """A node that takes exposures, and investigators of four organisations."""

    world: Measuring
    people: list[Party]
    _people: int = field(default=500)

    @property
    def node(self) -> app.Node:
        return self.world.node

    def number(self) -> str:
        self._people += 1
        return a_number(self._people)

    def case(self, result: Result = Result.POSITIVE) -> tuple[str, Signed]:
        """Somebody with a result that was decided on: the tag of the decision, and the result."""
        specimen = self.world.specimen(self.number())
        self.world.close()
        found = self.world.result(specimen, result)
        self.world.settle()
        return self.tag, found

    @property
    def tag(self) -> str:
        """The tag of the newest decision."""
        return str(leaves(self.node.store, "decision")[-1][1].body["tag"])

    def word(self, tag: str) -> str | None:
        """The word of a case, as its holder has it in the decision's opening; None where there is no such decision."""
        seals = Seals.of(self.node.keys)
        with self.node.store.transaction(Duty.CARE) as tx:
            found = decision_by_tag(tx, seals, tag)
        opening = found and seals.unseal(found, self.node.keys.unwrap([found.chart_key])[found.chart_key])
        return word_of(opening["decision"]["blind"]) if opening else None

    def slip(self, tag: str, number: int = 1, signers: Sequence[Party] | None = None, **more: Any) -> SlipPaper:
        """A slip that two investigators of two organisations made now, with the word of its case."""
        told = {"attested": self.world.now, "day": f"{self.world.now - DAY:%Y-%m-%d}", "disease": DISEASE}
        told |= {"word": self.word(tag)} | more
        opening, leaf = sign(self.people[:2] if signers is None else signers, tag, number, **told)
        return SlipPaper(leaf=leaf, opening=opening)

    def hand_over(self, *slips: SlipPaper, who: Principal | None = None) -> HandedOver:
        """Hand leaves over, as the city's desk does, or somebody else."""
        return app.slips.hand_over(self.node, who or desk(), handed(*slips))

    def end(self, tag: str, by: Party, who: Principal | None = None) -> HandedOver:
        """Say that a case is none any more."""
        leaf = {"index": tag, "party": by.name, "signature": by.sign(end_message(tag, by.name))}
        return app.slips.hand_over(self.node, who or desk(), orjson.dumps({"end": leaf}).decode())

    def read(self, *slips: SlipPaper, who: Principal | None = None) -> app.slips.ReadSlips:
        """Read slips as their bearer, signed in or not."""
        return app.slips.read_slips(self.node, who, [one.text for one in slips])


def handed(*slips: SlipPaper) -> str:
    """What the desk is given: leaves alone."""
    return orjson.dumps({"exposures": [dict(one.leaf) for one in slips]}).decode()


def desk(facility: str = "CDC1", role: Role = Role.EPIDEMIOLOGIST) -> Principal:
    """Somebody at the desk of a place."""
    return principal(role, f"{role.value}-{facility}", facility=facility, purpose=Purpose.PUBHLTH)


@contextmanager
def slipping(folder: Path) -> Iterator[Slipping]:
    """Open a node whose log has investigators for eight days, and rules that ask for a test after an exposure."""
    with measuring(folder, published=False) as world:
        for one in (CITY, PROVINCE, UNIVERSITY):
            parties.add_organisation(world.node.store, organisation_id=one, name_en=one, name_zh=one)
        for facility, organisation in (("CDC1", CITY), ("CDC2", PROVINCE)):
            add_hospital(world.node, facility, FacilityKind.DISEASE_CONTROL_CENTRE, organisation=organisation)
        add_hospital(world.node, "P1", FacilityKind.DEPARTMENT)
        bodies = (CITY, PROVINCE, UNIVERSITY, "Hospitals", CITY)
        people = [Party.new(f"investigator-{n}", one, INVESTIGATOR) for n, one in enumerate(bodies)]
        for party in people:
            add_party(world.node, party.key_leaf)
        world.close()
        world.advance(5 * DAY)
        starts = world.now + 3 * DAY + HOUR
        for document in documents(starts):
            app.publish(world.node, document, signatures_of(document, world.signers))
        world.close()
        world.advance(3 * DAY + 2 * HOUR)
        yield Slipping(world, people)


def documents(starts: Any) -> tuple[Document, Document]:
    """An emergency, and rules with a row for exposures, both from an instant on."""
    rules = Document(
        kind=PublicationKind.RULES,
        name=DISEASE,
        version=1,
        starts=starts,
        ends=starts + 90 * DAY,
        body=table_with_exposures(),
    )
    return emergency_document(DISEASE, starts, starts + 30 * DAY, en="An outbreak.", zh="疫情。"), rules
