"""Take in what arrives one resource a request: requests of one sender that arrive together share a transaction."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from salus import records
from salus.app.coalesce import Coalescer
from salus.app.node import Node
from salus.app.writing import accept_lines, kept
from salus.kernel import SalusError
from salus.parties import Principal
from salus.records import Accepted, Intent, Line, Outcome
from salus.storage import StoreDown

log = logging.getLogger("salus.creating")


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """One resource that a system sends to be stored."""

    principal: Principal
    intent: Intent = field(repr=False)


class Creator:
    """Creates of one node, coalesced. Nothing is answered before its commit is durable."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._coalescer: Coalescer[Create, Outcome] = Coalescer(self._many, threads=2)

    async def ask(self, create: Create) -> Outcome:
        """Store one resource. Raises what `accept` raises, for this request alone."""
        return await self._coalescer.ask(create)

    def close(self) -> None:
        """Finish what runs."""
        self._coalescer.close()

    def _many(self, creates: Sequence[Create]) -> list[Outcome | BaseException]:
        senders: dict[Principal, list[int]] = {}
        for place, one in enumerate(creates):
            senders.setdefault(one.principal, []).append(place)
        answers: dict[int, Outcome | BaseException] = {}
        for who, places in senders.items():
            stored = self._of_one(who, [creates[place].intent for place in places])
            answers |= dict(zip(places, stored, strict=True))
        return [answers[place] for place in range(len(creates))]

    def _of_one(self, who: Principal, intents: Sequence[Intent]) -> Sequence[Outcome | BaseException]:
        """Store what one sender sent; where one of several cannot be stored, each is tried by itself.

        A transaction holds one sender's alone: each takes its locks in one order, and two orders would meet.
        """
        lines = [self._examined(who, one) for one in intents]
        good = [one for one in lines if isinstance(one, Line)]
        stored = iter(self._of_good(who, good))
        return [next(stored) if isinstance(one, Line) else one for one in lines]

    def _examined(self, who: Principal, intent: Intent) -> Line | BaseException:
        """Examine a resource once, however often it is tried: places are taken out of it, and told, once."""
        try:
            return records.line([intent])
        except SalusError as error:
            return self._kept(who, error)
        except Exception as error:
            return error

    def _kept(self, who: Principal, refused: SalusError) -> BaseException:
        """Keep a refusal; where that fails, its asker alone is told so: others of the batch may be stored by now."""
        try:
            return kept(self._node, who, refused)
        except Exception as error:
            return error

    def _of_good(self, who: Principal, lines: Sequence[Line]) -> Sequence[Outcome | BaseException]:
        if len(lines) > 1:
            try:
                return self._together(who, lines).outcomes
            except StoreDown as down:  # perhaps it was stored: nobody may be told anything else, nor stored twice
                return [down] * len(lines)
            except SalusError:
                pass  # each is told its own reason below
            except Exception as error:
                log.warning("creates could not be taken together: %s", type(error).__name__)
        return [self._alone(who, one) for one in lines]

    def _together(self, who: Principal, lines: Sequence[Line]) -> Accepted:
        return accept_lines(self._node, who, lines, "fhir", lambda *_: None, apart=True)

    def _alone(self, who: Principal, line: Line) -> Outcome | BaseException:
        try:
            return self._together(who, [line]).outcomes[0]
        except SalusError as error:
            return self._kept(who, error)
        except Exception as error:
            return error


__all__ = ["Create", "Creator"]
