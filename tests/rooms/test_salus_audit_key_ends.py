"""The auditor and keys that ended: what came after is found by its place, what came before is good."""

from __future__ import annotations

from pathlib import Path

import pytest

from audited import Paper, an_honest_paper, found_in, told_in
from measures import ALIVE, DAY, DISEASE, HOUR
from salus.cli.actors import LABORATORY, SIGNER, Party, rules_document, sign_key_end, sign_veto
from salus.kernel import format_instant

LATER = ALIVE + 3 * DAY


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return an_honest_paper(tmp_path, since=30 * DAY)  # so that its signers end the keys of others


def end(paper: Paper, party: Party, *signers: Party, reason: str = "compromised") -> int:
    return paper.add("party-key-end", **sign_key_end(party, reason, signers))


def tick(paper: Paper, at: object) -> None:
    """Close one more batch, of nothing that matters."""
    paper.add("refusals", day=format_instant(at)[:10], action="x", count=1)  # type: ignore[arg-type]
    paper.close(at)  # type: ignore[arg-type]


def test_results_of_a_laboratory_after_its_key_ended_are_found_each_by_its_place(paper: Paper) -> None:
    end(paper, paper.world.laboratory)
    paper.close(LATER)
    assert paper.audit().good, told_in(paper.audit())

    paper.evidence(LATER + HOUR)
    first = len(paper.log.entries) - 1
    paper.evidence(LATER + 8 * HOUR)
    second = len(paper.log.entries) - 1

    assert found_in(paper.audit()) == [("SIGNATURE", first), ("SIGNATURE", second)]


def test_a_new_key_of_the_laboratory_signs_on(paper: Paper) -> None:
    old, fresh = paper.world.laboratory, Party.new("L1", "green-laboratories", LABORATORY)
    end(paper, old, *paper.world.signers[:5], reason="lost")
    paper.add("party-key", **fresh.key_leaf)
    paper.close(LATER)
    paper.world.laboratory = fresh
    paper.evidence(LATER + HOUR)
    assert paper.audit().good, told_in(paper.audit())

    paper.world.laboratory = old
    paper.evidence(LATER + 8 * HOUR)

    assert found_in(paper.audit()) == [("SIGNATURE", len(paper.log.entries) - 1)]


def test_what_came_in_one_batch_with_the_end_is_good(paper: Paper) -> None:
    end(paper, paper.world.site)
    paper.evidence(LATER)

    assert paper.audit().good, told_in(paper.audit())


def test_specimens_of_a_site_after_its_key_ended_are_found_too(paper: Paper) -> None:
    end(paper, paper.world.site)
    paper.close(LATER)
    paper.evidence(LATER + HOUR)
    specimen = len(paper.log.entries) - 2

    assert found_in(paper.audit()) == [("SIGNATURE", specimen)]


def test_an_end_that_nobody_may_make_is_found_and_ends_nothing(paper: Paper) -> None:
    stranger = Party.new("L1", "green-laboratories", LABORATORY)
    forged = paper.add(
        "party-key-end", **sign_key_end(stranger, "lost") | {"key": paper.world.laboratory.key_leaf["key"]}
    )
    few = end(paper, paper.world.laboratory, *paper.world.signers[:4])
    paper.close(LATER)
    paper.evidence(LATER + HOUR)

    assert found_in(paper.audit()) == [("SHORT-QUORUM", few), ("SIGNATURE", forged)]


def test_an_end_by_signers_whom_the_log_named_this_month_is_found_and_ends_nothing(paper: Paper) -> None:
    fresh = [Party.new(f"fresh-{one}", f"body-{one % 3}", SIGNER) for one in range(5)]
    for one in fresh:
        paper.add("party-key", **one.key_leaf)
    paper.close(LATER)
    leaf = end(paper, paper.world.laboratory, *fresh)
    paper.close(LATER + HOUR)
    paper.evidence(LATER + 2 * HOUR)

    assert found_in(paper.audit()) == [("SHORT-QUORUM", leaf)]


