"""The words of the review desk's closed lists: why a pair is asked about, why an answer is given, what was compared."""

from __future__ import annotations

from collections.abc import Mapping

from salus.identity import Says
from salus.web.words import noop

ASKED: Mapping[str, str] = {
    "another-name": noop("The same number with another name"),
    "number-of-another": noop("A further number that another resident holds"),
    "reported": noop("Somebody reported the pair"),
    "hospital-merge": noop("A hospital says that both are one person’s"),
    "score": noop("The weights are neither high nor low enough"),
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
