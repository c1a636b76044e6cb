"""Put a node together: store, keys, clock, log, tokens. The only place where rooms are wired to each other."""

from __future__ import annotations

import json
import os
import random
import secrets
from collections.abc import Hashable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from salus import access, identity, parties
from salus.app.grace import GRACE_FILE, Forward, Grace, NotAdmitted, not_admitted, note_grace, standing
from salus.app.pacing import Pace
from salus.app.remembering import Memory, log_stamp
from salus.app.schemas import SCHEMAS
from salus.app.settings import NodeSettings, SettingsRefused, octets_of
from salus.app.size import Held, hold
from salus.app.witnessing import witness_leaf, witnesses_of
from salus.healthcode import measures
from salus.kernel import CLOCK_FILE, Clock, DemoClock, SystemClock, parse_instant, start_demo_clock
from salus.keys import Custodian, HardwareToken, KeyService
from salus.ledger import (
    Checkpoint,
    Gathering,
    Sequencer,
    append_once,
    begin,
    cosigned_note,
    latest,
    latest_at,
    node_leaf,
)
from salus.parties import Facility, Graced, Principal, RelyingParty, SignIn, TokenIssuer
from salus.proof import ProofError, Trust, open_checkpoint
from salus.records.following import Plan, PlansRefused, read_plans, shipped_plans
from salus.rules import SKEW, admitted_at
from salus.storage import Duty, Settings, Store, Transaction, open_store

DEMO_WITNESSES = Path("witnesses/policy")
"""Where, below its data folder, a demo node notes the witnesses that it started."""


