"""What the fictional hospitals send is R4 that the record takes as it stands: nothing wrong, nothing stripped."""

from __future__ import annotations

from salus.records import take_apart
from salus.records.intake.examine import examine
from salus.synth import bundles, country


def test_every_bundle_passes_the_door_whole_with_its_citizen_number_and_without_a_place() -> None:
    for number, bundle in sent_with_numbers(11, 150):
        submission = take_apart(bundle)
        examined, _ = examine(submission.intents)

        assert not submission.wrong
        assert len(examined) == len(bundle["entry"])
        assert not [one.stripped for one in examined if one.stripped]
        assert [one.numbers[0].text for one in examined if one.numbers] == [number]


def sent_with_numbers(seed: int, residents: int) -> list[tuple[str, dict[str, object]]]:
    made = country(seed, residents)
    numbers = [resident.number for resident in made.residents for _ in resident.facilities]
    return list(zip(numbers, (delivery.bundle for delivery in bundles(made)), strict=True))
