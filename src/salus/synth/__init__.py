"""A fictional country made from a seed: places, hospitals, people, their FHIR bundles and what is true of them.

Nobody in it exists: area codes lie in the unassigned 900000 to 999999, telephone numbers begin with 100, and no
person has coordinates. Its map is of no planet. Knows no room but kernel.
"""

from salus.synth.days import outbreak, resources, school_absence, specimens, visits
from salus.synth.model import (
    Absence,
    Beds,
    Case,
    Country,
    County,
    Delivery,
    Facility,
    Outbreak,
    Region,
    Resident,
    Resources,
    Specimen,
    Truth,
    Visit,
    Worker,
)
from salus.synth.people import check_character
from salus.synth.register import Alike, Record, Records, records
from salus.synth.service import (
    MORNING,
    PRESENT_DAY,
    bundles,
    centres,
    country,
    deliveries,
    population,
    present,
    topology,
    truth,
    workers,
)

__all__ = [
    "MORNING",
    "PRESENT_DAY",
    "Absence",
    "Alike",
    "Beds",
    "Case",
    "Country",
    "County",
    "Delivery",
    "Facility",
    "Outbreak",
    "Record",
    "Records",
    "Region",
    "Resident",
    "Resources",
    "Specimen",
    "Truth",
    "Visit",
    "Worker",
    "bundles",
    "centres",
    "check_character",
    "country",
    "deliveries",
    "outbreak",
    "population",
    "present",
    "records",
    "resources",
    "school_absence",
    "specimens",
    "topology",
    "truth",
    "visits",
    "workers",
]
