"""What the registry of parties refuses. Sign-in refusals never say which part was wrong."""

from __future__ import annotations

from salus.kernel import Invalid, Refused


class PartyInvalid(Invalid):
    """A party, credential or key set that cannot be registered as sent."""

    code = "SALUS-T001"


class CodeRefused(PartyInvalid):
    """A first one-time code that does not fit the authenticator's secret."""

    code = "SALUS-T008"


class PartyUnknown(Invalid):
    """No such facility, system or account."""

    code = "SALUS-T002"
    status = 404


class PartyExists(Invalid):
    """The identifier or login is taken."""

    code = "SALUS-T003"
    status = 409


class NotSignedIn(Refused):
    """No valid token, session or credential was shown."""

    code = "SALUS-T004"
    status = 401


class TooManyFailures(Refused):
    """Too many failed sign-ins in a short time; wait, or use a passkey."""

    code = "SALUS-T005"
    status = 429


class PurposeRefused(Refused):
    """This role has no such purpose of use."""

    code = "SALUS-T006"


class TokenRefused(Refused):
    """The token endpoint's refusal; `error` is the OAuth 2.0 code (RFC 6749, section 5.2)."""

    code = "SALUS-T007"

    def __init__(self, error: str, text: str) -> None:
        super().__init__(text)
        self.error = error
        self.status = 401 if error == "invalid_client" else 400

    def body(self) -> dict[str, str]:
        """Return the response body that RFC 6749 asks for."""
        return {"error": self.error, "error_description": f"{self.code} {self.text}"}
