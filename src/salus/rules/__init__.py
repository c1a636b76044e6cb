"""What evidence asks of a person: assignment tables as data, `decide`, how they are published, how anybody recomputes.

Pure: reads no clock, opens no store. Whatever is unknown or not proved gives `none`.
"""

from salus.rules.errors import NotProved, PublicationRefused, RuleRefused, TableRefused
from salus.rules.model import (
    Clause,
    Decision,
    Emergency,
    Evidence,
    EvidenceKind,
    Measure,
    Release,
    Result,
    Row,
    Rules,
    Table,
    Why,
)
from salus.rules.publishing.checking import check_publication, emergency_of, reason_of, rules_of, signed_by
from salus.rules.publishing.model import (
    CertificateKind,
    Declaration,
    Document,
    PartyKey,
    PublicationKind,
    Published,
    Venue,
)
from salus.rules.recomputing.model import ANSWER_WITHIN, SKEW, WITNESSING, Recomputed, commitment_of, opened, reuse_tag
from salus.rules.recomputing.proving import proves
from salus.rules.recomputing.recompute import recompute
from salus.rules.service import decide
from salus.rules.tables.lint import Fault, lint
from salus.rules.tables.reading import SETS, shipped_table, table_of

__all__ = [
    "ANSWER_WITHIN",
    "SETS",
    "SKEW",
    "WITNESSING",
    "CertificateKind",
    "Clause",
    "Decision",
    "Declaration",
    "Document",
    "Emergency",
    "Evidence",
    "EvidenceKind",
    "Fault",
    "Measure",
    "NotProved",
    "PartyKey",
    "PublicationKind",
    "PublicationRefused",
    "Published",
    "Recomputed",
    "Release",
    "Result",
    "Row",
    "RuleRefused",
    "Rules",
    "Table",
    "TableRefused",
    "Venue",
    "Why",
    "check_publication",
    "commitment_of",
    "decide",
    "emergency_of",
    "lint",
    "opened",
    "proves",
    "reason_of",
    "recompute",
    "reuse_tag",
    "rules_of",
    "shipped_table",
    "signed_by",
    "table_of",
]
