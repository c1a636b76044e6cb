"""What each page is given: frozen view models, one class per page. They hold facts, never markup, and fetch nothing.

Every page class names its template. Words in two languages travel as `Words`; instants are aware and in UTC and are
written out in the node's civil time by the templates. Addresses are local paths beginning with one `/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Protocol

from salus.kernel import Invalid, Purpose, Role

if TYPE_CHECKING:
    from salus.web.views.bringing import BroughtCard
    from salus.web.views.following import FollowUp
    from salus.web.views.public_log import Branch


class Language(StrEnum):
    """The languages that pages are written in."""

    EN = "en"
    ZH = "zh"

    @property
    def tag(self) -> str:
        """The BCP 47 tag for `lang` attributes."""
        return "zh-Hans" if self is Language.ZH else "en"


class Address(StrEnum):
    """Where pages and forms live; the routes and the templates both read them here."""

    HOME = "/"
    SIGN_IN = "/sign-in"  # GET the page; POST csrf, account, password, code, next
    PASSKEY_OPTIONS = "/sign-in/passkey/options"  # POST csrf: answers PublicKeyCredentialRequestOptions as JSON
    PASSKEY = "/sign-in/passkey"  # POST csrf, credential (JSON), next
    SIGN_OUT = "/sign-out"  # POST csrf
    INVITATION = "/invitation"  # GET the page, ?key= from a link is taken out of the address; POST csrf, key
    SET_UP = "/account/set-up"  # GET the page; POST csrf, account, password, code
    ACCOUNT = "/account"
    ADD_PASSKEY_OPTIONS = "/account/passkey/options"  # POST csrf: answers PublicKeyCredentialCreationOptions as JSON
    ADD_PASSKEY = "/account/passkey"  # POST csrf, credential (JSON)
    DEMO = "/demo"  # GET the page; POST csrf, key
    WORK_LIST = "/work-list"  # GET ?after=
    DESK = "/desk"  # GET the page; POST csrf, wanted, purpose; below it a summary, /reports, /slip, /card: POST csrf
    EMERGENCY = "/emergency"  # GET; POST csrf, wanted, category, words, code or credential; below it one summary
    EMERGENCIES = "/emergencies"  # GET what waits to be judged; below it one opening: POST csrf, says
    MY_CODE = "/me/code"
    REPLACE_CODE = "/me/code/replace"  # POST csrf
    PHONE = "/me/code/phone"  # GET; POST csrf, key; below it /state, /token, /{phone}/remove: POST csrf
    MY_RECORD = "/me/record"
    MY_NOTICE = "/me/notice"  # below it /show: GET, POST csrf, wanted, which, lasts, holds; /receipts/{receipt}
    MY_CLOSING = "/me/closing"  # /open, /shut-out: GET, POST csrf, about, whom, place, which, lasts; /{directive}
    WHO_LOOKED = "/me/reads"
    LOG = "/about/log"
    POWER = "/about/power"
    ANSWERS = "/about/power/answers.json"
    COVERAGE = "/about/coverage"  # beside it .json and .csv
    QUALITY = "/quality"  # beside it .json, for the facility's own system
    AUDIT = "/audit"
    MY_CONTESTS = "/me/contests"  # GET the page; POST csrf, entry, presented, words; below it /new, and a receipt
    REVIEW = "/review"  # GET ?after=; below it a question: GET, POST csrf, says, reason, record, lifts; /again
    MY_INSTITUTIONS = "/me/institutions"  # GET; POST csrf, record (several); below it /parted: POST csrf, other
    APPEALS = "/appeals"  # GET the page; below it a contest: GET, POST csrf, outcome, reason
    CERTIFICATES = "/me/certificates"  # GET the page; POST csrf, entry, hint; below it /{certificate}, and its /void
    ON_PHONE = "/me/certificates/on-phone"  # GET; POST csrf, entry, hint, key; below it /state and /worker.js
    FULL = "/me/full-certificates"  # GET the page; POST csrf, entry, form, agreed; below it /{certificate}
    BROUGHT = "/me/brought"  # GET the page; POST csrf, code; below it /{brought}/out: POST csrf
    INTERFACES = "/about/interfaces"
    ITINERARY = "/health-code/itinerary-declaration"  # refused, whatever is sent
    VERIFY = "/verify"  # the door's page; below it its worker.js and manifest.webmanifest
    EXPOSURE = "/exposure"  # GET; POST csrf, slip; below it /file: POST csrf, slip
    EXPOSURES = "/exposures"  # GET; POST csrf, leaves
    SIGNALS = "/signals"  # below it a signal: POST csrf, verdict, reason to /verdict; csrf, … to /assessment
    SITUATION = "/situation"  # ?incident= chooses one of several
    INCIDENTS = "/incidents"  # GET ?alert= the form; POST csrf, alert, kind, area (several), level, objectives
    ORDERS = "/orders"  # GET the public list; below it one order: POST csrf, verdict, reason; /tasks, /file
    TASKS = "/tasks"  # below it one task: POST csrf, answer, note
    RESOURCES = "/resources"  # POST JSON by a hospital's system


class View(Protocol):
    """What a page is written from: a frozen dataclass that names its template."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One text in the languages that it exists in; a page shows its own language first, else the other, marked as such.

    For names of people and institutions and for texts out of a record, which are seldom there in both.
    """

    en: str | None = None
    zh: str | None = None

    def __post_init__(self) -> None:
        if not self.en and not self.zh:
            raise Invalid("a text needs one language at least", code="SALUS-W001")


Day = date | str
"""A civil day, or a FHIR date or dateTime of any precision ("2019", "2019-03", "2019-03-04", an instant)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is signed in: the name to show, the role, and the institution that a member of staff works at."""

    name: Words
    role: Role
    facility: Words | None = None


class Notice(StrEnum):
    """What the page before this one just did; shown once, after the redirect."""

    CODE_REPLACED = "code-replaced"
    PHONE_REMOVED = "phone-removed"
    SIGNED_OUT = "signed-out"
    STEPPED_IN = "stepped-in"
    PASSKEY_ADDED = "passkey-added"
    SET_UP_DONE = "set-up-done"
    CONTESTED = "contested"
    ANSWERED = "answered"
    CERTIFICATE_TAKEN = "certificate-taken"
    CERTIFICATE_VOIDED = "certificate-voided"
    FULL_VOIDED = "full-voided"
    BROUGHT = "brought"
    BROUGHT_OUT = "brought-out"
    VERDICT_RECORDED = "verdict-recorded"
    HANDED_OVER = "handed-over"
    ASSESSMENT_RECORDED = "assessment-recorded"
    JUDGED = "judged"
    LEFT_TO_OTHERS = "left-to-others"
    REPORTED = "reported"
    ASKED_AGAIN = "asked-again"
    SECOND_NEEDED = "second-needed"
    SAID = "said"
    TAKEN_BACK = "taken-back"
    CLOSED_FOR_RESIDENT = "closed-for-resident"
    CARD_WAITS = "card-waits"
    CODE_TAKEN = "code-taken"
    SHARING_ENDED = "sharing-ended"
    OPENING_JUDGED = "opening-judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds every page.

    `path` is the requested local path with its query, for the links that change language and text size. `csrf` goes
    into every form. `now` is the node's present instant. `demo` marks every page of a demo node.
    """

    language: Language
    path: str
    csrf: str
    now: datetime
    demo: bool = False
    large_text: bool = False
    person: Person | None = None
    notice: Notice | None = None


