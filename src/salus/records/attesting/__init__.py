"""Facts of a record that a certificate can say: vaccinations given, tests in which nothing was found, recoveries."""

from salus.records.attesting.model import Attested, AttestedKind
from salus.records.attesting.reading import born_on, facts
from salus.records.attesting.service import attestable, attested, birth_of

__all__ = ["Attested", "AttestedKind", "attestable", "attested", "birth_of", "born_on", "facts"]
