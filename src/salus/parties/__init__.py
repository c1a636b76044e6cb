"""Who takes part and how they prove it: organisations, facilities, systems, staff, residents' accounts.

Refuses purposes that a role does not have, keys that are secret, and tokens of whoever was disabled.
"""

from salus.parties.errors import (
    CodeRefused,
    NotSignedIn,
    PartyExists,
    PartyInvalid,
    PartyUnknown,
    PurposeRefused,
    TokenRefused,
    TooManyFailures,
)
from salus.parties.model import (
    INVITATION_LASTS,
    ROLE_PURPOSES,
    Facility,
    FacilityKind,
    Graced,
    Organisation,
    PasskeyUse,
    Principal,
    Staff,
    System,
    default_purpose,
    principal,
)
from salus.parties.scopes import Scope, parse_scopes
from salus.parties.service import (
    add_facility,
    add_organisation,
    add_staff,
    add_system,
    disable_account,
    disable_system,
    facilities,
    facility,
    graced,
    organisations,
    register_facility,
    replace_keys,
    resident_account,
    resident_principal,
    staff,
    staff_member,
    staff_principal,
    system_principal,
    systems,
)
from salus.parties.sheet import registration_sheet
from salus.parties.signin.passkeys import RelyingParty
from salus.parties.signin.service import Ceremony, SignedIn, SignIn
from salus.parties.tokens.certificates import proves
from salus.parties.tokens.endpoint import token
from salus.parties.tokens.issuer import TokenIssuer, authenticate, issue_token, remembered
from salus.parties.tokens.jwks import new_client_key

__all__ = [
    "INVITATION_LASTS",
    "ROLE_PURPOSES",
    "Ceremony",
    "CodeRefused",
    "Facility",
    "FacilityKind",
    "Graced",
    "NotSignedIn",
    "Organisation",
    "PartyExists",
    "PartyInvalid",
    "PartyUnknown",
    "PasskeyUse",
    "Principal",
    "PurposeRefused",
    "RelyingParty",
    "Scope",
    "SignIn",
    "SignedIn",
    "Staff",
    "System",
    "TokenIssuer",
    "TokenRefused",
    "TooManyFailures",
    "add_facility",
    "add_organisation",
    "add_staff",
    "add_system",
    "authenticate",
    "default_purpose",
    "disable_account",
    "disable_system",
    "facilities",
    "facility",
    "graced",
    "issue_token",
    "new_client_key",
    "organisations",
    "parse_scopes",
    "principal",
    "proves",
    "register_facility",
    "registration_sheet",
    "remembered",
    "replace_keys",
    "resident_account",
    "resident_principal",
    "staff",
    "staff_member",
    "staff_principal",
    "system_principal",
    "systems",
    "token",
]
