"""What every room may use: errors, instants, identifiers, roles and purposes. Imports nothing of Salus."""

from salus.kernel.errors import Invalid, Refused, SalusError, Unavailable, Unsafe
from salus.kernel.model import (
    CIVIL_TIME,
    Clock,
    FixedClock,
    Purpose,
    Role,
    ShiftedClock,
    SystemClock,
    bucket,
    canonical,
    civil_day,
    format_instant,
    new_id,
    parse_instant,
)

__all__ = [
    "CIVIL_TIME",
    "Clock",
    "FixedClock",
    "Invalid",
    "Purpose",
    "Refused",
    "Role",
    "SalusError",
    "ShiftedClock",
    "SystemClock",
    "Unavailable",
    "Unsafe",
    "bucket",
    "canonical",
    "civil_day",
    "format_instant",
    "new_id",
    "parse_instant",
]
