"""Gather cosignatures under the newest head: all witnesses at a time, none of them waited for longer than a moment."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime

from salus.kernel import Clock, SalusError
from salus.ledger import store as tables
from salus.ledger.errors import WitnessSilent
from salus.ledger.model import BATCH_EVERY, Witness
from salus.ledger.service import consistency_for
from salus.ledger.witnessing.asking import ask
from salus.proof import Checkpoint
from salus.proof.note import Signature
from salus.storage import Duty, Store

PATIENCE_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
_TRIES = 3

log = logging.getLogger("salus.witnesses")


class Gathering:
    """Asks witnesses, each on a thread of its own, and keeps what they sign. Thread-safe.

    A witness that fails is left alone for a while, longer each time. One that answers late is not lost: its line is
    kept when it comes, and `gather` counts it next time. `ended` says whose keys ended: nobody asks those any more.
    """

    def __init__(
        self,
        store: Store,
        witnesses: Sequence[Witness],
        clock: Clock,
        ended: Callable[[], Collection[bytes]] = frozenset,
    ) -> None:
        self.witnesses = tuple(witnesses)
        self._ended = ended
        self._store = store
        self._clock = clock
        self._threads = ThreadPoolExecutor(max(len(self.witnesses), 1), thread_name_prefix="witness")
        self._guard = threading.Lock()
        self._asked: dict[str, Future[None]] = {}
        self._pauses: dict[str, tuple[float, float]] = {}
        self._kept = 0

    def gather(self, patience: float | None = None) -> int:
        """Ask whoever has not cosigned the newest head within BATCH_EVERY; return how many lines were kept since.

        Waits at most `patience` seconds, PATIENCE_SECONDS by default. Raises StoreDown alone: what witnesses do is
        logged, never raised.
        """
        if self.witnesses:
            head, told = self._newest()
            if head:
                patience = PATIENCE_SECONDS if patience is None else patience
                wait(self._begin(head, told, self._ended()), timeout=patience)
        with self._guard:
            kept, self._kept = self._kept, 0
        return kept

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _newest(self) -> tuple[Checkpoint | None, dict[str, datetime]]:
        with self._store.transaction(Duty.LEDGER) as tx:
            found = tables.head(tx)
            lines = tables.cosignatures(tx, found[0].size, newest=True) if found else []
        return found[0] if found else None, {one.witness: one.cosigned for one in lines}

    def _begin(self, head: Checkpoint, told: dict[str, datetime], ended: Collection[bytes]) -> list[Future[None]]:
        fresh, now = self._clock.now() - BATCH_EVERY, time.monotonic()
        with self._guard:
            for witness in (one for one in self.witnesses if one.key.public_key not in ended):
                name = witness.key.name
                last = told.get(str(witness.key))
                running = name in self._asked and not self._asked[name].done()
                if running or (last and last > fresh) or self._pauses.get(name, (0.0, 0.0))[0] > now:
                    continue
                self._asked[name] = self._threads.submit(self._ask, witness, head)
            return [one for one in self._asked.values() if not one.done()]

    def _ask(self, witness: Witness, head: Checkpoint) -> None:
        name = witness.key.name
        try:
            line = self._line(witness, head)
            self._keep(witness, head, line)
        except Exception as failure:  # a thread of its own: whatever broke, the next round must come
            pause = min(self._pauses.get(name, (0.0, FIRST_PAUSE_SECONDS / 2))[1] * 2, LONGEST_PAUSE_SECONDS)
            with self._guard:
                self._pauses[name] = (time.monotonic() + pause, pause)
            log.warning("witness %s: %s", name, failure if isinstance(failure, SalusError) else type(failure).__name__)
        else:
            with self._guard:
                self._pauses.pop(name, None)

    def _line(self, witness: Witness, head: Checkpoint) -> Signature:
        """Ask with the size that we believe the witness has, and again with the one that it says."""
        with self._store.transaction(Duty.LEDGER) as tx:
            old = tables.cosigned_by(tx, str(witness.key))
        for _ in range(_TRIES):
            proof = consistency_for(self._store, old, head.size) if 0 < old < head.size else []
            answer = ask(witness, head, old, proof)
            if isinstance(answer, Signature):
                return answer
            if answer > head.size:
                raise WitnessSilent(f"it has cosigned {answer} entries; this log has {head.size}: is it an old copy?")
            old = answer
        raise WitnessSilent("it says another size each time")

    def _keep(self, witness: Witness, head: Checkpoint, line: Signature) -> None:
        at = witness.key.time_of(head.text, line)
        with self._store.transaction(Duty.LEDGER) as tx:
            tables.add_cosignature(tx, head.size, str(witness.key), at, str(line))
        with self._guard:
            self._kept += 1
