"""What the keys room refuses. No text ever holds key material or what was sealed."""

from __future__ import annotations

from salus.kernel import Invalid, Refused, SalusError, Unavailable, Unsafe


class WrongPassphrase(Refused):
    """The custodian file is whole, but this passphrase does not open it."""

    code = "SALUS-W001"


class CustodianBroken(Unsafe):
    """The custodian file is damaged, or is not one."""

    code = "SALUS-W002"


class CustodianMissing(Unavailable):
    """There is no custodian file where one was expected."""

    code = "SALUS-W003"


class SealBroken(Unsafe):
    """Sealed bytes were changed, moved to another place, or sealed by another custodian."""

    code = "SALUS-W004"


class KeyShredded(SalusError):
    """The chart's key was destroyed; what it sealed can never be read again."""

    code = "SALUS-W005"
    status = 410


class ChartKeyMissing(Unsafe):
    """A chart has no key here: data and keys are not of one time."""

    code = "SALUS-W006"


class BadRequest(Invalid):
    """A passphrase, name or domain that cannot be used."""

    code = "SALUS-W007"


class TokenSilent(Unavailable):
    """A hardware token cannot be opened, or does not sign."""

    code = "SALUS-W008"
