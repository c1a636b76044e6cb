"""Events that must travel up: written with the change itself, drained at least once, parked when they keep failing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from salus.kernel import SalusError
from salus.storage.model import Duty, Event
from salus.storage.service import Store

Handler = Callable[[Event], None]
MOST_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What one round did."""

    done: int
    failed: int


def drain(store: Store, handlers: Mapping[str, Handler], limit: int = 100) -> Drained:
    """Hand up to `limit` waiting events to their handlers and delete the ones that succeeded.

    A handler must be idempotent by `event.id`: a crash after it and before the delete hands the event over again.
    A failure is counted; after five the event is parked, stays visible, and waits for `unpark`.
    """
    done = failed = 0
    with store.transaction(Duty.RELAY) as tx:
        claimed = tx.rows(
            "select id, kind, payload, at, attempts from storage.outbox where parked is null"
            " order by id limit %s for update skip locked",
            (limit,),
        )
        for id_, kind, payload, at, attempts in claimed:
            event = Event(id=id_, kind=kind, payload=payload, at=at, attempts=attempts)
            problem = _deliver(event, handlers)
            if problem is None:
                tx.run("delete from storage.outbox where id = %s", (id_,))
                done += 1
            else:
                tx.run(
                    "update storage.outbox set attempts = attempts + 1,"
                    " parked = case when attempts + 1 >= %s then %s end where id = %s",
                    (MOST_ATTEMPTS, problem, id_),
                )
                failed += 1
    return Drained(done=done, failed=failed)


def parked(store: Store) -> list[tuple[int, str, str]]:
    """Return id, kind and error code of the events that wait for a person."""
    with store.transaction(Duty.RELAY) as tx:
        found = tx.rows("select id, kind, parked from storage.outbox where parked is not null order by id")
    return [(id_, kind, code) for id_, kind, code in found]


def unpark(store: Store) -> int:
    """Let parked events be tried again."""
    with store.transaction(Duty.RELAY) as tx:
        return tx.run("update storage.outbox set parked = null, attempts = 0 where parked is not null")


def _deliver(event: Event, handlers: Mapping[str, Handler]) -> str | None:
    handler = handlers.get(event.kind)
    if handler is None:
        return "SALUS-S005 no handler"
    try:
        handler(event)
    except SalusError as error:
        return error.code
    except Exception as error:
        return f"SALUS-S006 {type(error).__name__}"
    return None