@dataclass(slots=True)
class Node:
    """An open node. Close it, or use it as a context manager.

    `trust` are the witnesses whose quorum proves what restrains a person; without any nothing can be proved so.
    `indexed` remembers that no resource of an earlier release lacks its search rows. `most_seconds` is how long a
    statement of a search, a history or a whole record may run. `wanted` are charts that somebody asked for before
    it was worked out what in them is sensitive. `held` says for how many people it weighs whose records are whose.
    """

    settings: NodeSettings
    kind: str
    name: str
    store: Store
    clock: Clock
    custodian: Custodian = field(repr=False)
    keys: KeyService = field(repr=False)
    issuer: TokenIssuer = field(repr=False)
    sequencer: Sequencer = field(repr=False)
    sign_in: SignIn = field(repr=False)
    gathering: Gathering = field(repr=False)
    held: Held
    trust: Trust | None = None
    indexed: bool = False
    most_seconds: float = 10.0
    plans: tuple[Plan, ...] = field(default_factory=shipped_plans, repr=False)
    pace: Pace = field(default_factory=Pace, repr=False)
    memory: Memory = field(default_factory=Memory, repr=False)
    wanted: set[int] = field(default_factory=set, repr=False)
    refusals: access.Refusals = field(init=False, repr=False)
    _facilities: dict[str, Facility] = field(default_factory=dict, repr=False)
    _minted: dict[UUID, tuple[int, int]] = field(default_factory=dict, repr=False)
    _forward: Forward = field(default_factory=Forward, repr=False)

    def __post_init__(self) -> None:
        self.refusals = access.Refusals(self.store, lambda: self.clock.now())  # noqa: PLW0108  the clock may be another

    @property
    def judge(self) -> identity.Judge:
        """What weighs two people, in a register of this one's size."""
        return identity.judge_of(self.held.people)

    @property
    def demo(self) -> bool:
        """Tell whether this is a demo node; a node never changes what it is."""
        return self.kind == "demo"

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Keep what was counted and close the database; the last user of a private server stops it."""
        try:
            self.refusals.settle(every=True)
        finally:
            self.gathering.close()
            self.store.close()
            self.held.release()

    @property
    def address(self) -> str:
        """The address that others use: the configured one, else where this folder was served last."""
        noted = self.settings.data / "served-at"
        if self.settings.url or not noted.exists():
            return self.settings.public_url
        return noted.read_text("utf-8").strip()

    @property
    def stamp(self) -> Hashable:
        """What figures about the log were made under; as long as it stays the same, they may be remembered."""
        return log_stamp(self.store, self.trust, self.clock.now())

    def note_address(self) -> None:
        """Note where this node is being served, for commands that run beside it."""
        write_private(self.settings.data / "served-at", self.settings.public_url)

    def ping(self) -> None:
        """Ask the database for nothing. Raises StoreDown if it does not answer."""
        with self.store.statements(Duty.CARE) as tx:
            tx.row("select 1")

    def postgres_version(self) -> str:
        """Return the database server's name and version."""
        with self.store.transaction(Duty.CARE) as tx:
            found = tx.row("show server_version")
        return f"PostgreSQL {str(found[0]).split(' ')[0]}" if found else "PostgreSQL"

    def facility(self, facility_id: str) -> Facility:
        """Return a facility; what was found once is remembered, since facilities never change their kind."""
        found = self._facilities.get(facility_id)
        if found is None:
            found = self._facilities[facility_id] = parties.facility(self.store, facility_id)
        return found

    def resident_key(self, tx: Transaction, resident_id: UUID) -> int | None:
        """Return the physical key of the resident whom an identifier leads to now; its chart is remembered."""
        minted = self.minted(tx, resident_id)
        return identity.residents_of(tx, [minted[1]]).get(minted[1]) if minted else None

    def minted(self, tx: Transaction, resident_id: UUID) -> tuple[int, int] | None:
        """Return an identifier's own key and the chart for which it was minted; it is remembered, as it is for ever."""
        found = self._minted.get(resident_id)
        if found is None:
            found = identity.minted(tx, resident_id)
            if found is not None and len(self._minted) < 100_000:
                self._minted[resident_id] = found
        return found

    def care_facility(self, principal: Principal) -> bool:
        """Tell whether a principal acts at a registered place of care that is admitted."""
        place = self.facility(principal.facility) if principal.facility is not None else None
        return place is not None and self.gives_care(place)

    def gives_care(self, place: Facility) -> bool:
        """Tell whether a place of care is admitted, or open for the 30 days after an upgrade."""
        return place.care and (self.admitted(place) or self.graced_until(place) is not None)

    def shut(self, principal: Principal) -> NotAdmitted | None:
        """Return what somebody at a place of care is told that is neither admitted nor open after an upgrade."""
        place = self.facility(principal.facility) if principal.facility is not None else None
        if place is None or not place.care or self.gives_care(place):
            return None
        found = self.grace
        return not_admitted(found.ends if found and _as_then(place) in found.places else None)

    @property
    def grace(self) -> Grace | None:
        """The places that an upgrade let stay open, also where that is over; None on a demo node."""
        if self.demo:
            return None
        at = self.clock.now().replace(second=0, microsecond=0)
        return self.memory.recall("grace", at, lambda: standing(self.store, self.settings.data, at, self._forward))

    def graced_until(self, place: Facility) -> datetime | None:
        """Return until when a place stays open without an admission; None where it does not, or needs none."""
        found = self.grace
        standing_open = found is not None and found.open(self.clock.now()) and _as_then(place) in found.places
        return found.ends if found and standing_open and not self.admitted(place) else None

    def open_by_grace(self) -> list[Facility]:
        """Return the places that are open now without an admission."""
        found = self.grace
        named = {one.facility for one in found.places} if found and found.open(self.clock.now()) else set()
        return [one for one in parties.facilities(self.store) if one.facility_id in named and self.graced_until(one)]

    def ended_keys(self, at: datetime | None = None) -> frozenset[bytes]:
        """Return the parties' keys that had ended by an instant, or by now, whatever one still vetoes."""
        by = at or self.clock.now() + SKEW
        return frozenset(one.key for one in measures.key_ends(self.store, self.trust) if by > one.logged_at)

    def ending_keys(self) -> frozenset[bytes]:
        """Return those that sign nothing any more, and those whose end stands in the log unseen or waits for it."""
        at = self.clock.now()
        ends = measures.ends_so_far(self.store, self.trust, at)
        return frozenset(one.key for one in ends if at + SKEW > one.logged_at)

    def admitted(self, place: Facility) -> bool:
        """Tell whether published admissions name a facility as it is registered, in the minute that it is asked in.

        On a demo node all places count until its log has an admission that has begun; elsewhere none does without.
        """
        at = self.clock.now().replace(second=0, microsecond=0)
        found = self.memory.recall("admissions", (at, self.trust), lambda: measures.admissions(self.store, self.trust))
        if self.demo and not any(one.starts <= at for one in found):
            return True
        told = self.memory.recall("admitted", (at, found), lambda: admitted_at(found, at))
        same = (place.facility_id, place.organisation, place.kind.value, place.county)
        named = told.get(place.facility_id, ())
        return same in {(one.facility, one.organisation, one.licence.value, one.county) for one in named}


