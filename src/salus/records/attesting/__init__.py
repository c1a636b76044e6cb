"""Facts of a record that a certificate can say: vaccinations given, tests in which nothing was found, recoveries."""

from salus.records.attesting.model import Attested, AttestedKind, Details, Named
from salus.records.attesting.reading import born_on, details_of, facts, named
from salus.records.attesting.service import attestable, attested, birth_of, details, name_parts

__all__ = [
    "Attested",
    "AttestedKind",
    "Details",
    "Named",
    "attestable",
    "attested",
    "birth_of",
    "born_on",
    "details",
    "details_of",
    "facts",
    "name_parts",
    "named",
]
