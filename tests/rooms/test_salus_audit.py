"""A stranger audits logs by their files: an honest one is clean, and each planted fraud is found, and nothing else."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audited import Paper, an_honest_paper, decision, found_in, hash_of, told_in
from measures import ALIVE, DAY, DISEASE, HOUR
from salus.cli.actors import SIGNER, Party, emergency_document, rules_document
from salus.kernel import canonical, format_instant
from salus.proof.tiles import join_entries, split_entries
from salus.rules import Document, PublicationKind, reuse_tag, veto_message
from salus_audit import audit
from salus_audit.judging.counts import shred_of

LATER = ALIVE + 2 * DAY


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return an_honest_paper(tmp_path / "log")


def test_an_honest_log_is_clean(paper: Paper) -> None:
    found = paper.audit()

    assert found.good, told_in(found)
    assert found.as_json()["appeals"]["stood"] == [23]
    assert not found.findings.unchecked


def bare(paper: Paper) -> int:
    """Three results are there and two decisions: of two more, one has no result left."""
    decision(paper, commitment=hash_of("one"))
    return decision(paper)


def reused(paper: Paper) -> int:
    first = paper.measure(LATER)
    paper.at = LATER + DAY
    tag = reuse_tag(first.result.commitment, first.result.body["blind"])
    return decision(paper, tag=tag)


def unknown_rules(paper: Paper) -> int:
    return decision(paper, rules=hash_of("other rules"))


def under_a_declaration(paper: Paper) -> int:
    return decision(paper, rules=paper.world.documents["emergency"].digest)


def second_node(paper: Paper) -> int:
    paper.log.append("node", {"kind": "production", "name": "paper-node"})
    return len(paper.log.entries) - 1


def not_spelt_so(paper: Paper) -> int:
    paper.log.entries.append(b'{"void": {"commitment":"' + hash_of("x").encode() + b'"}}')
    return len(paper.log.entries) - 1


def told_more(paper: Paper) -> int:
    return paper.add("void", commitment=hash_of("x"), name="somebody")


def forged_result(paper: Paper) -> int:
    signature = base64.b64encode(bytes(64)).decode()
    paper.add("specimen", **paper.measure(LATER).specimen.leaf | {"commitment": hash_of("s")})
    return paper.add("result", party="L1", commitment=hash_of("r"), signature=signature)


def shrunk_register(paper: Paper) -> int:
    return paper.add("anchor", custodian="H1", size=5, root=hash_of("5"))


def another_root(paper: Paper) -> int:
    return paper.add("anchor", custodian="H1", size=9, root=hash_of("another nine"))


def judge_in_own_cause(paper: Paper) -> int:
    paper.add("appeal-opened", appeal=hash_of("own"), deadline=format_instant(LATER + 2 * DAY))
    return paper.add("appeal-closed", appeal=hash_of("own"), outcome="stands", organisation="Paper-Node")


def answer_to_nothing(paper: Paper) -> int:
    return paper.add("appeal-closed", appeal=hash_of("none"), outcome="stands", organisation="review-board")


def twice_counted(paper: Paper) -> int:
    return paper.add("refusals", day=format_instant(ALIVE + 20 * HOUR)[:10], action="set-measure", count=1)


def more_voids_than_there_are(paper: Paper) -> int:
    paper.add("void", commitment=hash_of("v"))
    return paper.add("voids", month="2031-01", reason="together", count=12)


def unreviewed(paper: Paper) -> int:
    return paper.add("break-glass", day="2031-02-20", organisation="city-hospital", opened=4, unreviewed=1)


def unexplained(paper: Paper) -> int:
    return paper.add("unwraps", custodian="H1", day="2031-02-24", entries=40, unwraps=52, declared=51)


def kept_too_long(paper: Paper) -> int:
    times = {"due": format_instant(LATER - DAY), "done": format_instant(LATER - HOUR)}
    paper.log.append("shred", {"kind": "chart", "commitment": hash_of("c"), **times})
    return len(paper.log.entries) - 1


def graced(paper: Paper, places: int, lasts: int = 30) -> int:
    times = {"starts": format_instant(ALIVE), "ends": format_instant(ALIVE + lasts * DAY)}
    return paper.add("grace", places=places, digest=hash_of(f"{places} places"), **times)


def graced_again(paper: Paper) -> int:
    graced(paper, 0)
    paper.close(LATER)
    return graced(paper, 41)


def graced_for_long(paper: Paper) -> int:
    return graced(paper, 40, lasts=31)


LEAVES: list[tuple[str, Callable[[Paper], int]]] = [
    ("EVID-MISSING", bare),
    ("EVIDENCE-REUSE", reused),
    ("RULE-DIVERGENCE", unknown_rules),
    ("RULE-DIVERGENCE", under_a_declaration),
    ("LOG-LEAF", second_node),
    ("LOG-LEAF", not_spelt_so),
    ("LOG-LEAF", told_more),
    ("SIGNATURE", forged_result),
    ("ANCHOR-MISMATCH", shrunk_register),
    ("ANCHOR-MISMATCH", another_root),
    ("APPEAL-SELF", judge_in_own_cause),
    ("ORDER-VIOLATION", answer_to_nothing),
    ("COUNT-MISMATCH", twice_counted),
    ("COUNT-MISMATCH", more_voids_than_there_are),
    ("UNREVIEWED", unreviewed),
    ("UNWRAP-UNEXPLAINED", unexplained),
    ("SHRED-OVERDUE", kept_too_long),
    ("GRACE-AGAIN", graced_again),
    ("GRACE-AGAIN", graced_for_long),
]


@pytest.mark.parametrize(("code", "plant"), LEAVES, ids=[plant.__name__ for _, plant in LEAVES])
def test_a_planted_leaf_is_found_and_nothing_else(paper: Paper, code: str, plant: Callable[[Paper], int]) -> None:
    leaf = plant(paper)
    paper.close(LATER + DAY)

    found = paper.audit()

    if plant is forged_result:  # the specimen before it bears another one's signature
        assert found_in(found) == [(code, leaf - 1), (code, leaf)], told_in(found)
    else:
        assert found_in(found) == [(code, leaf)], told_in(found)


def test_a_read_over_midnight_and_a_crash_leave_nothing_to_find(paper: Paper) -> None:
    for day, unwraps, declared in (("2031-02-20", 4, 6), ("2031-02-21", 5, 4), ("2031-02-22", 0, 0)):
        paper.add("unwraps", custodian="H1", day=day, entries=9, unwraps=unwraps, declared=declared)
    paper.close(LATER + DAY)

    assert found_in(paper.audit()) == []


def test_no_leaf_and_no_document_is_too_odd_to_be_judged(paper: Paper) -> None:
    leaf = paper.add("voids", month="9999-12", reason="holder", count=1)
    paper.close(LATER + DAY)

    assert found_in(paper.audit()) == [("COUNT-MISMATCH", leaf)]


def withhold(paper: Paper, place: slice) -> None:
    """Leave heads out of the file that holds them."""
    file = paper.folder / "heads" / "000"
    heads = split_entries(file.read_bytes())
    del heads[place]
    file.write_bytes(join_entries(heads))


def test_heads_that_are_left_out_keep_no_emergency_alive(paper: Paper) -> None:
    lapsed = paper.world.documents["emergency"].ends
    for day in range(5):
        paper.add("refusals", day=format_instant(lapsed + day * DAY)[:10], action="x", count=1)
        paper.close(lapsed + day * DAY)
    paper.evidence(lapsed + 5 * DAY)
    zombie = decision(paper)
    paper.close(lapsed + 5 * DAY + 6 * HOUR)
    asked = paper.asked()
    withhold(paper, slice(-8, -1))

    assert ("EMERGENCY-LAPSED", zombie) in found_in(audit(asked))


def test_a_veto_whose_head_is_left_out_is_told_of(paper: Paper) -> None:
    ombudsman, at = Party.new("citizens", "citizens", "ombudsman"), LATER + HOUR
    paper.add("party-key", **ombudsman.key_leaf)
    paper.close(LATER)
    document = rules(at + 4 * DAY)
    paper.publish(document, at=at)
    signature = ombudsman.sign(veto_message(document.digest, ombudsman.name))
    veto = paper.add("veto", digest=document.digest, party=ombudsman.name, signature=signature)
    paper.close(at + HOUR)
    paper.add("refusals", day=format_instant(at + 5 * DAY)[:10], action="x", count=1)
    paper.close(at + 5 * DAY)
    asked = paper.asked()
    assert audit(asked).findings.unchecked == []
    withhold(paper, slice(-2, -1))

    assert [text for text in audit(asked).findings.unchecked if f"veto at {veto}" in text] != []


def test_what_was_decided_before_a_veto_is_no_finding_and_what_came_after_is(paper: Paper) -> None:
    ombudsman, at = Party.new("citizens", "citizens", "ombudsman"), LATER + HOUR
    paper.add("party-key", **ombudsman.key_leaf)
    paper.close(LATER)
    urgent = rules(at + 7 * HOUR, 10 * DAY)
    paper.publish(urgent, at=at, signers=paper.world.signers)
    paper.evidence(at + 8 * HOUR)
    decision(paper, rules=urgent.digest)
    paper.close(at + 14 * HOUR)
    signature = ombudsman.sign(veto_message(urgent.digest, ombudsman.name))
    paper.add("veto", digest=urgent.digest, party=ombudsman.name, signature=signature)
    paper.close(at + 15 * HOUR)
    assert found_in(paper.audit()) == []

    paper.evidence(at + 16 * HOUR)
    after = decision(paper, rules=urgent.digest)
    paper.close(at + 22 * HOUR)

    assert found_in(paper.audit()) == [("VETOED", after)]


# What is published


def rules(starts: Any, lasts: Any = 30 * DAY, version: int = 2, **changed: Any) -> Document:
    one = rules_document(DISEASE, starts, starts + lasts)
    return Document(
        kind=one.kind, name=one.name, version=version, starts=one.starts, ends=one.ends, body=dict(one.body) | changed
    )


def declaration(starts: Any, lasts: Any = 10 * DAY, **changed: Any) -> Document:
    body = {"venues": ["care-home"], "wants": ["test"], "region": "country"} | changed
    kind = PublicationKind.DECLARATION
    return Document(kind=kind, name="care-homes", version=1, starts=starts, ends=starts + lasts, body=body)


def with_a_list(paper: Paper) -> Document:
    body = copy.deepcopy(dict(rules(LATER + 4 * DAY).body))
    body["clauses"]["infectious"]["en"] += " 41011419900307233X 9f86d081884c7d659a2feaa0c55ad015"
    return rules(LATER + 4 * DAY, **body)


PUBLISHED: list[tuple[str, int, Callable[[Paper], Document]]] = [
    ("NOTICE-TOO-SHORT", 5, lambda paper: rules(LATER + 2 * HOUR)),
    ("NOTICE-TOO-SHORT", 5, lambda paper: rules(LATER - DAY)),
    ("SHORT-QUORUM", 5, lambda paper: rules(LATER + 8 * HOUR, 10 * DAY)),
    ("SHORT-QUORUM", 3, lambda paper: rules(LATER + 4 * DAY)),
    ("MINIMUM-LIFE", 5, lambda paper: rules(LATER + 4 * DAY, 3 * HOUR)),
    ("RULE-LINT", 5, lambda paper: rules(LATER + 4 * DAY, 400 * DAY)),
    ("RULE-LINT", 5, with_a_list),
    ("NOTICE-TOO-SHORT", 4, lambda paper: declaration(LATER + 23 * HOUR)),
    ("RULE-LINT", 4, lambda paper: declaration(LATER + 2 * DAY, venues=["petition-office"])),
    ("RULE-LINT", 4, lambda paper: declaration(LATER + 2 * DAY, 60 * DAY)),
]


@pytest.mark.parametrize(("code", "signers", "document"), PUBLISHED)
def test_what_is_published_wrongly_is_found(
    paper: Paper, code: str, signers: int, document: Callable[[Paper], Document]
) -> None:
    leaf = paper.publish(document(paper), at=LATER, signers=paper.world.signers[:signers])

    found = paper.audit()

    assert found_in(found) == [(code, leaf)], told_in(found)


def test_urgent_rules_count_under_an_emergency_with_six_signers_of_four_organisations(paper: Paper) -> None:
    paper.publish(rules(LATER + 8 * HOUR, 10 * DAY), at=LATER, signers=paper.world.signers)

    found = paper.audit()

    assert found.good, told_in(found)


def test_rules_that_follow_others_within_a_day_are_found(paper: Paper) -> None:
    paper.publish(rules(LATER + 4 * DAY), at=LATER)
    leaf = paper.publish(rules(LATER + 4 * DAY + HOUR, version=3), at=LATER + HOUR)

    found = paper.audit()

    assert found_in(found) == [("MINIMUM-LIFE", leaf)], told_in(found)


def test_a_changed_document_and_a_strangers_signature_are_found(paper: Paper) -> None:
    stranger = Party.new("signer-9", "nowhere", SIGNER)
    leaf = paper.publish(declaration(LATER + 2 * DAY), at=LATER, signers=[*paper.world.signers[:4], stranger])
    paper.write()
    document = next(paper.folder.glob("published/*.json"))
    content = document.read_bytes()
    paper.documents = [one for one in paper.documents if one.encoded != content]
    document.write_bytes(content.replace(b"2031", b"2032", 1))

    codes = {code for code, _ in found_in(paper.audit())}

    assert ("SIGNATURE", leaf) in found_in(paper.audit())
    assert "LOG-DOCUMENT" in codes


def renewal(paper: Paper, starts: Any, lasts: Any = 30 * DAY) -> Document:
    return emergency_document(
        DISEASE, starts, starts + lasts, en="Still.", zh="仍在。", renews=paper.world.documents["emergency"].digest
    )


def certify(paper: Paper, due_before: Any) -> None:
    """Certify that the keys of each emergency's data are destroyed in time, as a node does each day."""
    for one in paper.documents:
        due = int((one.ends + 30 * DAY).timestamp())
        commitment = shred_of(one.digest, due)
        known = any(commitment.encode() in entry for entry in paper.log.entries)
        if one.kind is PublicationKind.EMERGENCY and one.ends + 30 * DAY <= due_before + 30 * DAY and not known:
            times = {
                "due": format_instant(one.ends + 30 * DAY),
                "done": format_instant(min(paper.at, one.ends + 30 * DAY)),
            }
            paper.log.append("shred", {"kind": "emergency", "commitment": commitment, **times})