def _as_then(place: Facility) -> Graced:
    """Return a place as the list of those that an upgrade let stay open would tell it."""
    return Graced(
        facility=place.facility_id, organisation=place.organisation, kind=place.kind.value, county=place.county
    )


def open_node(settings: NodeSettings, kind: str | None = None, *, serves: bool = False) -> Node:
    """Open a data folder as a node, making a new one where there is none.

    `kind` is `demo` or `production`; None takes what the folder is. Who `serves` may change for how many people it
    weighs. Raises SettingsRefused if the folder is of the other kind, and what storage and keys raise.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o711)
    made = (settings.data / "node.json").exists()
    if kind is None and not made:
        raise SettingsRefused(f"{settings.data} holds no node yet; start one with: salus serve --data {settings.data}")
    told = _identity(settings, kind)
    passphrase, clock = _passphrase(settings, told["kind"]), _clock(settings, told["kind"])
    held = hold(settings.data, settings.register_people, notes=serves or not made)
    with ExitStack() as opened:
        opened.callback(held.release)
        store = opened.enter_context(closing(open_store(Settings(data=settings.data, postgres=settings.postgres))))
        store.migrate(SCHEMAS)
        custodian = Custodian.open(settings.data / "keys", passphrase, token=_token(settings))
        node = _assemble(settings, told, store, clock, custodian, held)
        begin(store, node_leaf(kind=node.kind, name=node.name))
        _same_log(store, node.sequencer)
        if not (settings.data / "node.json").exists():
            write_private(settings.data / "node.json", json.dumps(told))
        noted = None if node.demo else note_grace(store, settings.data, clock.now())
        if noted is not None:
            write_private(settings.data / GRACE_FILE, noted.decode())
        _join_witnesses(node)
        opened.pop_all()
        return node


def join_node(settings: NodeSettings) -> Node:
    """Open a node that another process of its user opened already, and holds open, to help that one.

    Nothing is migrated or begun. The custodian's file is opened here once more, so that no key is handed around.
    """
    told = _identity(settings, None)
    passphrase, clock = _passphrase(settings, told["kind"]), _clock(settings, told["kind"])
    custodian = Custodian.open(settings.data / "keys", passphrase, create=False, token=_token(settings))
    held = hold(settings.data, settings.register_people)
    with ExitStack() as opened:
        opened.callback(held.release)
        store = open_store(Settings(data=settings.data, postgres=settings.postgres))
        node = _assemble(settings, told, store, clock, custodian, held)
        opened.pop_all()
        return node


def join_witnesses(node: Node, text: str) -> None:
    """Let a node believe, and ask, the witnesses of a policy file from now on; `witnesses_of` says how it is written.

    Which organisation answers for which key goes into the log, once. Raises SettingsRefused.
    """
    trust, witnesses = witnesses_of(text, node.sequencer.key)
    for one in trust.witnesses:
        append_once(node.store, witness_leaf(one))
    node.gathering.close()
    node.trust, node.gathering = trust, Gathering(node.store, witnesses, node.clock, node.ended_keys)


def _join_witnesses(node: Node) -> None:
    """Take the witnesses of the settings; on a demo node those that it started itself."""
    own = node.settings.data / DEMO_WITNESSES
    file = node.settings.witnesses or (own if node.demo and own.exists() else None)
    if file is None:
        return
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as reason:
        raise SettingsRefused(f"witnesses: {file} cannot be read: {type(reason).__name__}") from None
    join_witnesses(node, text)


def _assemble(
    settings: NodeSettings, told: dict[str, str], store: Store, clock: Clock, custodian: Custodian, held: Held
) -> Node:
    name = told["name"]
    node = Node(
        settings=settings,
        kind=told["kind"],
        name=name,
        store=store,
        clock=clock,
        custodian=custodian,
        keys=KeyService(store, custodian, lambda: node.clock.now()),  # noqa: PLW0108  there is no node yet
        issuer=TokenIssuer(
            custodian.es256("access-token"),
            issuer=f"urn:salus:node:{name}",
            audience=f"urn:salus:node:{name}",
            token_urls=[f"{settings.public_url}/oauth/token"],
        ),
        sequencer=Sequencer(store, custodian.signer(name), settings.data / "log", clock, random.SystemRandom()),
        sign_in=SignIn(
            store,
            custodian,
            _relying_party(settings),
            clock.ahead if isinstance(clock, DemoClock) else timedelta,
        ),
        gathering=Gathering(store, (), clock),
        held=held,
        plans=_plans(settings.plans),
    )
    return node


def _plans(file: Path | None) -> tuple[Plan, ...]:
    if file is None:
        return shipped_plans()
    try:
        return read_plans(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as reason:
        raise SettingsRefused(f"plans: {file} cannot be read: {type(reason).__name__}") from None
    except PlansRefused as reason:
        raise SettingsRefused(f"{file}: {reason.text}") from None


def _same_log(store: Store, sequencer: Sequencer) -> None:
    """Refuse a database whose log was signed with another key: it belongs to another data folder."""
    newest = latest(store)
    if newest is None:
        return
    try:
        open_checkpoint(newest.note, [sequencer.key])
    except ProofError:
        raise SettingsRefused(
            "this database holds the log of another data folder; open it with the folder that made it"
        ) from None


def _relying_party(settings: NodeSettings) -> RelyingParty:
    host = urlsplit(settings.public_url).hostname or "localhost"
    # WebAuthn takes no IP address as a party's name; on the loopback address browsers offer passkeys as localhost.
    name = "localhost" if host in ("127.0.0.1", "::1") else host
    return RelyingParty(rp_id=name, origins=(settings.public_url.replace(host, name),))


def _identity(settings: NodeSettings, kind: str | None) -> dict[str, str]:
    """Read what the folder is, or say what it shall be; it is noted for ever once the node has opened."""
    path = settings.data / "node.json"
    if path.exists():
        told: dict[str, str] = json.loads(path.read_text("utf-8"))
        if kind is not None and told["kind"] != kind:
            raise SettingsRefused(f"{settings.data} holds a {told['kind']} node, which can never become another kind")
        return told
    return {"kind": kind or "production", "name": settings.name}


def _token(settings: NodeSettings) -> HardwareToken | None:
    """Open the hardware token that the settings name, if they do."""
    if settings.pkcs11_module is None or settings.pkcs11_pin_file is None:
        return None
    pin = octets_of("pkcs11_pin_file", settings.pkcs11_pin_file).decode().strip()
    return HardwareToken(settings.pkcs11_module, settings.pkcs11_token, pin)


def _passphrase(settings: NodeSettings, kind: str) -> bytes:
    """Read the passphrase that opens the custodian's keys; a demo node keeps one of its own beside its data."""
    if settings.passphrase_file:
        return octets_of("passphrase_file", settings.passphrase_file).strip()
    path = settings.data / "demo.passphrase"
    if kind != "demo":
        raise SettingsRefused("set passphrase_file (SALUS_PASSPHRASE_FILE): it opens the sealed keys of this node")
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_bytes().strip()


