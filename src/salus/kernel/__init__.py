"""What every room may use: errors, instants, identifiers, roles and purposes. Imports nothing of Salus."""

from salus.kernel.demo_clock import CLOCK_FILE, DemoClock, advance_demo_clock, start_demo_clock
from salus.kernel.errors import Invalid, Refused, SalusError, Unavailable, Unsafe
from salus.kernel.model import (
    Clock,
    FixedClock,
    Purpose,
    Role,
    ShiftedClock,
    SystemClock,
    bucket,
    canonical,
    format_instant,
    new_id,
    parse_instant,
)

__all__ = [
    "CLOCK_FILE",
    "Clock",
    "DemoClock",
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
    "advance_demo_clock",
    "bucket",
    "canonical",
    "format_instant",
    "new_id",
    "parse_instant",
    "start_demo_clock",
]
