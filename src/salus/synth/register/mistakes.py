"""What happens to particulars on their way into a register: rates per record, one function for each field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from salus.synth.model import Dice
from salus.synth.people.numbers import check_character
from salus.synth.register.model import Home, Person
from salus.synth.register.names import ANY_CHARACTER, SAME_SOUND, TRADITIONAL
from salus.synth.register.people import phone

PLACEHOLDERS = ("000000000000000000", "111111111111111111", "123456789012345678", "999999999999999999")
GENERIC_PHONES = ("13800138000", "13800000000", "11111111111", "00000000000", "12345678901")
_DIGITS = tuple("0123456789")


def number(dice: Dice, person: Person) -> tuple[str, str]:
    """Return type and number as a clerk puts them down: missing in 12 of 100 records, mistyped in 4 or 5."""
    if person.guardian and dice.chance(0.16):
        return "resident-id", person.guardian[1]
    point = dice.upto(1)
    if point < 0.12:
        return _none(dice)
    if point < 0.121:
        return "temporary", f"T{dice.between(0, 9_999_999):07d}"
    text = person.id_number
    if person.id_type != "resident-id":
        return person.id_type, mistyped(dice, text) if dice.chance(0.03) else text
    if point < 0.154:
        return "resident-id", mistyped(dice, text)
    if point < 0.164:
        return "resident-id", swapped(dice, text)
    if point < 0.167:
        return "resident-id", mistyped_but_valid(dice, text)
    if point < 0.179 and person.birth_date.year < 2000:
        return "resident-id", text[:6] + text[8:17]
    return "resident-id", text


def _none(dice: Dice) -> tuple[str, str]:
    return ("resident-id", dice.pick(PLACEHOLDERS)) if dice.chance(0.04) else ("none", "")


def mistyped(dice: Dice, text: str) -> str:
    """Change one digit to another."""
    while True:
        at = dice.between(0, len(text) - 1)
        if text[at] in _DIGITS:
            return text[:at] + _other(dice, text[at]) + text[at + 1 :]


def _other(dice: Dice, digit: str) -> str:
    return str((int(digit) + dice.between(1, 9)) % 10)


def swapped(dice: Dice, text: str) -> str:
    """Swap two neighbours that differ."""
    while True:
        at = dice.between(0, len(text) - 2)
        if text[at] != text[at + 1]:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def mistyped_but_valid(dice: Dice, text: str) -> str:
    """Change a digit of area or order, and the check character with it: a number that may be somebody else's."""
    at = dice.pick((2, 3, 4, 5, 14, 15, 16))
    body = text[:at] + _other(dice, text[at]) + text[at + 1 : 17]
    return body + check_character(body)


def name(dice: Dice, person: Person) -> str:
    """Return the name as a clerk writes it: in 2 of 100 records with a character that sounds the same."""
    if person.latin:
        return _latin(dice, *person.latin)
    if person.guardian and dice.chance(0.1):
        return person.guardian[0] + ("之子" if person.male else "之女")
    family, given = person.family[0], person.given
    point = dice.upto(1)
    if point < 0.02:
        return family + _replaced(dice, given, person.sounds, lambda sound: SAME_SOUND.get(sound, ()))
    if point < 0.026:
        return family + _replaced(dice, given, person.sounds, lambda _: (dice.pick(ANY_CHARACTER)[0],))
    if point < 0.03:
        return given + family
    if point < 0.05 or (person.id_type in {"hk-macau-permit", "taiwan-permit"} and dice.chance(0.7)):
        return (family + given).translate(TRADITIONAL)
    if point < 0.065:
        return pinyin(dice, person)
    if point < 0.07:
        return dice.pick((f"{family} {given}", f" {family}{given}", f"{family}\u3000{given}", f"{family}{given}\u200b"))
    return family + given


def _replaced(dice: Dice, given: str, sounds: tuple[str, ...], choices: Callable[[str], tuple[str, ...]]) -> str:
    at = dice.between(0, len(given) - 1)
    others = tuple(one for one in choices(sounds[at]) if one != given[at])
    return given[:at] + dice.pick(others) + given[at + 1 :] if others else given


def pinyin(dice: Dice, person: Person) -> str:
    """Write the name in Latin letters, in one of the ways that counters, passports and airlines do."""
    family, sounds = person.family[1], person.sounds
    joined = "".join(sounds).capitalize()
    return dice.pick(
        (
            f"{family.upper()} {joined}",
            f"{family} {joined}",
            f"{joined.upper()} {family.upper()}",
            " ".join((family, *(sound.capitalize() for sound in sounds))),
            f"{family.upper().replace('Ü', 'YU')} {joined.upper()}",
            f"{family} {'-'.join(sounds).capitalize()}",
        )
    )


def _latin(dice: Dice, family: str, given: str) -> str:
    if dice.chance(0.03):
        return f"{family} {mistyped_word(dice, given)}"
    return dice.pick((f"{given} {family}", f"{family}, {given}", f"{family.upper()} {given.upper()}"))


def mistyped_word(dice: Dice, word: str) -> str:
    """Leave out one letter."""
    at = dice.between(1, len(word) - 1)
    return word[:at] + word[at + 1 :]


def birth_date(dice: Dice, born: date) -> str:
    """Return the birth date as it is put down: missing in 1 of 100 records, wrong in 2.5."""
    point = dice.upto(1)
    if point >= 0.035:
        return born.isoformat()
    if point < 0.01:
        return ""
    if point < 0.015 and born.day <= 12:
        return born.replace(month=born.day, day=born.month).isoformat()
    if point < 0.02:
        return f"{born.year}-01-01"
    if point < 0.024:  # the day of the lunar calendar, which comes before the solar one
        return (born - timedelta(days=dice.between(18, 50))).isoformat()
    if point < 0.03:
        return _year(dice, born)
    return born.replace(day=1 + (born.day + dice.pick((-2, 0, 8, -12))) % 28).isoformat()


def _year(dice: Dice, born: date) -> str:
    wrong = born.year + dice.pick((-1, 1, -10, 10))
    return f"{wrong}-{born.month:02d}-{min(born.day, 28):02d}"


def telephone(dice: Dice, person: Person) -> str:
    """Return the telephone number given at this visit: another in 18 of 100 records, none or a dummy in 10."""
    point = dice.upto(1)
    if point < 0.09:
        return ""
    if point < 0.1:
        return dice.pick(GENERIC_PHONES)
    return phone(dice) if point < 0.28 else person.phone


def address(dice: Dice, home: Home, county_name: str) -> str:
    """Write an address in one of several ways; about 1 in 15 is given without the room or not at all."""
    point = dice.between(0, 99)
    if point < 55:
        return f"{home.street}{home.number}号{home.room}室"
    if point < 75:
        return f"{county_name}{home.street}{home.number}号{home.room}室"
    if point < 88:
        return f"{home.street}{home.number}号{home.room}"
    if point < 93:
        return f"{home.street}{home.number}-{home.room}"
    return f"{home.street}{home.number}号" if point < 97 else ""