def test_the_key_of_an_emergencys_data_is_missed_thirty_days_after_its_end(paper: Paper) -> None:
    ends = paper.world.documents["emergency"].ends
    paper.close(ends + 30 * DAY + HOUR)
    (leaf,) = (n for n, entry in enumerate(paper.log.entries) if b'"kind":"emergency"' in entry)
    assert found_in(paper.audit()) == [("SHRED-OVERDUE", leaf)]

    certify(paper, ends)
    paper.close(ends + 30 * DAY + 2 * HOUR)

    assert paper.audit().good, told_in(paper.audit())


def test_a_disclosure_has_signers_of_three_organisations_and_a_notice(paper: Paper) -> None:
    ombudsman, fresh = (Party.new(name, "parliament", "ombudsman") for name in ("ombudsman-1", "ombudsman-2"))
    for party, at in ((ombudsman, LATER), (fresh, LATER + DAY)):
        paper.log.append("party-key", party.key_leaf)
        paper.close(at)
    day = LATER + 30 * DAY

    def disclose(name: str, days: int, *signers: Party) -> int:
        told = {"disclosure": hash_of(name), "notice": format_instant(day + days * DAY)}
        signatures = {one.name: one.sign(canonical({"disclosure": told})) for one in signers}
        paper.log.append("disclosure", {**told, "signatures": signatures})
        return len(paper.log.entries) - 1

    disclose("good", 90, *paper.world.signers[:4], ombudsman)
    alone = disclose("without an ombudsman", 10, *paper.world.signers[:4])
    late = disclose("late", 92, *paper.world.signers[:4], ombudsman)
    forged = disclose("forged", 10, *paper.world.signers[1:4], ombudsman, Party.new("signer-0", "health", SIGNER))
    early = disclose("with a key of 29 days", 10, *paper.world.signers[:4], fresh)
    paper.close(day + HOUR)

    found = found_in(paper.audit())

    wrong = [("NOTICE-TOO-SHORT", late), ("SHORT-QUORUM", alone), ("SIGNATURE", forged), ("SIGNATURE", early)]
    assert found == wrong


