"""What the command room refuses, each with the next step. No text repeats what was written into a form."""

from __future__ import annotations

from salus.kernel import Invalid, Refused


class CommandInvalid(Invalid):
    """Something about an incident, a report, an order or a task does not fit; it was not kept."""

    code = "SALUS-O001"


class NotHere(Invalid):
    """There is no such incident, order, task or situation report here."""

    code = "SALUS-O404"
    status = 404


class FieldRefused(Refused):
    """An order was to hold a field that orders do not have, such as a person. The attempt is counted in public."""

    code = "SALUS-O010"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"an order has no field {field!r}: it is aimed at a facility, a supply or a large area, never at people;"
            " nothing was kept but the count of this attempt",
            where=field,
        )


class PeopleRefused(Refused):
    """A text of an order holds what looks like a personal number or a code. The attempt is counted in public."""

    code = "SALUS-O011"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"the field {field} holds what looks like a personal number or a code; an order names no people: write it"
            " without; nothing was kept but the count of this attempt",
            where=field,
        )


class SameOrganisation(Refused):
    """An order is countersigned by a person of another organisation than the one that gave it."""

    code = "SALUS-O012"

    def __init__(self) -> None:
        super().__init__(
            "this order was given by your own organisation; a person of another one countersigns or rejects it"
        )


class TooLate(Refused):
    """What was to be decided has ended, or is decided already."""

    code = "SALUS-O013"
