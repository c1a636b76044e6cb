"""What a measure's file proves, and the word for each thing that it can lack: whatever is not proved is `none`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from measures import (
    ALIVE,
    DAY,
    DECLARED,
    DISEASE,
    HOUR,
    AFile,
    World,
    a_file,
    a_world,
    decided,
)
from salus.cli.actors import LABORATORY, SITE, Party, Signed, commit_specimen, new_subject, rules_document, sign_result
from salus.kernel import canonical, format_instant
from salus.proof import Trust
from salus.rules import Measure, Recomputed, Result, commitment_of, recompute

SECOND = timedelta(seconds=1)
NEGATIVE, POSITIVE = Result.NEGATIVE, Result.POSITIVE


def read(file: AFile, raw: bytes | None = None, at: datetime | None = None, trust: Trust | None = None) -> Recomputed:
    return recompute(raw or file.raw, trust or file.world.log.trust, at or file.at)


def fault(found: Recomputed) -> str | None:
    assert (found.measure is Measure.NONE) is (found.fault is not None)
    return found.fault


def test_a_good_file_proves_its_measure_with_reason_start_and_end() -> None:
    file = a_file()

    found = read(file)

    assert (found.measure, found.fault) == (Measure.PRECAUTION, None)
    assert (found.starts, found.ends) == (ALIVE + 5 * HOUR, ALIVE + 7 * DAY)
    assert found.clause is not None
    assert "laboratory" in found.clause.en
    assert "实验室" in found.clause.zh


def test_it_counts_from_its_decision_and_for_a_proof_of_at_most_a_day() -> None:
    file = a_file()

    assert fault(read(file, at=ALIVE + 6 * HOUR - SECOND)) == "NOT-YET"
    proved = read(file).proved_at
    assert proved is not None
    assert read(file, at=proved + 24 * HOUR).measure is Measure.PRECAUTION
    assert fault(read(file, at=proved + 24 * HOUR + SECOND)) == "STALE-PROOF"
    later = ALIVE + 3 * DAY
    assert read(file, file.fresh(later), later).measure is Measure.PRECAUTION


def test_it_lapses_at_its_end_though_its_proof_is_fresh() -> None:
    file, ends = a_file(), ALIVE + 7 * DAY
    raw = file.fresh(ends - HOUR)

    assert read(file, raw, ends - SECOND).measure is Measure.PRECAUTION
    assert fault(read(file, raw, ends)) == "LAPSED"


def again(file: AFile, result: Result, hours: int, replaces: str | None = None) -> bytes:
    """Add a later specimen of the same holder, or a correction of the first result."""
    world, taken = file.world, ALIVE + hours * HOUR
    if replaces:
        return file.later(
            sign_result(world.laboratory, file.specimen, result, taken, replaces=replaces), at=taken + HOUR
        )
    specimen = commit_specimen(world.site, disease=DISEASE, taken=taken, subject=file.specimen.body["subject"])
    return file.later(specimen, sign_result(world.laboratory, specimen, result, taken + HOUR), at=taken + 2 * HOUR)


@pytest.mark.parametrize(
    ("result", "hours", "corrects", "word"),
    [
        (NEGATIVE, 30, False, "RELEASED"),
        (NEGATIVE, 20, False, None),
        (POSITIVE, 30, False, None),  # a second positive adds nothing to this file; it needs its own decision
        (NEGATIVE, 30, True, "CORRECTED"),
        (POSITIVE, 30, True, "CORRECTED"),  # what replaces it needs its own decision too
    ],
)
def test_a_later_result_that_the_holder_adds_ends_it_offline(
    result: Result, hours: int, corrects: bool, word: str | None
) -> None:
    file = a_file()

    raw = again(file, result, hours, file.result.commitment if corrects else None)

    assert fault(read(file, raw, ALIVE + 34 * HOUR)) == word


@pytest.mark.parametrize("organisation", ["green-laboratories", "other-laboratories"])
def test_no_other_laboratory_corrects_what_a_laboratory_found(organisation: str) -> None:
    """A correction of the releasing negative would bring the measure back: only its own laboratory can correct it."""
    other = Party.new("L2", organisation, LABORATORY)
    world = a_world(parties=[other])
    file, taken = a_file(world), ALIVE + 30 * HOUR
    specimen = commit_specimen(world.site, disease=DISEASE, taken=taken, subject=file.specimen.body["subject"])
    negative = sign_result(world.laboratory, specimen, NEGATIVE, taken + HOUR)
    file.later(specimen, negative, at=taken + 2 * HOUR)
    told = sign_result(other, specimen, Result.INDETERMINATE, taken + 2 * HOUR, replaces=negative.commitment)
    own = sign_result(world.laboratory, specimen, Result.INDETERMINATE, taken + 2 * HOUR, replaces=negative.commitment)
    file.value["rules"]["keys"].append(world.item("party-key", other.key_leaf))

    raw = file.later(told, at=taken + 3 * HOUR)

    assert fault(read(file, raw, taken + 4 * HOUR)) == "SIGNATURE"
    for part in (file.value["evidence"], file.value["rules"]["keys"]):
        part.pop()
    file.value["openings"].pop(told.commitment)
    assert read(file, file.later(own, at=taken + 4 * HOUR), taken + 5 * HOUR).measure is Measure.PRECAUTION


def changed_leaf(kind: str, **told: Any) -> Callable[[dict[str, Any]], Any]:
    def change(file: dict[str, Any]) -> None:
        next(one for one in file["evidence"] if one["kind"] == kind)["leaf"].update(told)

    return change


@pytest.mark.parametrize(
    ("word", "change"),
    [
        ("FILE", lambda f: f.pop("rules")),
        ("FILE", lambda f: f.update(colour="red")),
        ("FILE", lambda f: f.update(at="2031-02-23T15:00:01Z")),
        ("FILE", lambda f: f["openings"].update({"x": {}})),
        ("FILE", lambda f: f["rules"]["keys"].append(f["rules"]["keys"][0])),
        ("NO-EVIDENCE", lambda f: f.update(evidence=[])),
        ("NO-EVIDENCE", lambda f: f["evidence"].pop()),
        ("ACCESSION-MISSING", lambda f: f.update(evidence=[f["evidence"][1]] * 2)),
        ("EVIDENCE-REUSE", lambda f: f["evidence"].append(f["evidence"][0])),
        ("NO-PROOF", lambda f: f.update(proof="")),
        ("NO-PROOF", lambda f: f.update(proof=f["proof"] + "\n")),
        ("NO-PROOF", lambda f: f.update(proof=f["evidence"][0]["proof"])),
        ("NO-PROOF", changed_leaf("result", party="L2")),
        ("NO-PROOF", lambda f: f["decision"].update(rules=f["decision"]["tag"])),
        ("NO-PROOF", lambda f: f["rules"]["keys"][0]["leaf"].update(organisation="another")),
        ("DIGEST", lambda f: f["rules"]["rules"]["document"].update(version=2)),
        ("DIGEST", lambda f: f["rules"]["emergency"]["document"]["body"].update(disease="measles")),
        ("SIGNATURE", lambda f: f["rules"].update(keys=f["rules"]["keys"][:-1])),
        ("SIGNATURE", lambda f: f["rules"].update(keys=f["rules"]["keys"][1:])),
        ("OPENING", lambda f: f["openings"].update({f["decision"]["commitment"]: {"appeal": {}}})),
        ("COMMITMENT", lambda f: f["openings"][f["decision"]["commitment"]]["decision"].update(gives="advise")),
    ],
)
def test_a_file_that_lacks_something_proves_none(word: str, change: Callable[[dict[str, Any]], Any]) -> None:
    file = a_file()

    found = read(file, file.changed(change))

    assert fault(found) == word


def made(world: World, **told: Any) -> AFile:
    """A file in which each signature is good and one thing is wrong; `told` is what the decision's opening says."""
    specimen = commit_specimen(world.site, disease=DISEASE, taken=ALIVE, subject=new_subject())
    found = sign_result(world.laboratory, specimen, POSITIVE, ALIVE + 5 * HOUR)
    return decided(world, specimen, found, at=ALIVE + 6 * HOUR, **told)


