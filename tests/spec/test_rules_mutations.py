"""Every change of a good file, of any field or any byte, ends in `none`."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from measures import ALIVE, DISEASE, HOUR, AFile, a_file
from salus.cli.actors import commit_specimen, sign_result
from salus.kernel import canonical
from salus.rules import Measure, Result, recompute

Path = tuple[str | int, ...]


@pytest.fixture(scope="module")
def file() -> AFile:
    return a_file()


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of a file that holds no other, with the way there."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, key))
    else:
        yield path, value


def holders(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every object and list of a file."""
    if isinstance(value, dict | list):
        yield path, value
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from holders(item, (*path, key))


def at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def put(file: dict[str, Any], path: Path, value: Any) -> bytes:
    changed = copy.deepcopy(file)
    at(changed, path[:-1])[path[-1]] = value
    return canonical(changed)


def variants(value: Any) -> Iterator[Any]:
    """Other values for one value: of another type, near to it, and empty."""
    yield from ([], "")
    if isinstance(value, str):
        yield value + "x"
        yield value[:-1]
        if value.swapcase() != value:
            yield value.swapcase()
    elif isinstance(value, int):
        yield from (value + 1, str(value))
    yield [value] if value is not None else "AAAA"


def shown(file: AFile, raw: bytes) -> Measure:
    return recompute(raw, file.world.log.trust, file.at).measure


@pytest.mark.slow
def test_every_field_that_is_changed_ends_in_none(file: AFile) -> None:
    assert shown(file, file.raw) is Measure.PRECAUTION
    tried = 0
    for path, value in leaves(file.value):
        for other in variants(value):
            if other != value:
                assert shown(file, put(file.value, path, other)) is Measure.NONE, path
                tried += 1

    assert tried > 300


@pytest.mark.slow
def test_every_field_that_is_dropped_or_added_ends_in_none(file: AFile) -> None:
    for path, value in holders(file.value):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            changed = copy.deepcopy(file.value)
            del at(changed, path)[key]
            assert shown(file, canonical(changed)) is Measure.NONE, (path, key)
        changed = copy.deepcopy(file.value)
        more = at(changed, path)
        if isinstance(more, dict):
            more["more"] = "x"
        else:
            more.append("x")
        assert shown(file, canonical(changed)) is Measure.NONE, path


def test_every_two_fields_of_one_kind_that_are_exchanged_end_in_none(file: AFile) -> None:
    texts = [(path, value) for path, value in leaves(file.value) if isinstance(value, str) and len(value) > 40]
    for place, (path, value) in enumerate(texts):
        other_path, other = texts[(place + 1) % len(texts)]
        if value != other:
            changed = copy.deepcopy(file.value)
            at(changed, path[:-1])[path[-1]] = other
            at(changed, other_path[:-1])[other_path[-1]] = value
            assert shown(file, canonical(changed)) is Measure.NONE, (path, other_path)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 9))])
def test_every_byte_that_is_changed_dropped_or_added_ends_in_none(file: AFile, seed: int) -> None:
    """A sample of the places, another with each seed; proofs are most of a file, so most of them lie there."""
    chance, raw = random.Random(seed), file.raw
    for place in chance.sample(range(len(raw)), 200):
        flipped = raw[:place] + bytes([raw[place] ^ (1 << chance.randrange(8))]) + raw[place + 1 :]
        dropped = raw[:place] + raw[place + 1 :]
        added = raw[:place] + bytes([chance.randrange(256)]) + raw[place:]
        for changed in (flipped, dropped, added):
            assert shown(file, changed) is Measure.NONE, place


def test_evidence_of_two_files_does_not_mix(file: AFile) -> None:
    other = a_file(file.world, taken=ALIVE + HOUR)
    for name in ("evidence", "openings", "decision", "proof", "at"):
        assert shown(file, canonical({**file.value, name: other.value[name]})) is Measure.NONE, name


def test_the_check_can_fail(file: AFile) -> None:
    """A change that proves as much is accepted: evidence that changes nothing, and a younger proof."""
    world, subject = file.world, file.specimen.body["subject"]
    more = a_file(world)
    specimen = commit_specimen(
        world.site, disease=DISEASE, taken=ALIVE + 6 * HOUR, subject=more.specimen.body["subject"]
    )
    positive = sign_result(world.laboratory, specimen, Result.POSITIVE, ALIVE + 7 * HOUR)

    assert (
        recompute(more.later(specimen, positive, at=ALIVE + 8 * HOUR), world.log.trust, ALIVE + 9 * HOUR).fault is None
    )
    assert subject != more.specimen.body["subject"]
