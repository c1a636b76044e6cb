"""What happens day by day in the last sixty days, with its truth."""

from salus.synth.days.absence import school_absence
from salus.synth.days.outbreak import SINGLE_ICD10, outbreak, single
from salus.synth.days.resources import resources
from salus.synth.days.specimens import specimens
from salus.synth.days.visits import by_resident, visits

__all__ = [
    "SINGLE_ICD10",
    "by_resident",
    "outbreak",
    "resources",
    "school_absence",
    "single",
    "specimens",
    "visits",
]
