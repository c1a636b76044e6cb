"""A question to the policy and its answer: closed lists and a vector of facts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from salus.kernel import Purpose, Role


class Action(StrEnum):
    """The closed list of what a principal can ask to do. None of them sets a measure."""

    READ = "read"
    SEARCH = "search"
    READ_SUMMARY = "read-summary"
    READ_IDENTITY = "read-identity"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    IMPORT = "import"
    RESOLVE_CODE = "resolve-code"
    OPEN_RELATION = "open-relation"
    READ_CONSENT = "read-consent"
    CHANGE_CONSENT = "change-consent"
    CLOSE_FOR_RESIDENT = "close-for-resident"
    READ_CODE = "read-code"
    REPLACE_CODE = "replace-code"
    READ_REGISTER = "read-register"
    INVITE_RESIDENT = "invite-resident"
    PRINT_CODE = "print-code"
    SHOW_GIVEN_CODE = "show-given-code"
    BREAK_GLASS = "break-glass"
    READ_IN_EMERGENCY = "read-in-emergency"
    REVIEW_EMERGENCY = "review-emergency"
    COMMIT_SPECIMEN = "commit-specimen"
    SIGN_RESULT = "sign-result"
    HAND_EXPOSURES_OVER = "hand-exposures-over"
    READ_NOTICE = "read-notice"
    OPEN_NOTICE = "open-notice"
    TAKE_CERTIFICATE = "take-certificate"
    CONTEST = "contest"
    ANSWER_APPEAL = "answer-appeal"
    JUDGE_IDENTITY = "judge-identity"
    MATCH_IDENTITY = "match-identity"
    LINK_CHARTS = "link-charts"
    EXPLAIN_LINKS = "explain-links"
    REPORT_IDENTITY = "report-identity"
    READ_WORK_LIST = "read-work-list"
    SEND_COUNTS = "send-counts"
    READ_QUALITY = "read-quality"
    READ_SIGNALS = "read-signals"
    VERIFY_SIGNAL = "verify-signal"
    REPORT_RESOURCES = "report-resources"
    READ_SITUATION = "read-situation"
    COMMAND = "command"


class Kind(StrEnum):
    """What is asked for: something that may be in a person's chart; a directory entry, which is nobody's; counts.

    Counts are of places and days and hold no person: signals, resources, incidents, orders.
    """

    RECORD = "record"
    DIRECTORY = "directory"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question. A fact that is not stated is false, and a fact must hold for every chart that is asked for.

    `own_facility`: each chart is the principal's own facility's. `relation_open`: that facility has an open care
    relation with each resident; of a read in an emergency, that this very person opened this record less than half an
    hour ago. `own_record`: the principal is the resident. `care_facility`: the facility gives care. `independent`: the
    principal's organisation took part in nothing that is judged. `closed`: what is asked for another
    facility wrote, and its class or all of it is closed to the principal's, by law or by its resident.
    """

    role: Role
    purpose: Purpose | None
    action: Action
    kind: Kind = Kind.RECORD
    own_facility: bool = False
    relation_open: bool = False
    own_record: bool = False
    care_facility: bool = False
    independent: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer. `ground` is a stable word for the register: why it was allowed, or what stood against it."""

    allowed: bool
    ground: str
