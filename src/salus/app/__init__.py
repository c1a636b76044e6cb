"""The composition root: a node put together, and the journeys that cross rooms. Holds no rule."""

from salus.app.certificates import (
    MyCertificates,
    my_certificate,
    my_certificates,
    take_certificate,
    trust_file,
    void_certificate,
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
from salus.app.reading import Found, ReadAsk, Reader
from salus.app.relay import Relay, close_batch, deliver_events
from salus.app.residents import (
    MyCode,
    look_proof,
    my_code,
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
    "DEMO_WITNESSES",
    "SCHEMAS",
    "DemoResident",
    "Found",
    "Imported",
    "Invited",
    "MyCertificates",
    "MyCode",
    "Node",
    "NodeSettings",
    "Page",
    "Present",
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
    "arrive",
    "back_up",
    "close_batch",
    "deliver_events",
    "demo_principal",
    "demo_resident",
    "demo_roles",
    "demo_token",
    "ensure_sandbox",
    "import_files",
    "invite_resident",
    "join_witnesses",
    "load_settings",
    "look_proof",
    "may_listen",
    "my_certificate",
    "my_certificates",
    "my_code",
    "my_record",
    "newest_checkpoint",
    "newest_checkpoint_at",
    "note_residents",
    "open_node",
    "parse_duration",
    "present_here",
    "reader_name",
    "replace_code",
    "restore",
    "search",
    "step_into",
    "take_certificate",
    "trust_file",
    "view_summary",
    "void_certificate",
    "who_looked",
]