class Sex(StrEnum):
    """Administrative gender as FHIR R4 codes it."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """The person a record is about, as a clinician needs it to be sure that it is the right one."""

    name: Words
    sex: Sex
    born: Day | None
    age_years: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an entry comes from, and the day that it speaks of (None where the entry names none)."""

    facility: Words
    on: Day | None


class Severity(StrEnum):
    """How bad a reaction was, or could be."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


class Flag(StrEnum):
    """How a result stands to its reference range, where its laboratory said so."""

    LOW = "low"
    HIGH = "high"
    ABNORMAL = "abnormal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allergy:
    """One allergy or intolerance. `confirmed` is false for a suspected one."""

    substance: Words
    reaction: Words | None
    severity: Severity | None
    confirmed: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Medicine:
    """One medicine. `active` means that it is meant to be taken now; `dose` is the instruction as written."""

    name: Words
    dose: Words | None
    active: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem or diagnosis. `since` is its onset."""

    name: Words
    active: bool
    since: Day | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One result. `value` carries its unit ("6.1 mmol/L"); `usual` is the range that the laboratory wrote."""

    name: Words
    value: str
    flag: Flag | None
    usual: str | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The summary of one resident's record, newest first in every list.

    Vaccinations, procedures and devices are each what is written and its source.
    `answered` names the institutions that were asked and answered, `silent` those that did not: their entries are
    missing, and the page says so. `no_known_allergy` is the source of a written statement that there is none; an empty
    `allergies` alone is no such statement. `as_of` is when the sources were asked.
    """

    allergies: tuple[Allergy, ...]
    medicines: tuple[Medicine, ...]
    problems: tuple[Problem, ...]
    results: tuple[Result, ...]
    answered: tuple[Words, ...]
    silent: tuple[Words, ...]
    as_of: datetime
    no_known_allergy: Source | None = None
    vaccinations: tuple[tuple[Words, Source], ...] = ()
    procedures: tuple[tuple[Words, Source], ...] = ()
    devices: tuple[tuple[Words, Source], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The first page: what Salus is, and where to go. `log_size` is the number of entries in the public log."""

    template: ClassVar[str] = "home.html"
    log_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRole:
    """One role that a visitor of a demo node may step into. `key` is what the form sends back."""

    key: str
    role: Role
    name: Words
    facility: Words | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Step into a role; a demo node only. A node that is none must answer 404 here, and rendering refuses it too."""

    template: ClassVar[str] = "demo.html"
    roles: tuple[DemoRole, ...]


class FailureKind(StrEnum):
    """The closed list of what an error page says."""

    INVALID = "invalid"
    SIGN_IN = "sign-in"
    REFUSED = "refused"
    NOT_ADMITTED = "not-admitted"  # a place of care that no admission in force names
    EXPIRED = "expired"  # the form was open too long, or its token is another session's
    NOT_FOUND = "not-found"
    TOO_MANY = "too-many"
    UNAVAILABLE = "unavailable"
    UNSAFE = "unsafe"

    @property
    def status(self) -> int:
        """The HTTP status that goes with it."""
        return _STATUS[self]


_STATUS = {
    FailureKind.INVALID: 400,
    FailureKind.SIGN_IN: 401,
    FailureKind.REFUSED: 403,
    FailureKind.NOT_ADMITTED: 403,
    FailureKind.EXPIRED: 403,
    FailureKind.NOT_FOUND: 404,
    FailureKind.TOO_MANY: 429,
    FailureKind.UNAVAILABLE: 503,
    FailureKind.UNSAFE: 500,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error page: what happened, that nothing was lost, the next step.

    `code` is the stable code of the error ("SALUS-403"), `text` its English text, which is safe to show by contract.
    """

    template: ClassVar[str] = "failure.html"
    kind: FailureKind
    code: str
    text: str | None = None


class DeskTrouble(StrEnum):
    """Why the desk found nobody. The page never repeats what was entered."""

    EMPTY = "empty"
    CODE = "code"  # not a code of this node, or replaced since
    CHECK_DIGIT = "check-digit"
    REFERENCE = "reference"
    NOBODY = "nobody"
    PURPOSE = "purpose"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRelation:
    """One resident whom this institution may read now. `address` is the summary, None for a role that reads none."""

    name: Words
    ends: datetime
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The reception desk: one field and the purpose. `purposes` are those of the role, its first one preselected.

    `shut` tells that no admission of the place is in force, `graced` until when it is open all the same.
    """

    template: ClassVar[str] = "desk.html"
    purposes: tuple[Purpose, ...]
    trouble: DeskTrouble | None = None
    visit_ends: datetime | None = None
    relations: tuple[OpenRelation, ...] = ()
    shut: bool = False
    graced: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """The answer to a desk that may open a care relation and confirm a name, but not read a record (reception).

    `slip` is where the form goes that prints a slip for the resident's own account, `closing` the one that closes,
    `card` the one that prints a card with the code. `reference` is the visit's, for the pay desk.
    """

    template: ClassVar[str] = "arrived.html"
    name: Words
    ends: datetime
    reference: str
    slip: str
    closing: str = ""
    card: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One resident's summary for a clinician, on one screen.

    `relation_ends` is the end of the care relation, None where the reader's institution holds the record itself.
    `slip` takes the form that prints a slip for the resident's own account, `mixed` says that two people are in it,
    `closing` is the form on which the desk writes down what the resident closes, `reports` those of this institution,
    `shown` opens a notice they hand over; `brought` is what they brought from other systems for care to see.
    """

    template: ClassVar[str] = "summary.html"
    patient: Patient
    record: Record
    purpose: Purpose
    relation_ends: datetime | None
    slip: str
    mixed: str
    closing: str = ""
    card: str = ""
    reports: str = ""
    shown: str = ""
    follow_up: FollowUp | None = None
    brought: tuple[BroughtCard, ...] = ()


# --- pages: residents


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What stands of who a resident is: an element, the value that stands, who states it, and why. Sex is a word."""

    element: str
    value: Words | Sex | Day
    source: Source
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MyRecord:
    """The resident's own record: the content of a clinician's summary, in plain words, and who it says they are."""

    template: ClassVar[str] = "my_record.html"
    record: Record
    person: tuple[Stated, ...] = ()
    follow_up: FollowUp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One read of the record, as its reader's institution must answer for it.

    `reader` is None for a system. `part` is a FHIR type or `summary`; `count` how many entries were read. `ground` is
    the access decision's ground. Exactly one of `proof` (address of the proof page) and `proof_by` (when the entry
    will be in the public log) is given. `own` marks the resident's own reads. `contest` is where a look
    can be contested.
    """

    at: datetime
    reader: Words | None
    role: Role
    facility: Words | None
    part: str
    count: int
    purpose: Purpose
    ground: str
    proof: str | None = None
    proof_by: datetime | None = None
    own: bool = False
    contest: str | None = None

    def __post_init__(self) -> None:
        if (self.proof is None) == (self.proof_by is None):
            raise Invalid("a read is proved, or will be: give one of the two", code="SALUS-W002")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The proof that one read stands in the public log.

    `entry` are the exact bytes that were hashed; `register` their place in the register of reads, whose root is the
    leaf at `log`; `checkpoint` the signed text; `command` checks the file behind `download`.
    """

    template: ClassVar[str] = "proof.html"
    look: Look
    entry: bytes
    register: Branch
    log: Branch
    checkpoint: str
    download: str
    command: str
