"""Who a message is from: MSH-4 names a facility, and a certificate or the loopback address has to bear it out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from salus import parties
from salus.app.node import Node
from salus.app.settings import SettingsRefused
from salus.parties import Principal, System
from salus.records import v2
from salus.records.v2 import V2Refused

_REMEMBERED_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is at the other end: the certificate (DER) whose key it proved to hold, or None on the loopback address."""

    certificate: bytes | None = field(repr=False)


class Senders:
    """The senders of a node's setting `mllp_senders`, each with its facility's systems; read again every 30 seconds."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._facilities = senders_of(node.settings.mllp_senders)
        self._known: dict[tuple[str, bytes | None], tuple[Principal, float]] = {}

    def principal(self, message: v2.Message, peer: Peer) -> Principal:
        """Return whom a message acts as. Raises V2Refused (AR), the same for every reason."""
        facility = self._facilities.get(message.header.text(4))
        if facility is None:
            raise _unknown()
        found = self._known.get((facility, peer.certificate))
        if found is None or time.monotonic() - found[1] > _REMEMBERED_SECONDS:
            found = (self._looked_up(facility, peer), time.monotonic())
            self._known = {**self._known, (facility, peer.certificate): found} if len(self._known) < 1_000 else {}
        return found[0]

    def _looked_up(self, facility: str, peer: Peer) -> Principal:
        systems = [one for one in parties.systems(self._node.store, facility) if not one.disabled]
        chosen: System | None = next(
            (one for one in systems if peer.certificate is None or parties.proves(peer.certificate, one)), None
        )
        if chosen is None:
            raise _unknown()
        return parties.system_principal(chosen, self._node.facility(facility))


def senders_of(setting: str) -> dict[str, str]:
    """Read `H1, name=H2`: what MSH-4 says, and the facility that it is. Raises SettingsRefused."""
    found: dict[str, str] = {}
    for one in filter(None, (part.strip() for part in setting.split(","))):
        name, equals, facility = (part.strip() for part in one.rpartition("="))
        name = name if equals else facility
        if not name or not facility or name in found:
            raise SettingsRefused(f"mllp_senders: {one!r} is no MSH-4=FACILITY, or there twice; write H1, NAME=H2")
        found[name] = facility
    return found


def _unknown() -> V2Refused:
    return V2Refused(
        "the sender is not known here: MSH-4 has to be one that the operator listed, of a facility with a registered"
        " system, and over TLS the certificate's key has to be that system's",
        v2.UNKNOWN_KEY,
        "MSH^1^4",
        rejected=True,
    )
