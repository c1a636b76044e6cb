"""A fictional country made from a seed: places, hospitals, people and their FHIR bundles. Knows no room but kernel.

Nobody in it exists: area codes lie in the unassigned 900000 to 999999, telephone numbers begin with 100, and no
place has coordinates.
"""

from salus.synth.model import Country, County, Delivery, Facility, Resident
from salus.synth.people import check_character
from salus.synth.service import bundles, country

__all__ = ["Country", "County", "Delivery", "Facility", "Resident", "bundles", "check_character", "country"]
