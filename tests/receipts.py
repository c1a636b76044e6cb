"""Receipts on paper logs: both steps of a specimen, as its holder keeps them, for tests to change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from measures import ALIVE, DISEASE, HOUR, World, a_world
from salus.cli.actors import Party, Signed, commit_specimen, new_subject, sign_result
from salus.kernel import canonical
from salus.rules import Receipted, Result, read_receipt, receipt_file


@dataclass(slots=True)
class Steps:
    """A specimen and its results in a world whose log may have some of them."""

    world: World
    specimen: Signed
    results: list[Signed] = field(default_factory=list)

    def log(self, *given: Signed, at: datetime) -> None:
        """Let the log have some steps, and its witnesses have seen them at an instant."""
        for one in given:
            self.world.log.append(one.kind, one.leaf)
        self.world.log.close(at)

    def step(self, one: Signed) -> dict[str, Any]:
        """A step as a receipt holds it, with its proof where the log has it."""
        entry = canonical({one.kind: one.leaf})
        has = entry in self.world.log.entries
        return {"leaf": one.leaf, "opening": one.opening, "proof": self.world.log.proof(entry) if has else None}

    def file(self, *, parties: Sequence[Party] | None = None) -> bytes:
        """The receipt of both steps, with the keys of whoever signed one."""
        mine = [self.world.site, *([self.world.laboratory] if self.results else [])] if parties is None else parties
        keys = [self.world.item("party-key", one.key_leaf) for one in mine]
        return receipt_file(self.step(self.specimen), [self.step(one) for one in self.results], keys)

    def read(self, raw: bytes | None = None) -> Receipted:
        """What the receipt proves to whoever trusts this log's witnesses."""
        return read_receipt(raw or self.file(), self.world.log.trust)


def some_steps(
    world: World | None = None, *, taken: datetime = ALIVE, result: Result | None = Result.POSITIVE
) -> Steps:
    """A specimen and its result, five hours later, of which the log has neither yet."""
    world = world or a_world()
    specimen = commit_specimen(world.site, disease=DISEASE, taken=taken, subject=new_subject())
    found = [sign_result(world.laboratory, specimen, result, taken + 5 * HOUR)] if result else []
    return Steps(world, specimen, found)


def logged_steps(world: World | None = None, **told: Any) -> Steps:
    """The same, and the log has both: the specimen after an hour, the result after six."""
    steps = some_steps(world, **told)
    steps.log(steps.specimen, at=told.get("taken", ALIVE) + HOUR)
    if steps.results:
        steps.log(*steps.results, at=told.get("taken", ALIVE) + 6 * HOUR)
    return steps