def test_an_emergency_is_renewed_by_others_and_for_half_a_year_at_most(paper: Paper) -> None:
    others = [Party.new(f"other-{one}", body, SIGNER) for one, body in enumerate("abcdefgh")]
    for party in others:
        paper.log.append("party-key", party.key_leaf)
    paper.close(LATER)
    starts, crews = ALIVE + 29 * DAY, (others[:5], paper.world.signers[:5])
    for month in range(5):
        certify(paper, starts + DAY)
        paper.publish(renewal(paper, starts), at=starts - HOUR, signers=crews[month % 2])
        starts += 30 * DAY
    assert paper.audit().good, told_in(paper.audit())

    certify(paper, starts)
    last = paper.world.documents["emergency"]
    same = paper.publish(renewal(paper, starts, 2 * DAY), at=starts - 2 * HOUR, signers=others[:5])
    paper.world.documents["emergency"] = last
    full = paper.publish(renewal(paper, starts, 20 * DAY), at=starts - HOUR, signers=paper.world.signers[:5])

    found = paper.audit()
    assert found_in(found) == [("EMERGENCY-YEAR", full), ("SHORT-QUORUM", same)], told_in(found)


def test_a_decision_after_the_emergency_or_before_its_rules_is_found(paper: Paper) -> None:
    late = ALIVE + 30 * DAY + 6 * HOUR
    paper.evidence(late)
    paper.close(late + 6 * HOUR)
    zombie = decision(paper)
    paper.close(late + 7 * HOUR)

    assert found_in(paper.audit()) == [("EMERGENCY-LAPSED", zombie)]