def _clock(settings: NodeSettings, kind: str) -> Clock:
    """The machine's clock; a demo node's is a file in its folder, begun at the set instant when the folder is new."""
    if kind == "demo":
        return start_demo_clock(settings.data / CLOCK_FILE, parse_instant(settings.clock) if settings.clock else None)
    if settings.clock:
        raise SettingsRefused("SALUS_CLOCK moves the clock of a demo node only")
    return SystemClock()


def write_private(path: Path, text: str) -> None:
    """Write a file for this user alone, whole or not at all."""
    partial = path.with_name(path.name + ".new")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def newest_checkpoint(node: Node) -> Checkpoint | None:
    """Return the newest signed head of the public log, or None before the first."""
    return latest(node.store)


def newest_cosigned(node: Node) -> tuple[str, dict[str, datetime]] | None:
    """Return the newest head as it is published, and when which witness cosigned it; None without witnesses."""
    return cosigned_note(node.store, node.trust) if node.trust else None


def newest_checkpoint_at(node: Node) -> datetime | None:
    """Return when the newest head was signed."""
    return latest_at(node.store)


def charts_of(tx: Transaction, resident_key: int) -> tuple[int, ...]:
    """Return the charts of a resident."""
    found = identity.resident_by_key(tx, resident_key)
    return found.charts if found else ()


def known_as(node: Node, resident_key: int) -> tuple[int, ...]:
    """Return all keys under which a resident was ever known."""
    with node.store.transaction(Duty.CARE) as tx:
        return identity.known_as(tx, resident_key)


__all__ = [
    "DEMO_WITNESSES",
    "Node",
    "charts_of",
    "join_node",
    "join_witnesses",
    "known_as",
    "newest_checkpoint",
    "newest_checkpoint_at",
    "newest_cosigned",
    "open_node",
    "write_private",
]
