"""Power that is lent for a while: an upgrade's grace, a court's order, figures that are subtracted from each other."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from salus import ledger, parties
from salus.access import DisclosureRefused
from salus.access.disclosing import KEY_NOTICE, LONGEST_DELAY, Disclosure
from salus.app import Node, add_party, arrive, close_batch, demo_resident, disclosing, load_settings, open_node
from salus.app.grace import GRACE_CLOSES, GRACE_FILE, NotAdmitted, grace_leaf, note_grace
from salus.app.population import PopulationFigure, population_at
from salus.cli.actors import SIGNER, Party
from salus.kernel import FixedClock, Purpose, Role, civil_day
from salus.ledger import Leaf
from salus.parties import FacilityKind, principal
from salus.records import NotFound
from salus.records.population import SMALLEST_SHOWN, Denominator, denominators
from salus.storage import Duty
from salus_abuse.forging import push
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DAY, HOUR, Person, Scene, a_patient, codes

NEVER = timedelta(days=3650)


@attack(
    "D09",
    "The days of grace after an upgrade are put off, until a police hospital can be among those that stay open",
    powers="D, G",
    passes="no place is open by an entry of half a year after the release, nor of a log that shows the upgrade before",
    cuts=[("grace-closes",), ("grace-first",), ("grace-audited",)],
)
def grace_put_off(s: Scene, see: Sight) -> None:
    with _elsewhere(s) as node:
        folder, places = node.settings.data, parties.graced(node.store)
        late, soon = GRACE_CLOSES + 200 * DAY, GRACE_CLOSES - 20 * DAY
        noted = note_grace(node.store, folder, late)
        see.that("a first start a year later opens no place", noted and not _opens(node, noted, late))
        forged = grace_leaf(places, late).encoded
        see.that("nor does an entry that says so", not _opens(node, forged, late, waits=True))
        _rows(node, "delete from ledger.pending")
        with node.store.transaction(Duty.LEDGER) as tx:
            told = {"custodian": "elsewhere", "day": "2026-12-01", "entries": 1, "unwraps": 1, "declared": 1}
            ledger.append(tx, Leaf(kind="unwraps", body=told))
        close_batch(node)
        noted = note_grace(node.store, folder, soon)
        see.that("nor a first start after the log showed the upgrade", noted and not _opens(node, noted, soon))
        forged = grace_leaf(places, soon).encoded
        _rows(node, "delete from ledger.pending")
        see.strikes()
        opened = _opens(node, forged, soon, waits=True, closes=True)
        see.that("nor an entry that is pushed into such a log", not opened)
        found = s.outside(log=folder / "log", policy=f"log {node.sequencer.key}\n")
        if found is not None:
            see.that(f"salus-audit reports GRACE-LATE {found['GRACE-LATE']} times", found["GRACE-LATE"] == 1)
        see.code = NotAdmitted.code


@contextmanager
def _elsewhere(s: Scene) -> Iterator[Node]:
    """Lend a production node whose owner took away that its log has no such place, and added one to the list."""
    folder = s.folder / f"elsewhere-{secrets.token_hex(4)}"
    secret = s.folder / f"{folder.name}.secret"
    secret.write_text("only for this attack, and long enough", "utf-8")
    given = {"data": folder, "postgres": "wheel", "passphrase_file": secret}
    with open_node(load_settings(environment={}, given=given), "production") as node:
        named = {"name_en": "Bureau Clinic", "name_zh": "局诊所", "level": 1, "county": "900101"}
        parties.add_organisation(node.store, organisation_id="Bureau", name_en="Bureau", name_zh="局")
        kind = FacilityKind.HOSPITAL
        parties.add_facility(node.store, facility_id="P1", kind=kind, organisation="Bureau", **named)  # type: ignore[arg-type]
        _rows(node, "delete from ledger.pending where entry like '{\"grace\":%'")
        (folder / GRACE_FILE).unlink()
        close_batch(node)
        _rows(node, "insert into parties.grace values ('P1', 'Bureau', 'hospital', '900101')")
        yield node


def _opens(node: Node, noted: bytes, at: datetime, *, waits: bool = False, closes: bool = False) -> bool:
    """Tell whether a desk of the place opens by a leaf in the folder, which waits in the log or has its place there."""
    (node.settings.data / GRACE_FILE).write_bytes(noted)
    if waits:
        _rows(node, "delete from ledger.pending")
        _rows(node, "insert into ledger.pending values (%s, %s)", uuid4(), noted)
    if closes:
        close_batch(node)
    node.clock = FixedClock(at + timedelta(minutes=1 + secrets.randbelow(600)))
    who = principal(Role.CLINICIAN, "officer", facility="P1", purpose=Purpose.TREAT, strong=True)
    try:
        arrive(node, who, "110101199001010015")
    except NotAdmitted:
        return False
    except NotFound:
        return True  # the desk looked for somebody, whom nobody here knows
    finally:
        (node.settings.data / GRACE_FILE).unlink()
    return True


def _rows(node: Node, statement: str, *given: object) -> None:
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute(statement.encode(), given or None)
        owner.commit()


@attack(
    "D10",
    "A court's disclosure is forged: of few who sign under several spellings, in no log, its resident told never",
    powers="O, K, D, G",
    passes="nothing is read without an entry that four of three organisations signed, told within 90 days; or is found",
    cuts=[("signers-spelt",), ("disclosure-seen",), ("disclosures-audited",), ("courts-audited",)],
)
def forged_disclosure(s: Scene, see: Sight) -> None:
    person, again = s.person("H1"), [_again(s, name) for name in ("University", "UNIVERSITY")]
    s.close()
    s.advance(KEY_NOTICE + HOUR)
    _, also, university, court, bar, *_ = s.signers
    for what, by in (
        ("three who sign", (university, court, s.ombudsman)),
        ("four without an ombudsman", (also, university, court, bar)),
        ("one organisation under three spellings", (university, *again, s.ombudsman)),
    ):
        told = _document(s, person)
        see.word(f"a disclosure by {what}", _refusal(s, told, _signed(told, *by)), "SHORT-QUORUM")
    three, before = (university, court, bar, s.ombudsman), s.outside()
    late = _document(s, person, notice=s.now + NEVER)
    see.that("one whose resident is told in ten years is refused", _refusal(s, late, _signed(late, *three)))
    _unlogged(s, see, _document(s, person), "one that stands in no log", None)
    _unlogged(s, see, late, "one that was pushed into the log, told in ten years", _signed(late, *three))
    few = _document(s, person)
    push(s, "disclosure", {**few.told, "signatures": _signed(few, university, court, s.ombudsman)})
    s.close()
    found = s.outside()
    if before is not None and found is not None:
        more = dict(found - before)
        see.that(f"salus-audit reports {more}", more == {"NOTICE-TOO-SHORT": 1, "SHORT-QUORUM": 1})
    _put_off(s, see, _document(s, person, notice=s.now + 60 * DAY), three)


def _put_off(s: Scene, see: Sight, told: Disclosure, by: tuple[Party, ...]) -> None:
    """Carry a true one out, and then move in the rows when its resident is told."""
    disclosing.submit(s.node, told, _signed(told, *by))
    s.settle()
    before = s.audit()
    disclosing.disclose(s.node, told)
    see.that("a true one is carried out, and nothing is found", not s.audit() - before)
    see.strikes()
    s.rows("alter table access.disclosed drop constraint if exists disclosed_check")
    s.rows("update access.disclosed set told_at = '9999-01-01' where commitment = %s", told.commitment)
    found = codes(s.audit() - before)["DISCLOSURE-UNLOGGED"]
    s.rows("update access.disclosed set told_at = %s where commitment = %s", told.notice, told.commitment)
    see.finding("DISCLOSURE-UNLOGGED", found)


def _again(s: Scene, organisation: str) -> Party:
    """Log a further key of one organisation under another spelling of its name."""
    party = Party.new(f"signer-of-{organisation}-{secrets.token_hex(2)}", organisation, SIGNER)
    add_party(s.node, party.key_leaf)
    return party


def _document(s: Scene, person: Person, notice: datetime | None = None) -> Disclosure:
    return Disclosure(
        court="High Court",
        reference="2031-77",
        key=X25519PrivateKey.generate().public_key().public_bytes_raw(),
        resident=demo_resident(s.node, person.number),
        kinds=("Condition", "Observation"),
        since=(s.now - 90 * DAY).date(),
        until=s.now.date(),
        notice=notice or s.now + LONGEST_DELAY - DAY,
        blind=secrets.token_bytes(32),
    )


def _signed(told: Disclosure, *by: Party) -> dict[str, str]:
    return {one.name: one.sign(told.signed) for one in by}


def _refusal(s: Scene, told: Disclosure, signatures: Mapping[str, str]) -> str | None:
    """Return the word under which a disclosure is refused, or None if it was handed to the log."""
    try:
        disclosing.submit(s.node, told, signatures)
    except DisclosureRefused as refused:
        return refused.text.partition(":")[0]
    return None


def _unlogged(s: Scene, see: Sight, told: Disclosure, what: str, signatures: Mapping[str, str] | None) -> None:
    """Write the row of a disclosure that no check let through, and its leaf if it has signatures; try to read by it."""
    name = push(s, "disclosure", {**told.told, "signatures": dict(signatures)})[0] if signatures else uuid4()
    handed = told.notice - DAY
    s.rows("insert into access.disclosure values (%s, %s, %s, %s)", told.commitment, told.notice, handed, name)
    s.settle()
    try:
        disclosing.disclose(s.node, told)
        see.that(f"{what} shows nothing", False)
    except DisclosureRefused:
        see.that(f"{what} shows nothing", True)


@attack(
    "B11",
    "Published figures of the population are subtracted from each other, from those asked before, and a month later",
    powers="U",
    passes="no figure of one to four is shown, none follows from the totals, and who comes moves nothing shown",
    cuts=[("small-figures-hidden",), ("beside-hidden",), ("hidden-stays",), ("figures-once",), ("figures-by-steps",)],
)
def subtracted_figures(s: Scene, see: Sight) -> None:
    for born, women, men in ((1990, 7, 8), (1935, 2, 9), (1970, 10, 12)):
        for number in range(women + men):
            _counted(s, "female" if number < women else "male", born)
    month = _month_before(s.now)
    before = _figures(s, month)
    small = [one for one in before if one.residents is not None and 0 < one.residents < SMALLEST_SHOWN]
    see.that(f"{len(before)} figures, none of them small: {small[:2]}", len(before) > 3 and not small)
    found = _subtracted(before, _exact(s, month))
    see.that(f"subtracting leaves {found} of two old women", found is None)
    _counted(s, "female", 1935)
    _counted(s, "male", 1970)
    shown = [one for one in before if one.residents is not None]
    again = [one for one in _figures(s, month) if one.residents is not None]
    see.that("when a third comes, and a thirteenth man of sixty, nothing that is shown moves", shown == again)
    for _ in range(8):
        _counted(s, "female", 1990)
    standing, later = s.node.clock, s.now + 31 * DAY
    try:
        s.node.clock = FixedClock(later)
        again = [one for one in _figures(s, _month_before(later)) if one.residents is not None]
    finally:
        s.node.clock = standing
    see.that("nor a month later, when what was hidden beside the old women is most costly to hide", shown == again)


def _month_before(at: datetime) -> date:
    """The last whole month at an instant, by its first day."""
    return (civil_day(at).replace(day=1) - DAY).replace(day=1)


def _counted(s: Scene, gender: str, born: int) -> None:
    patient = a_patient(s.number(), gender=gender, birthDate=f"{born}-01-01")
    s.ask("POST", "/fhir/Patient", patient, s.system("H2")).raise_for_status()


def _figures(s: Scene, month: date) -> list[PopulationFigure]:
    """The figures that leave the house of those whose record no place says that it keeps."""
    return [one for one in population_at(s.node, month).figures if one.county is None]


def _exact(s: Scene, month: date) -> list[Denominator]:
    with s.node.store.transaction(Duty.CARE) as tx:
        found = denominators(tx, month, {})
    return [one for one in found if one.county is None]


def _subtracted(shown: list[PopulationFigure], exact: list[Denominator]) -> int | None:
    """Compute old women from what is shown and the totals by sex and by age, as long as any line lacks one figure."""
    told = {(one.sex, one.age_from): one.residents for one in shown}
    totals = [
        (line, sum(one.residents for one in exact if line in (one.sex, one.age_from)))
        for line in {part for cell in told for part in cell}
    ]
    found = True
    while found:
        found = False
        for line, total in totals:
            lacking = [cell for cell, count in told.items() if line in cell and count is None]
            if len(lacking) == 1:
                told[lacking[0]] = total - sum(count or 0 for cell, count in told.items() if line in cell)
                found = True
    oldest = max(age for sex, age in told if sex == "female" and age is not None)
    return told["female", oldest]