def test_a_decision_in_the_batch_of_its_rules_is_found(paper: Paper) -> None:
    paper.evidence(LATER)
    document = rules(LATER + 4 * DAY)
    paper.world.documents["assignment-rules"] = document
    paper.add("decision", rules=document.digest, commitment=hash_of("c"), tag=hash_of("t"))
    paper.publish(document, at=LATER + DAY)

    ((code, leaf),) = found_in(paper.audit())

    assert (code, leaf) == ("ORDER-VIOLATION", len(paper.log.entries) - 2)


def test_what_was_decided_under_vetoed_rules_is_found(paper: Paper) -> None:
    ombudsman = Party.new("ombudsman-1", "parliament", "ombudsman")
    paper.log.append("party-key", ombudsman.key_leaf)
    paper.close(LATER)
    paper.publish(document := rules(LATER + 4 * DAY), at=LATER + HOUR)
    message = canonical({"veto": {"digest": document.digest, "party": ombudsman.name}})
    signature = ombudsman.sign(message)
    paper.add("veto", digest=document.digest, party=ombudsman.name, signature=signature)
    paper.close(LATER + DAY)
    assert paper.audit().good, told_in(paper.audit())

    paper.evidence(LATER + 5 * DAY)
    paper.close(LATER + 6 * DAY)
    leaf = decision(paper, rules=document.digest)
    paper.close(LATER + 6 * DAY + HOUR)

    assert found_in(paper.audit()) == [("VETOED", leaf)]
