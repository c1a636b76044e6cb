"""A measure under a renewed emergency: its file brings the emergencies before, and any reader counts them again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from measures import ALIVE, DAY, DECLARED, DISEASE, AFile, World, a_file
from salus.cli.actors import SIGNER, Party, emergency_document, rules_document
from salus.rules import Measure, recompute

WORDS = {"en": "An outbreak.", "zh": "疫情。"}


@dataclass(frozen=True)
class Renewed:
    """A good file under an emergency that renews another, and the other as a file holds it."""

    file: AFile
    first: dict[str, Any]

    def read(self, change: Callable[[dict[str, Any]], Any] = lambda file: None) -> tuple[Measure, str | None]:
        found = recompute(self.file.changed(change), self.file.world.log.trust, self.file.at)
        return found.measure, found.fault


def renewed(signing: slice = slice(3, 8), *, named: bool = True) -> Renewed:
    """Make one; `signing` are the signers of the renewal, those of the first are the first five."""
    world = World()
    world.signers += [Party.new(f"signer-{number}", "press", SIGNER) for number in (6, 7)]
    for party in world.parties():
        world.log.append("party-key", party.key_leaf)
    world.log.close(DECLARED - 28 * DAY)
    starts, began = DECLARED + 3 * DAY, DECLARED - 27 * DAY
    first = emergency_document(DISEASE, began, starts, **WORDS)
    world.publish(first, at=began)
    item = world.published("emergency")
    digest = first.digest if named else None
    second = emergency_document(DISEASE, starts, starts + 30 * DAY, **WORDS, version=2, renews=digest)
    world.publish(second, signers=world.signers[signing])
    world.publish(rules_document(DISEASE, starts, starts + 90 * DAY))
    file = a_file(world, taken=ALIVE)
    more = [one for one in world.signers[signing] if one not in world.signers[:5]]
    file.value["rules"]["keys"] += [world.item("party-key", one.key_leaf) for one in more]
    if named:
        file.value["rules"]["before"] = [item]
    return Renewed(file=file, first=item)


def test_a_file_under_a_renewal_proves_its_measure_with_the_emergency_before() -> None:
    assert renewed().read() == (Measure.PRECAUTION, None)


def test_without_the_emergency_before_a_renewal_proves_nothing() -> None:
    def leave_out(file: dict[str, Any]) -> None:
        file["rules"].pop("before")

    assert renewed().read(leave_out) == (Measure.NONE, "RENEWAL")


def test_an_emergency_renewed_by_the_same_signers_proves_nothing() -> None:
    assert renewed(slice(0, 5)).read() == (Measure.NONE, "SAME-SIGNERS")


def test_an_emergency_that_names_none_takes_none_along() -> None:
    found = renewed(named=False)

    def bring(file: dict[str, Any]) -> None:
        file["rules"]["before"] = [found.first]

    assert found.read(bring) == (Measure.NONE, "RENEWAL")


@pytest.mark.parametrize("before", [None, {}, "x", [None], [{}], [[]] * 40])
def test_whatever_is_no_line_of_emergencies_proves_nothing(before: object) -> None:
    found = renewed().read(lambda file: file["rules"].update(before=before))

    assert found == (Measure.NONE, "FILE")


def test_what_comes_before_has_to_be_proved_too() -> None:
    def forge(file: dict[str, Any]) -> None:
        file["rules"]["before"][0]["document"]["ends"] = "2031-02-01T08:00:00Z"

    assert renewed().read(forge) == (Measure.NONE, "DIGEST")
