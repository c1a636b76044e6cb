"""Profiles: differentials of StructureDefinitions, compiled into closures, for resources of a right shape. Pure.

`ips.json` is written by tools/compile_profiles.py; source: HL7 IPS 2.0.1, CC0. `core.json` is ours.
"""

from salus.records.fhir.profiles.checking import (
    claimed,
    definition,
    deviations,
    known,
    known_profiles,
    of_type,
    unknown_claims,
)

__all__ = ["claimed", "definition", "deviations", "known", "known_profiles", "of_type", "unknown_claims"]