class LateKey(World):
    """A world in which the site's key comes into the log after what it signed."""

    def evidence(self, *given: Signed, at: datetime) -> list[dict[str, Any]]:
        found = World.evidence(self, *given, at=at)
        entry = canonical({"party-key": self.site.key_leaf})
        if entry not in self.log.entries:
            self.log.append("party-key", self.site.key_leaf)
            self.log.close(at + HOUR / 4)
        return found


def test_a_key_that_came_after_what_it_signed_signs_nothing() -> None:
    world = LateKey()
    for party in (world.laboratory, *world.signers):
        world.log.append("party-key", party.key_leaf)
    world.log.close(DECLARED - HOUR)
    world.publish(*a_world().documents.values())

    assert fault(read(a_file(world))) == "ORDER-VIOLATION"


@pytest.mark.parametrize("gives", ["precaution", "advise"])
def test_a_decision_that_the_rules_do_not_take_is_none(gives: str) -> None:
    world = a_world()
    specimen = commit_specimen(world.site, disease=DISEASE, taken=ALIVE, subject=new_subject())
    found = sign_result(world.laboratory, specimen, NEGATIVE, ALIVE + 5 * HOUR)
    ends = format_instant(ALIVE + 7 * DAY)
    file = decided(world, specimen, found, at=ALIVE + 6 * HOUR, gives=gives, ends=ends)

    assert fault(read(file)) == "RULE-DIVERGENCE"