def test_what_a_signer_signs_after_the_end_is_found_whatever_the_key_is_called_since(paper: Paper) -> None:
    old = paper.world.signers[0]
    end(paper, old, *paper.world.signers[:5])
    paper.close(LATER)
    again = paper.add("party-key", **old.key_leaf | {"party": "watch", "duty": "ombudsman"})
    paper.close(LATER + HOUR)
    document = rules_document(DISEASE, LATER + 5 * DAY, LATER + 30 * DAY, 2)
    leaf = paper.publish(document, at=LATER + 2 * HOUR)

    assert found_in(paper.audit()) == [("SIGNATURE", again), ("SIGNATURE", leaf)]


def test_a_key_that_comes_back_is_found_under_any_name(paper: Paper) -> None:
    old = paper.world.laboratory
    end(paper, old)
    paper.close(LATER)
    other = Party(name="L2", organisation="other", duty=LABORATORY, private=old.private)
    again = [paper.add("party-key", **one.key_leaf) for one in (old, other)]
    paper.close(LATER + HOUR)

    assert found_in(paper.audit()) == [("SIGNATURE", one) for one in again]


def test_a_document_that_an_ended_signer_signed_is_found(paper: Paper) -> None:
    end(paper, paper.world.signers[0])
    paper.close(LATER)
    document = rules_document(DISEASE, LATER + 5 * DAY, LATER + 30 * DAY, 2)
    leaf = paper.publish(document, at=LATER + HOUR)

    assert found_in(paper.audit()) == [("SIGNATURE", leaf)]


def test_an_ombudsmans_key_that_others_end_vetoes_for_three_days_more(paper: Paper) -> None:
    watchman = Party.new("citizens", "citizens", "ombudsman")
    paper.add("party-key", **watchman.key_leaf)
    paper.close(LATER)
    end(paper, watchman, *paper.world.signers[:5])
    paper.close(LATER + HOUR)
    document = rules_document(DISEASE, LATER + 20 * DAY, LATER + 40 * DAY, 2)
    paper.publish(document, at=LATER + 2 * HOUR)
    veto = sign_veto(watchman, document.digest)
    paper.add("veto", **veto)
    paper.close(LATER + 73 * HOUR)
    assert paper.audit().good, told_in(paper.audit())

    late = paper.add("veto", **veto)
    paper.close(LATER + 74 * HOUR)

    assert found_in(paper.audit()) == [("SIGNATURE", late)]


def test_a_witness_whose_key_ended_cosigns_nothing_and_still_counts_in_what_a_quorum_is(paper: Paper) -> None:
    court, press, _ = paper.log.witnesses
    ended = [sign_key_end(_party(one, body), "compromised", paper.world.signers[:5]) for one, body in (
        (court, "court"), (press, "press"))]  # fmt: skip
    paper.add("party-key-end", **ended[0])
    paper.close(LATER)
    tick(paper, LATER + HOUR)
    told = paper.audit()
    assert told.good, told_in(told)
    assert court.name not in (told.seen.newest.by_witness if told.seen.newest else {})

    paper.add("party-key-end", **ended[1])
    paper.close(LATER + 2 * HOUR)
    tick(paper, LATER + 3 * HOUR)

    assert ("LOG-QUORUM", len(paper.log.entries) - 1) in found_in(paper.audit())


def _party(witness: object, organisation: str) -> Party:
    private = witness._private  # type: ignore[attr-defined]
    return Party(name=witness.name, organisation=organisation, duty="witness", private=private)  # type: ignore[attr-defined]


def test_a_file_that_rests_on_what_an_ended_key_signed_is_found(paper: Paper) -> None:
    end(paper, paper.world.laboratory)
    paper.close(LATER)
    file = paper.measure(LATER + HOUR)
    result = len(paper.log.entries) - 2

    told = paper.audit(files={"mine": file.raw})

    assert told.files["mine"].measure == "none"
    places = {(one.code, one.leaf) for one in told.findings.told}
    assert places >= {("SIGNATURE", result)}
    assert {code for code, _ in places} == {"SIGNATURE"}
