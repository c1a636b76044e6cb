"""Where the demo's story plays: the node, its country, and those outside it who hold keys of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from salus import app, identity, synth
from salus.app import Node
from salus.cli.actors import LABORATORY, SIGNER, SITE, Party
from salus.cli.country import RECENT
from salus.healthcode import measures
from salus.identity import IdNumber
from salus.kernel import Purpose, Role
from salus.parties import Principal, default_purpose
from salus.rules import PublicationKind, Published, log_order
from salus.storage import Duty

Say = Callable[[str], None]
DISEASE = "covid-19"
SIGNERS = (
    ("signer-health-1", "health-ministry"),
    ("signer-health-2", "health-ministry"),
    ("signer-university", "university-hospital"),
    ("signer-physicians", "physicians-association"),
    ("signer-ombudsman", "ombudsman"),
    ("signer-nurses", "nurses-association"),
    ("signer-bar", "bar-association"),
    ("signer-consumers", "consumer-council"),
)
"""Who signs: the first five, of four organisations; the last three, too, where others have to. All are fictional."""
SIGNING = 5


@dataclass(slots=True, kw_only=True)
class Stage:
    """One telling of the story. `url` is where the node is served."""

    node: Node
    country: synth.Country
    url: str
    say: Say
    _parties: dict[str, Party] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The demo's present instant, in whole seconds."""
        return self.node.clock.now().replace(microsecond=0)

    @property
    def address(self) -> str:
        """The node's address as people open it: browsers offer passkeys at localhost, not at an address of numbers."""
        return self.url.replace("127.0.0.1", "localhost")

    def party(self, name: str, organisation: str, duty: str) -> Party:
        """Return somebody who holds a key outside the node; the key lies in a folder of its own."""
        if name not in self._parties:
            folder = self.node.settings.data / "outside"
            self._parties[name] = Party.kept(folder, name, organisation, duty)
        return self._parties[name]

    def signers(self) -> list[Party]:
        """Return those who sign rules, emergencies and declarations."""
        return [self.party(name, organisation, SIGNER) for name, organisation in SIGNERS]

    def before(self) -> Published | None:
        """Return the newest emergency of the story's disease that counts, or did."""
        known = measures.known(self.node.store, self.node.trust).publications
        kind = PublicationKind.EMERGENCY
        found = [one.published for one in known if one.published.document.kind is kind]
        return max((one for one in found if one.document.body["disease"] == DISEASE), key=log_order, default=None)

    def places(self) -> list[Party]:
        """Return the sampling sites and laboratories."""
        duties = {"sampling-site": SITE, "laboratory": LABORATORY}
        return [
            self.party(place.facility_id, self.node.facility(place.facility_id).organisation, duties[place.kind])
            for place in self.country.facilities
            if place.kind in duties
        ]

    def at_work(self, role: Role, facility: str) -> Principal:
        """Return somebody who works at a facility, or its software, acting for the role's purpose."""
        who = app.demo_principal(self.node, role, facility)
        purpose = default_purpose(role)
        return who.for_purpose(purpose) if purpose else who

    def holder(self, resident: UUID) -> Principal:
        """Return a resident who looks at the own pages."""
        return app.demo_principal(self.node, Role.RESIDENT, resident=resident).for_purpose(Purpose.PATRQT)

    def offered(self) -> list[tuple[str, Principal]]:
        """Return the residents whom a visitor may step into, by name."""
        return [
            (step.name_en, self.holder(UUID(step.key.partition(":")[2])))
            for step in app.demo_roles(self.node)
            if step.role is Role.RESIDENT
        ]

    def told(self) -> list[tuple[str, Principal]]:
        """Return those of them who were tested of late, and are told of it. The story opens nobody else's pages."""
        since = synth.present(self.country) - RECENT
        tested = {self.name(one.resident) for one in synth.specimens(self.country) if one.collected > since}
        return [(name, holder) for name, holder in self.offered() if name in tested]

    def resident(self, index: int) -> UUID | None:
        """Return the resident of this node who is the country's resident of this index."""
        number = IdNumber.read(self.country.residents[index].number)
        with self.node.store.transaction(Duty.CARE) as tx:
            found = identity.find(tx, self.node.custodian, number)
        return found.resident_id if found else None

    def name(self, index: int) -> str:
        """Return a resident's name in pinyin."""
        return self.country.residents[index].pinyin

    def advance(self, by: timedelta) -> None:
        """Move the clock of node and witnesses."""
        app.advance_clock(self.node.settings.data, by)

    def settle(self) -> None:
        """Close batches of the log, have them cosigned, and let what waits for that come about."""
        for _ in range(3):
            app.close_batch(self.node)
            app.progress_measures(self.node)

    def alive(self, kind: PublicationKind, at: datetime) -> bool:
        """Tell whether a publication of this kind is alive."""
        return any(one.kind == kind and one.starts <= at < one.ends for one in app.powers(self.node).publications)


def civil(at: datetime) -> str:
    """Write an instant as the story does."""
    return f"{at:%d %b %H:%M} UTC"
