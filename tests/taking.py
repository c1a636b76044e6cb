"""Keys in memory and a writer, for tests that take records in without a whole node."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from salus.identity import judge_of
from salus.kernel import Purpose, Role
from salus.records import Accepted, Intent, Writer, accept
from salus.storage import Duty, Store

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)


class Keys:
    """Chart keys that everybody can compute."""

    def create(self, chart_keys: Sequence[int]) -> dict[int, bytes]:
        return self.unwrap(chart_keys)

    def unwrap(self, chart_keys: Sequence[int]) -> dict[int, bytes]:
        return {key: hashlib.sha256(str(key).encode()).digest() for key in chart_keys}


class Sealer:
    """Keyed digests under a key known to the test; what is sealed opens for its place alone."""

    def digest(self, domain: str, value: bytes) -> bytes:
        return hmac.digest(b"test", domain.encode() + b"\x00" + value, "sha256")[:16]

    def seal(self, domain: str, plaintext: bytes, aad: bytes) -> bytes:
        return hmac.digest(b"test", domain.encode() + aad + plaintext, "sha256") + plaintext

    def open_sealed(self, domain: str, sealed: bytes, aad: bytes) -> bytes:
        plaintext = sealed[32:]
        assert sealed == self.seal(domain, plaintext, aad)
        return plaintext


def a_writer(facility: str = "H1") -> Writer:
    """A hospital's system that treats."""
    return Writer(
        role=Role.HOSPITAL_SYSTEM,
        purpose=Purpose.TREAT,
        facility=facility,
        care_facility=True,
        custodian="test",
        keys=Keys(),
        sealer=Sealer(),
        judge=judge_of(),
    )


def take(store: Store, writer: Writer, *resources: Mapping[str, Any], full_urls: Sequence[str] = ()) -> Accepted:
    """Take resources in as one transaction."""
    names = [*full_urls, *[None] * (len(resources) - len(full_urls))]
    intents = [
        Intent(verb="create", resource=dict(resource), full_url=name, entry=n)
        for n, (resource, name) in enumerate(zip(resources, names, strict=True))
    ]
    with store.transaction(Duty.CARE) as tx:
        return accept(tx, writer, intents, AT)
