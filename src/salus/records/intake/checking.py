"""Say what the door would say to a resource, without a store: nothing is looked up and nothing is kept. Pure."""

from __future__ import annotations

from typing import Any

from salus.records.errors import RecordRefused
from salus.records.fhir.profiles import known, of_type, unknown_claims
from salus.records.fhir.validation import deviations
from salus.records.intake.bundle import of_checked
from salus.records.intake.examine import examine


def check(resource: dict[str, Any], resource_type: str) -> tuple[str, ...]:
    """Return the places that would be taken out of a resource. Raises RecordRefused with every problem found.

    Whether what it refers to is stored is not asked: the answer would tell of others' records.
    """
    examined = examine((of_checked(resource, resource_type),)).examined
    return examined[0].stripped


def check_profile(resource: dict[str, Any], url: str) -> None:
    """Check a resource of a right shape by a known profile. Raises RecordRefused with every deviation found."""
    problems = deviations(resource, url)
    if problems:
        raise RecordRefused(problems)


def profile_is_known(url: str) -> bool:
    """Tell whether a profile can be checked by here; a version may follow `|`."""
    return known(url) is not None


def profiles_of(resource_type: str) -> tuple[str, ...]:
    """Return the profiles of a type that are checked wherever a resource claims one (meta.profile)."""
    return of_type(resource_type)


def unchecked_claims(resource: dict[str, Any]) -> list[str]:
    """Return where a resource claims a profile that is not known here: it is believed, and not checked."""
    return unknown_claims(resource)