@pytest.mark.parametrize(
    "told",
    [
        {"ends": format_instant(ALIVE + 8 * DAY)},
        {"starts": format_instant(ALIVE)},
        {"gives": "advise"},
        {"clause": "confirm"},
    ],
)
def test_a_decision_that_says_more_or_less_than_the_rules_is_none(told: dict[str, Any]) -> None:
    assert fault(read(made(a_world(), **told))) == "RULE-DIVERGENCE"


def test_one_organisation_that_is_both_site_and_laboratory_proves_nothing() -> None:
    world = World(laboratory=Party.new("L1", "city-sampling", LABORATORY))
    starts = DECLARED + 3 * DAY
    for party in world.parties():
        world.log.append("party-key", party.key_leaf)
    world.log.close(DECLARED - HOUR)
    world.publish(a_world().documents["emergency"], rules_document(DISEASE, starts, starts + 90 * DAY))

    assert fault(read(made(world))) == "ONE-PARTY"


def test_a_laboratory_cannot_stand_in_for_the_site() -> None:
    world = a_world()
    pretending = dataclasses.replace(world.laboratory, name="S1", duty=SITE)
    specimen = commit_specimen(pretending, disease=DISEASE, taken=ALIVE, subject=new_subject())
    found = sign_result(world.laboratory, specimen, POSITIVE, ALIVE + 5 * HOUR)

    assert fault(read(decided(world, specimen, found, at=ALIVE + 6 * HOUR))) == "SIGNATURE"


def test_evidence_about_two_people_proves_nothing_about_either() -> None:
    world = a_world()
    specimen = commit_specimen(world.site, disease=DISEASE, taken=ALIVE, subject=new_subject())
    moved = dataclasses.replace(
        specimen, opening={"specimen": {**specimen.body, "subject": new_subject()}}
    )  # what the laboratory is told
    found = sign_result(world.laboratory, moved, POSITIVE, ALIVE + 5 * HOUR)

    assert fault(read(decided(world, specimen, found, at=ALIVE + 6 * HOUR))) == "SUBJECT"
    assert fault(read(made(a_world(), subject=new_subject()))) == "SUBJECT"


