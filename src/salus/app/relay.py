"""What happens after commits: events are delivered, register entries chained, batches of the log closed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from salus import access, identity, ledger, records, storage
from salus.app import emergencies
from salus.app.certificates import publish_certificates, void_parted
from salus.app.classifying import classify_some
from salus.app.destroying import destroy_due, tell_destructions
from salus.app.directory import publish_institutions
from salus.app.forgetting import forget_destroyed
from salus.app.indexing import find_page, prepare_page
from salus.app.measures import progress_measures
from salus.app.node import Node
from salus.app.power import publish_attempts, publish_voids
from salus.app.size import outgrown
from salus.app.surveillance import recount
from salus.app.surveying import survey_page
from salus.app.unwrapping import publish_unwraps
from salus.kernel import SalusError, civil_day
from salus.records import arriving
from salus.storage import Duty, Event

log = logging.getLogger("salus.relay")
ROUND_SECONDS = 0.5
DEMO_BATCH_SECONDS = 5.0
COUNT_SECONDS = 2.0
PROGRESS_SECONDS = 60.0
PUBLISH_SECONDS = 60.0
SWEEP_EVERY = timedelta(hours=1)


class Relay:
    """Drains, chains and publishes in rounds, on a thread of its own, until stopped. Any number may run at once."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stop = threading.Event()
        self._closed_at = 0.0
        self._counted_at = 0.0
        self._progressed: tuple[int | None, float] | None = None
        self._swept: datetime | None = None
        self._sized: date | None = None
        self._prepared: int | None = 0
        self._unfound = True
        self._unsurveyed = True
        self._published_at: float | None = None
        self._institutions: frozenset[str] = frozenset()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begin the rounds."""
        self._thread.start()

    def stop(self) -> None:
        """End them after the present round."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.is_set():
            busy = self._tried(self._round)
            if not self._fill() and not busy:
                self._stop.wait(ROUND_SECONDS)

    def _tried(self, work: Callable[[], bool]) -> bool:
        """Do some work and tell whether more of it waits. Whatever breaks, what comes after it must come."""
        try:
            return work()
        except Exception as error:
            log.warning("relay: %s", error if isinstance(error, SalusError) else type(error).__name__)
            return False

    def _round(self) -> bool:
        self._node.refusals.settle()
        self._sweep()
        drained = deliver_events(self._node)
        chained = access.chain(self._node.store)
        if self._node.demo and time.monotonic() - self._closed_at >= DEMO_BATCH_SECONDS:
            self._closed_at = time.monotonic()
            close_batch(self._node)
        elif not self._node.demo and self._node.sequencer.due():
            close_batch(self._node)
        elif self._node.gathering.gather(patience=0):
            self._node.sequencer.publish()
        self._progress()
        self._publish()
        self._recount()  # last: should counting fail, the log goes on
        return drained + chained >= 100

    def _fill(self) -> bool:
        """Bring up a page of what an earlier release stored. Where one kind cannot go on, the next has its turn."""
        return any(self._tried(work) for work in (self._prepare, self._find, self._survey, self._classify))

    def _prepare(self) -> bool:
        if self._prepared is not None:
            self._prepared = prepare_page(self._node, self._prepared)
        return self._prepared is not None

    def _find(self) -> bool:
        self._unfound = self._unfound and find_page(self._node)
        return self._unfound

    def _survey(self) -> bool:
        self._unsurveyed = self._unsurveyed and survey_page(self._node)
        return self._unsurveyed

    def _classify(self) -> bool:
        return classify_some(self._node)

    def _progress(self) -> None:
        """Let measures progress when witnesses stand by more of the log, at first, and once a minute for the clock."""
        found, now = ledger.cosigned(self._node.store, self._node.trust), time.monotonic()
        size = found.checkpoint.size if found else None
        if self._progressed is None or self._progressed[0] != size or now - self._progressed[1] >= PROGRESS_SECONDS:
            progress_measures(self._node)
            self._progressed = (size, now)

    def _publish(self) -> None:
        """Add institutions that were registered meanwhile to the directory, once a minute."""
        if self._published_at is None or time.monotonic() - self._published_at >= PUBLISH_SECONDS:
            self._published_at = time.monotonic()
            self._institutions = publish_institutions(self._node, self._institutions)

    def _recount(self) -> None:
        """Count what came in, at most every two seconds: many messages about one day are counted once."""
        if time.monotonic() - self._counted_at >= COUNT_SECONDS:
            recount(self._node)
            self._counted_at = time.monotonic()

    def _sweep(self) -> None:
        """Delete what lapsed: of sign-in, of what was sent long ago, of destroyed keys; hourly by the node's clock."""
        now = self._node.clock.now()
        if self._swept is None or now - self._swept >= SWEEP_EVERY:
            self._swept = now
            self._node.sign_in.sweep(now)
            destroy_due(self._node)
            forget_destroyed(self._node)
            with self._node.store.transaction(Duty.CARE) as tx:
                arriving.forget_sent(tx, civil_day(now))
            self._size(civil_day(now))

    def _size(self, day: date) -> None:
        """Tell whoever reads the server's log, once a day, that the register has outgrown what was said of it."""
        if day != self._sized:
            self._sized = day
            for line in outgrown(self._node):
                log.warning("%s", line)


def deliver_events(node: Node) -> int:
    """Hand waiting events to their handlers; return how many were done."""
    handlers = {
        "RecordAccepted": lambda event: _count_delivery(node, event),
        "ResidentsChanged": lambda event: _tell_residents(node, event),
    }
    return storage.drain(node.store, handlers).done


def close_batch(node: Node) -> None:
    """Chain what is committed, anchor the register's root, close a batch of the public log, and have it cosigned.

    A witness that does not answer in a moment is asked again by the relay.
    """
    while access.chain(node.store):
        pass
    access.anchor(node.store, node.name)
    publish_attempts(node)
    publish_voids(node)
    emergencies.publish_openings(node)
    publish_certificates(node)
    publish_unwraps(node)
    tell_destructions(node)
    node.sequencer.close_batch(node.gathering.gather)


def _count_delivery(node: Node, event: Event) -> None:
    """Count what a facility delivered, and note which days are to be counted again. Idempotent by the event's id."""
    payload = event.payload
    facility, entries = str(payload["facility"]), int(str(payload["entries"]))
    with node.store.transaction(Duty.CARE) as tx:
        first = records.deliver(
            tx, event.id, int(str(payload["acceptance"])), facility, event.at.astimezone(UTC).date(), entries
        )
        told, on = payload.get("arrived"), payload.get("arrived_on")  # an event of an earlier release tells neither
        if first and isinstance(told, dict) and isinstance(on, str):
            arriving.count(tx, facility, str(payload["source"]), date.fromisoformat(on), entries, told)
        days = payload.get("days")
        if isinstance(days, list):
            records.note_uncounted(tx, event.id, [date.fromisoformat(str(day)) for day in days])


def _tell_residents(node: Node, event: Event) -> None:
    """Tell residents that their records were linked or parted; then what they took of another's entries is void.

    Idempotent by the event's id.
    """
    residents = event.payload["residents"]
    if isinstance(residents, list):
        with node.store.transaction(Duty.CARE) as tx:
            kind, keys = str(event.payload["kind"]), [int(key) for key in residents]
            identity.notify(tx, event.id, kind, keys, event.at)
            if kind == "parted":
                void_parted(tx, keys, event.at)
