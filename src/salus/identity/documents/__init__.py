"""Identity documents: typed numbers, read as people write them. Pure; shows no number, refuses none for its area."""

from salus.identity.documents.citizen import check_character, check_citizen, upgrade
from salus.identity.documents.model import Doubt, Identifier
from salus.identity.documents.placeholders import is_generic_phone, is_placeholder, read_phone
from salus.identity.documents.reading import read, read_citizen_number
from salus.identity.documents.types import DocumentType, document_type, document_types

__all__ = [
    "DocumentType",
    "Doubt",
    "Identifier",
    "check_character",
    "check_citizen",
    "document_type",
    "document_types",
    "is_generic_phone",
    "is_placeholder",
    "read",
    "read_citizen_number",
    "read_phone",
    "upgrade",
]
