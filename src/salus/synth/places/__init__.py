"""The fictional map: regions, their borders, and what stands in them."""

from salus.synth.places.facilities import facilities, nearest, workers
from salus.synth.places.first import COUNTIES, NEAREST
from salus.synth.places.first import FACILITIES as FIRST_HOSPITALS
from salus.synth.places.regions import Places, places
from salus.synth.places.topology import centres, county_side, topology

__all__ = [
    "COUNTIES",
    "FIRST_HOSPITALS",
    "NEAREST",
    "Places",
    "centres",
    "county_side",
    "facilities",
    "nearest",
    "places",
    "topology",
    "workers",
]