def test_evidence_is_dated_when_it_came_into_the_log() -> None:
    world = a_world()
    specimen = commit_specimen(world.site, disease=DISEASE, taken=ALIVE, subject=new_subject())
    found = sign_result(world.laboratory, specimen, POSITIVE, ALIVE + 70 * HOUR)
    early = commit_specimen(world.site, disease=DISEASE, taken=ALIVE + 90 * HOUR, subject=new_subject())
    dated = sign_result(world.laboratory, early, POSITIVE, ALIVE + 95 * HOUR)

    assert fault(read(decided(world, specimen, found, at=ALIVE + 80 * HOUR), at=ALIVE + 81 * HOUR)) == "BACKDATED"
    assert fault(read(decided(a_world_with(world), early, dated, at=ALIVE + 80 * HOUR))) in {
        "ORDER-VIOLATION",
        "RULE-DIVERGENCE",
    }


def a_world_with(world: World) -> World:
    """A fresh log for the parties of another world."""
    fresh = World(site=world.site, laboratory=world.laboratory, signers=world.signers)
    for party in fresh.parties():
        fresh.log.append("party-key", party.key_leaf)
    fresh.log.close(DECLARED - HOUR)
    fresh.publish(world.documents["emergency"], world.documents["assignment-rules"])
    return fresh


def test_a_decision_that_came_before_what_it_rests_on_is_none() -> None:
    """The same leaves in another order: the decision stands in the log first."""
    file = a_file()
    world = a_world_with(file.world)
    entry = world.log.append("decision", file.value["decision"])
    world.log.close(ALIVE + 5 * HOUR)
    value = {**file.value, "evidence": world.evidence(file.specimen, file.result, at=ALIVE + 6 * HOUR)}
    value["proof"] = world.log.proof(entry, newest=True)
    value["rules"] = {
        **file.value["rules"],
        "rules": world.published("assignment-rules"),
        "emergency": world.published("emergency"),
        "keys": [world.item("party-key", one["leaf"]) for one in file.value["rules"]["keys"]],
    }

    assert fault(recompute(canonical(value), world.log.trust, file.at)) == "ORDER-VIOLATION"


@pytest.mark.parametrize("missing", [1, 2])
def test_without_a_quorum_of_witnesses_nothing_is_proved(missing: int) -> None:
    file = a_file()
    dead = file.world.log.witnesses[:missing]
    file.world.log.witnesses = file.world.log.witnesses[missing:]
    raw = file.fresh(ALIVE + 8 * HOUR)
    file.world.log.witnesses = [*dead, *file.world.log.witnesses]

    found = read(file, raw, ALIVE + 9 * HOUR)

    assert (found.measure is Measure.PRECAUTION) is (missing == 1)


def test_witnesses_of_two_organisations_are_too_few() -> None:
    file = a_file()
    whole = file.world.log.trust

    assert fault(read(file, trust=Trust.of(whole.log, whole.witnesses[:2]))) == "WITNESSES"


def test_a_reader_who_trusts_other_keys_is_shown_none() -> None:
    assert fault(read(a_file(), trust=a_world().log.trust)) == "NO-PROOF"


def test_rules_that_came_without_notice_prove_nothing() -> None:
    world = World()
    for party in world.parties():
        world.log.append("party-key", party.key_leaf)
    world.log.close(DECLARED - HOUR)
    good = a_world().documents
    world.publish(good["emergency"])
    world.publish(good["assignment-rules"], at=DECLARED + HOUR)  # 71 hours before they count

    assert fault(read(made(world))) == "NOTICE-TOO-SHORT"


