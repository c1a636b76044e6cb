"""What a telephone is refused."""

from __future__ import annotations

from salus.kernel import Invalid


class KeyRefused(Invalid):
    """What was sent is no public key of the kind that a telephone makes."""

    code = "SALUS-H020"

    def __init__(self) -> None:
        super().__init__("this is no key that a telephone makes: a point of P-256 of 65 octets")


class PhonesFull(Invalid):
    """A resident has as many telephones as there may be."""

    code = "SALUS-H021"
    status = 409

    def __init__(self) -> None:
        super().__init__("you have as many telephones as there may be; remove one on the page of your code first")


class PhoneUnknown(Invalid):
    """A telephone is not the asker's, or was removed: which of these is not told."""

    code = "SALUS-H022"
    status = 404

    def __init__(self) -> None:
        super().__init__("there is no such telephone among yours; register it again if it is")
