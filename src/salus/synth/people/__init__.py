"""Names, citizen numbers and residents."""

from salus.synth.people.numbers import check_character, citizen_number
from salus.synth.people.residents import residents

__all__ = ["check_character", "citizen_number", "residents"]