def appealed(
    file: AFile,
    deadline: datetime,
    outcome: str | None = None,
    at: datetime | None = None,
    by: str = "review-board",
    *,
    first: str = "appeal-opened",
) -> bytes:
    """Open an appeal an hour after the decision, and answer it at `at`; `first` is what the log holds first."""
    log = file.world.log
    opening = {
        "appeal": {
            "blind": new_subject(),
            "decision": file.value["decision"]["commitment"],
            "opened": format_instant(ALIVE + 7 * HOUR),
        }
    }
    appeal = commitment_of(opening)
    opened = {"appeal": appeal, "deadline": format_instant(deadline)}
    closed = {"appeal": appeal, "outcome": outcome, "organisation": by}
    told = [("appeal-opened", opened, ALIVE + 7 * HOUR)]
    if outcome:
        told.append(("appeal-closed", closed, at or ALIVE + 8 * HOUR))
    for kind, leaf, closes in sorted(told, key=lambda one: one[0] != first):
        log.append(kind, leaf)
        log.close(closes)
    part = {
        "opened": file.world.item("appeal-opened", opened),
        "closed": file.world.item("appeal-closed", closed) if outcome else None,
    }
    file.value["openings"][appeal] = opening
    file.value["appeal"] = part
    return file.fresh(ALIVE + 49 * HOUR)


@pytest.mark.parametrize(
    ("hours", "outcome", "answered", "by", "word"),
    [
        (55, None, 0, "", None),
        (50, None, 0, "", "APPEAL-OVERDUE"),
        (50, "stands", 20, "review-board", None),
        (50, "stands", 51, "review-board", "APPEAL-OVERDUE"),
        (50, "stands", 50, "review-board", "APPEAL-OVERDUE"),
        (50, "ended", 20, "review-board", "APPEAL-ENDED"),
        (50, "ended", 51, "review-board", "APPEAL-ENDED"),
        (50, "stands", 20, "green-laboratories", "APPEAL-SELF"),
        (50, "stands", 20, "city-sampling", "APPEAL-SELF"),
        (50, "delayed", 20, "review-board", "FILE"),
    ],
)
def test_an_appeal_ends_it_when_it_is_answered_so_or_late_or_by_themselves(
    hours: int, outcome: str | None, answered: int, by: str, word: str | None
) -> None:
    file = a_file()

    raw = appealed(file, ALIVE + hours * HOUR, outcome, ALIVE + answered * HOUR, by)

    assert fault(read(file, raw, ALIVE + 52 * HOUR)) == word


def test_no_deadline_is_later_than_48_hours_whatever_a_node_wrote_down() -> None:
    file = a_file()

    raw = appealed(file, ALIVE + 900 * HOUR)

    assert fault(read(file, raw, ALIVE + 55 * HOUR - HOUR / 60)) is None
    assert fault(read(file, raw, ALIVE + 55 * HOUR)) == "APPEAL-OVERDUE"


@pytest.mark.parametrize("organisation", ["paper.example/log", " Green-Laboratories "])
def test_neither_the_log_nor_those_who_made_the_evidence_answer_under_another_spelling(organisation: str) -> None:
    file = a_file()

    raw = appealed(file, ALIVE + 50 * HOUR, "stands", ALIVE + 20 * HOUR, organisation)

    assert fault(read(file, raw, ALIVE + 52 * HOUR)) == "APPEAL-SELF"


def test_an_answer_that_stood_in_the_log_before_the_appeal_answers_nothing() -> None:
    file = a_file()

    raw = appealed(file, ALIVE + 50 * HOUR, "stands", ALIVE + 20 * HOUR, first="appeal-closed")

    assert fault(read(file, raw, ALIVE + 52 * HOUR)) == "ORDER-VIOLATION"


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b"0" * 600_000])
def test_any_bytes_are_read_and_none_but_a_proof_is_a_measure(raw: bytes) -> None:
    assert fault(recompute(raw, a_world().log.trust, ALIVE)) == "FILE"
