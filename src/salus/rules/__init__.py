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
    Exposure,
    ExposureRow,
    Measure,
    Release,
    Result,
    Row,
    Rules,
    Table,
    Why,
)
from salus.rules.publishing.accepting import RegionRules, rules_for
from salus.rules.publishing.admitting import MOST_ADMITTED, Admission, Admitted, Licence, admitted_at
from salus.rules.publishing.checking import (
    check_content,
    check_publication,
    emergency_of,
    had_notice,
    reason_of,
    rules_of,
)
from salus.rules.publishing.ending import REASONS as END_REASONS
from salus.rules.publishing.ending import PartyKeyEnd, key_end_message, read_key_end, read_key_ends
from salus.rules.publishing.ending import ended as with_ends
from salus.rules.publishing.model import (
    URGENT_LAST,
    CertificateKind,
    Declaration,
    Document,
    PartyKey,
    PublicationKind,
    Published,
    Venue,
)
from salus.rules.publishing.recognising import ForeignForm, RecognisedKey, Recognition, recognised_at
from salus.rules.publishing.renewing import REACH, check_renewal, following, log_order, most_in_a_year
from salus.rules.publishing.signing import signed_by
from salus.rules.publishing.succeeding import check_succession, succeeding
from salus.rules.publishing.trusting import (
    TRUST_NAME,
    KeyEnd,
    TrustedKey,
    TrustList,
    chained,
    is_governed,
    list_in_force,
    still_told,
)
from salus.rules.publishing.vetoing import OMBUDSMAN, Veto, read_veto, stops, veto_message, vetoed_until
from salus.rules.recomputing.attesting import (
    INVESTIGATOR,
    KEY_NOTICE,
    MOST_OF_A_CASE,
    Attested,
    attestation_message,
    check_attested,
    end_message,
    exposure_commitment,
)
from salus.rules.recomputing.model import ANSWER_WITHIN, SKEW, WITNESSING, Recomputed, commitment_of, opened, reuse_tag
from salus.rules.recomputing.proving import proves
from salus.rules.recomputing.receipts import (
    NOT_LOGGED,
    Receipted,
    Step,
    is_receipt,
    read_receipt,
    receipt_file,
    rests_on,
)
from salus.rules.recomputing.recompute import recompute
from salus.rules.recomputing.slips import is_slip, recompute_slip, recompute_slips
from salus.rules.recomputing.slips_on_paper import SlipPaper, read_slip_paper
from salus.rules.recomputing.wording import check_word, check_word_key, sign_with_word, word_key, word_of
from salus.rules.service import decide
from salus.rules.tables.exposed import due
from salus.rules.tables.lint import Fault, lint
from salus.rules.tables.reading import SETS, shipped_table, table_of

__all__ = [
    "ANSWER_WITHIN",
    "END_REASONS",
    "INVESTIGATOR",
    "KEY_NOTICE",
    "MOST_ADMITTED",
    "MOST_OF_A_CASE",
    "NOT_LOGGED",
    "OMBUDSMAN",
    "REACH",
    "SETS",
    "SKEW",
    "TRUST_NAME",
    "URGENT_LAST",
    "WITNESSING",
    "Admission",
    "Admitted",
    "Attested",
    "CertificateKind",
    "Clause",
    "Decision",
    "Declaration",
    "Document",
    "Emergency",
    "Evidence",
    "EvidenceKind",
    "Exposure",
    "ExposureRow",
    "Fault",
    "ForeignForm",
    "KeyEnd",
    "Licence",
    "Measure",
    "NotProved",
    "PartyKey",
    "PartyKeyEnd",
    "PublicationKind",
    "PublicationRefused",
    "Published",
    "Receipted",
    "RecognisedKey",
    "Recognition",
    "Recomputed",
    "RegionRules",
    "Release",
    "Result",
    "Row",
    "RuleRefused",
    "Rules",
    "SlipPaper",
    "Step",
    "Table",
    "TableRefused",
    "TrustList",
    "TrustedKey",
    "Venue",
    "Veto",
    "Why",
    "admitted_at",
    "attestation_message",
    "chained",
    "check_attested",
    "check_content",
    "check_publication",
    "check_renewal",
    "check_succession",
    "check_word",
    "check_word_key",
    "commitment_of",
    "decide",
    "due",
    "emergency_of",
    "end_message",
    "exposure_commitment",
    "following",
    "had_notice",
    "is_governed",
    "is_receipt",
    "is_slip",
    "key_end_message",
    "lint",
    "list_in_force",
    "log_order",
    "most_in_a_year",
    "opened",
    "proves",
    "read_key_end",
    "read_key_ends",
    "read_receipt",
    "read_slip_paper",
    "read_veto",
    "reason_of",
    "receipt_file",
    "recognised_at",
    "recompute",
    "recompute_slip",
    "recompute_slips",
    "rests_on",
    "reuse_tag",
    "rules_for",
    "rules_of",
    "shipped_table",
    "sign_with_word",
    "signed_by",
    "still_told",
    "stops",
    "succeeding",
    "table_of",
    "veto_message",
    "vetoed_until",
    "with_ends",
    "word_key",
    "word_of",
]
