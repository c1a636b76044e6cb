"""What every room may use: errors, instants, identifiers, roles and purposes. Imports nothing of Salus."""

from salus.kernel.demo_clock import CLOCK_FILE, DemoClock, advance_demo_clock, start_demo_clock
from salus.kernel.errors import Invalid, Refused, SalusError, Unavailable, Unsafe
from salus.kernel.model import (
    CIVIL_TIME,
    CROCKFORD,
    Clock,
    FixedClock,
    Purpose,
    Role,
    SystemClock,
    bucket,
    canonical,
    civil_day,
    format_instant,
    nests_deeper,
    new_id,
    parse_instant,
    spelt,
)

__all__ = [
    "CIVIL_TIME",
    "CLOCK_FILE",
    "CROCKFORD",
    "Clock",
    "DemoClock",
    "FixedClock",
    "Invalid",
    "Purpose",
    "Refused",
    "Role",
    "SalusError",
    "SystemClock",
    "Unavailable",
    "Unsafe",
    "advance_demo_clock",
    "bucket",
    "canonical",
    "civil_day",
    "format_instant",
    "nests_deeper",
    "new_id",
    "parse_instant",
    "spelt",
    "start_demo_clock",
]
