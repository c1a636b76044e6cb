"""One key per chart: made, unwrapped, counted, destroyed. Keys leave only as answers to a counted call."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from salus.kernel import SystemClock
from salus.keys import store as rows
from salus.keys.custodian import Custodian
from salus.keys.destruction import Destroyed, Destruction
from salus.keys.errors import ChartKeyMissing, KeyShredded
from salus.keys.model import KEY_BYTES
from salus.storage import Duty, Store, Transaction


def _now() -> datetime:
    return SystemClock().now()


class KeyService:
    """Chart keys of one node, wrapped in the keys database. Thread-safe.

    What a call writes is durable before it returns, apart from the caller's transaction: a key whose chart was
    never committed stays behind and harms nothing.
    """

    def __init__(self, store: Store, custodian: Custodian, now: Callable[[], datetime] = _now) -> None:
        """`now` tells of the node's clock, by whose UTC day each unwrap is counted."""
        self._store = store
        self._custodian = custodian
        self._now = now

    def create(self, chart_keys: Sequence[int]) -> dict[int, bytes]:
        """Make a random key of 32 bytes for each chart; return them by chart.

        A chart that has a key already keeps it, and that one is returned and counted as unwrapped, so asking again
        is safe and no way around the count. Raises KeyShredded, and makes nothing, if one was destroyed.
        """
        wanted = list(dict.fromkeys(chart_keys))
        fresh = {chart: secrets.token_bytes(KEY_BYTES) for chart in wanted}
        wrapped = [self._custodian.wrap(chart, key) for chart, key in fresh.items()]
        with self._store.statements(Duty.KEYS) as tx:  # one statement where all are new
            made = rows.add(tx, wanted, wrapped)
            older = [chart for chart in wanted if chart not in made]
            found = rows.take(tx, older, len(older), self._now().date()) if older else {}
            self._refuse_missing(rows.shredded(tx, older) if len(found) < len(older) else set(), older, found)
        opened = self._opened(found)
        return {chart: fresh[chart] if chart in made else opened[chart] for chart in wanted}

    def unwrap(self, chart_keys: Sequence[int], day: date | None = None) -> dict[int, bytes]:
        """Return the keys of these charts; one statement reads and counts, durably, before any key is opened.

        They are counted on the UTC day of the register's entry that tells of them, where it is given, else on today.
        Every element counts, repeated ones too: a call for several readers lists a chart once for each.
        Raises KeyShredded or ChartKeyMissing, and then returns and counts nothing.
        """
        if not chart_keys:
            return {}
        wanted = list(dict.fromkeys(chart_keys))
        with self._store.statements(Duty.KEYS) as tx:
            found = rows.take(tx, wanted, len(chart_keys), day or self._now().date())
            self._refuse_missing(rows.shredded(tx, wanted) if len(found) < len(wanted) else set(), wanted, found)
        return self._opened(found)

    def unwrap_left(self, chart_keys: Sequence[int]) -> dict[int, bytes]:
        """Return the keys of those of these charts whose key was not destroyed.

        Every element counts, as in `unwrap`, a destroyed one as well: the register tells of it. Raises ChartKeyMissing.
        """
        if not chart_keys:
            return {}
        wanted = list(dict.fromkeys(chart_keys))
        with self._store.statements(Duty.KEYS) as tx:
            found = rows.take(tx, wanted, len(chart_keys), self._now().date(), left=True)
        self._refuse_missing(set(), wanted, found)
        return self._opened(found)

    def shred(self, chart_key: int) -> None:
        """Destroy a chart's key and keep a tombstone, in one transaction. Idempotent; a chart without key gets one too.

        What the data hold in plain or as digests stays until the relay drops it, at its start and every hour. Until
        PostgreSQL reuses the page and drops the WAL segment, the wrapped bytes linger there, under the
        custodian key; back-ups of the keys database made before still hold them.
        """
        with self._store.transaction(Duty.KEYS) as tx:
            rows.bury(tx, chart_key)

    def shred_when_due(self, chart_key: int, what: str, due: datetime, done: datetime) -> Destruction:
        """Destroy a chart's key as `shred` does, and note the certificate of it; `what` is the chart's identifier.

        Doing it again returns what was noted the first time. `destructions_to_tell` hands the certificate on.
        """
        fresh = Destruction(
            kind=Destroyed.CHART, what=what, blind=secrets.token_bytes(KEY_BYTES), due=due, done=done
        )  # fmt: skip
        with self._store.transaction(Duty.KEYS) as tx:
            rows.bury(tx, chart_key)
            return self._noted(tx, fresh)

    def emergency_keys(self) -> dict[bytes, bytes]:
        """Return the key of each emergency that has one, by the digest of the emergency.

        None of them opens anything without the key of the chart as well, so that no unwrap is counted here.
        """
        with self._store.transaction(Duty.KEYS) as tx:
            found = rows.emergencies(tx)
        return {one: self._custodian.unwrap_for_emergency(one, wrapped) for one, wrapped in found.items()}

    def emergency_key(self, emergency: bytes) -> bytes:
        """Return the key of an emergency, made at the first asking. Raises KeyShredded once it was destroyed."""
        wrapped = self._custodian.wrap_for_emergency(emergency, secrets.token_bytes(KEY_BYTES))
        with self._store.transaction(Duty.KEYS) as tx:
            rows.add_emergency(tx, emergency, wrapped)
            found = rows.emergencies(tx).get(emergency)
        if found is None:
            raise KeyShredded("the key of this emergency was destroyed; nothing more is kept under it")
        return self._custodian.unwrap_for_emergency(emergency, found)

    def shred_emergency(self, emergency: bytes, due: datetime, done: datetime) -> Destruction:
        """Destroy the key of an emergency, whether or not it ever had one, and note the certificate of it. Idempotent.

        Of the bytes that linger the same holds as in `shred`.
        """
        with self._store.transaction(Duty.KEYS) as tx:
            rows.bury_emergency(tx, emergency)
            return self._noted(tx, Destruction.of_emergency(emergency, due, done))

    def destruction(self, what: str) -> Destruction | None:
        """Return the destruction of a chart's or an emergency's key, if there was one with a certificate."""
        with self._store.transaction(Duty.KEYS) as tx:
            found = rows.destruction(tx, what)
        return _destruction(found) if found else None

    def destructions_to_tell(self, most: int = 100) -> list[Destruction]:
        """Return destructions whose certificate the public log has yet to be given."""
        with self._store.transaction(Duty.KEYS) as tx:
            found = [rows.destruction(tx, what) for what in rows.untold_destructions(tx, most)]
        return [_destruction(one) for one in found if one]

    def told(self, destruction: Destruction) -> None:
        """Note that the public log was given a certificate."""
        with self._store.transaction(Duty.KEYS) as tx:
            rows.told_destruction(tx, destruction.what)

    def _noted(self, tx: Transaction, fresh: Destruction) -> Destruction:
        rows.add_destruction(tx, (fresh.what, str(fresh.kind), fresh.blind, fresh.due, fresh.done))
        found = rows.destruction(tx, fresh.what)
        return _destruction(found) if found else fresh

    def destroyed(self, after: int, most: int) -> list[int]:
        """Return the next `most` charts whose key was destroyed, in key order."""
        with self._store.transaction(Duty.KEYS) as tx:
            return rows.destroyed(tx, after, most)

    def unwraps(self) -> int:
        """Return how many unwraps were ever counted."""
        with self._store.transaction(Duty.KEYS) as tx:
            return rows.unwraps(tx)

    def unwraps_by_day(self) -> tuple[list[tuple[date, int]], bool]:
        """Return how many were counted on each UTC day, the oldest first; and whether these days are all there are.

        Where they are not, an earlier release counted without days, and part of the first day may be missing.
        """
        with self._store.transaction(Duty.KEYS) as tx:
            return rows.unwraps_by_day(tx), rows.unwraps_before_days(tx) == 0

    def absent(self, chart_keys: Sequence[int]) -> set[int]:
        """Return which of these charts have neither a key nor a tombstone; nothing is unwrapped or counted."""
        with self._store.transaction(Duty.KEYS) as tx:
            return rows.absent(tx, chart_keys)

    def highest(self) -> int:
        """Return the highest chart that has or had a key; 0 where none ever had one."""
        with self._store.transaction(Duty.KEYS) as tx:
            return rows.highest(tx)

    def _opened(self, found: Mapping[int, bytes | None]) -> dict[int, bytes]:
        return {chart: self._custodian.unwrap(chart, one) for chart, one in found.items() if one is not None}

    @staticmethod
    def _refuse_missing(shredded: set[int], wanted: Sequence[int], found: Mapping[int, bytes | None]) -> None:
        if shredded:
            raise KeyShredded("the key of this record was destroyed; what it sealed can never be read again")
        if len(found) < len(wanted):
            raise ChartKeyMissing("a chart has no key here; restore the keys of the same time as the data")


def _destruction(row: tuple[str, str, bytes, datetime, datetime]) -> Destruction:
    what, kind, blind, due, done = row
    return Destruction(kind=Destroyed(kind), what=what, blind=blind, due=due, done=done)
