"""The composition root: a node put together, and the journeys that cross rooms. Holds no rule."""

from salus.app.attempts import BY_ROUTE, keep_attempt, read_body, refuse_entries
from salus.app.auditing import Audited, audited
from salus.app.contests import (
    Followed,
    answer_contest,
    contest_look,
    judge_contest,
    my_contest,
    my_contests,
    unanswered,
    waiting_contests,
)
from salus.app.demo import (
    DemoResident,
    StepIn,
    advance_clock,
    demo_principal,
    demo_resident,
    demo_roles,
    demo_token,
    ensure_sandbox,
    note_residents,
    parse_duration,
    step_into,
)
from salus.app.desk import Present, Viewed, Visit, arrive, present_here, view_summary
from salus.app.importing import Imported, import_files
from salus.app.invitations import Invited, invite_resident
from salus.app.node import DEMO_WITNESSES, Node, join_witnesses, newest_checkpoint, newest_checkpoint_at, open_node
from salus.app.notices import RanAgain, contest_notice, contested_of, run_again, with_appeal
from salus.app.power import Ordered, Powers, Published, answer_proofs, contest_tally, powers, publish_attempts
from salus.app.reading import Found, ReadAsk, Reader
from salus.app.relay import Relay, close_batch, deliver_events
from salus.app.residents import (
    MyCode,
    look_proof,
    my_code,
    my_look,
    my_record,
    reader_name,
    replace_code,
    who_looked,
)
from salus.app.saving import Restored, Saved, back_up, restore
from salus.app.schemas import SCHEMAS
from salus.app.searching import Page, search
from salus.app.settings import NodeSettings, SettingsRefused, load_settings, may_listen
from salus.app.writing import Tried, accept, accept_each

__all__ = [
    "BY_ROUTE",
    "DEMO_WITNESSES",
    "SCHEMAS",
    "Audited",
    "DemoResident",
    "Followed",
    "Found",
    "Imported",
    "Invited",
    "MyCode",
    "Node",
    "NodeSettings",
    "Ordered",
    "Page",
    "Powers",
    "Present",
    "Published",
    "RanAgain",
    "ReadAsk",
    "Reader",
    "Relay",
    "Restored",
    "Saved",
    "SettingsRefused",
    "StepIn",
    "Tried",
    "Viewed",
    "Visit",
    "accept",
    "accept_each",
    "advance_clock",
    "answer_contest",
    "answer_proofs",
    "arrive",
    "audited",
    "back_up",
    "close_batch",
    "contest_look",
    "contest_notice",
    "contest_tally",
    "contested_of",
    "deliver_events",
    "demo_principal",
    "demo_resident",
    "demo_roles",
    "demo_token",
    "ensure_sandbox",
    "import_files",
    "invite_resident",
    "join_witnesses",
    "judge_contest",
    "keep_attempt",
    "load_settings",
    "look_proof",
    "may_listen",
    "my_code",
    "my_contest",
    "my_contests",
    "my_look",
    "my_record",
    "newest_checkpoint",
    "newest_checkpoint_at",
    "note_residents",
    "open_node",
    "parse_duration",
    "powers",
    "present_here",
    "publish_attempts",
    "read_body",
    "reader_name",
    "refuse_entries",
    "replace_code",
    "restore",
    "run_again",
    "search",
    "step_into",
    "unanswered",
    "view_summary",
    "waiting_contests",
    "who_looked",
    "with_appeal",
]
