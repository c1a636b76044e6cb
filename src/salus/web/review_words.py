"""The words of the review desk's closed lists: why a pair is asked about, why an answer is given, what was compared.

A guard's own words stand in its table, in both languages; they are not written again here.
"""

from __future__ import annotations

from collections.abc import Mapping

from salus.identity import Says
from salus.web.words import noop

ASKED: Mapping[str, str] = {
    "another-name": noop("The same number with another name"),
    "borrowed-number": noop("One of them may have come under a guardian’s number"),
    "crowded": noop("There would be too many records of one institution, or too many in all"),
    "number-of-another": noop("A further number that another resident holds"),
    "number-taken-away": noop("One of them had a valid number once, and has none now"),
    "hospital-merge": noop("A hospital says that both are one person’s"),
    "reported": noop("Somebody reported the records"),
    "score": noop("The weights are neither high nor low enough"),
    "weight": noop("The weights are neither high nor low enough"),
}
ANSWERS: Mapping[Says, str] = {
    Says.SAME: noop("One person"),
    Says.NOT_SAME: noop("Two people"),
    Says.CANNOT_TELL: noop("I cannot tell"),
}
REASONS: Mapping[str, str] = {
    "asked-the-person": noop("The person was asked"),
    "documents-agree": noop("The documents agree"),
    "documents-differ": noop("The documents differ"),
    "twins-or-relatives": noop("Twins, or relatives"),
    "borrowed-number": noop("The number is a guardian’s"),
    "mistyped": noop("Something was mistyped"),
    "too-little": noop("Too little is known"),
}
ROWS: Mapping[str, str] = {
    "names": noop("Name"),
    "birth_date": noop("Birth date"),
    "gender": noop("Sex"),
    "numbers": noop("Numbers"),
    "telephones": noop("Telephone"),
    "addresses": noop("Address"),
}
FIELDS: Mapping[str, str] = {
    "prior": noop("Before anything is compared"),
    "name": noop("Name"),
    "birth_date": noop("Birth date"),
    "sex": noop("Sex"),
    "id_number": noop("Numbers"),
    "phone": noop("Telephone"),
    "address": noop("Address"),
    "county": noop("County"),
}
"""What a model compares; a field that is not named here is shown by the model's own name."""
BITS, WEIGHTS = noop("bits for and against one person"), noop("What each field weighs")
TOTAL = noop("Together")
ASKED_FROM, LINKED_FROM = noop("people are asked from"), noop("rules link from")
CLAIMS: Mapping[str, str] = {
    "same": noop("These are one person’s."),
    "not-same": noop("These are two people’s."),
    "cannot-tell": noop("I cannot tell whether these are one person’s."),
}
