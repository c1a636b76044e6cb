"""The end of a party's key: who may end which, from when on, and what readers make of what it signed."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from measures import ALIVE, DAY, DECLARED, DISEASE, HOUR, World, a_file, a_world
from salus.cli.actors import (
    LABORATORY,
    SIGNER,
    Party,
    rules_document,
    sign_key_end,
    sign_veto,
    signatures_of,
)
from salus.rules import (
    INVESTIGATOR,
    OMBUDSMAN,
    Measure,
    NotProved,
    PartyKey,
    PartyKeyEnd,
    PublicationRefused,
    attestation_message,
    check_attested,
    check_publication,
    read_key_end,
    read_key_ends,
    read_veto,
    recompute,
    with_ends,
)

WORLD = World()
SIGNERS = WORLD.signers  # six of four organisations
LAB = WORLD.laboratory
WATCHMAN = Party.new("citizens-ombudsman", "parliament", OMBUDSMAN)
SECOND = timedelta(seconds=1)
SINCE = DECLARED - 30 * DAY


def key(whose: Party, since: datetime = SINCE) -> PartyKey:
    raw = whose.private.public_key().public_bytes_raw()
    return PartyKey(party=whose.name, organisation=whose.organisation, duty=whose.duty, key=raw, logged_at=since)


def keys(*more: Party) -> list[PartyKey]:
    return [key(one) for one in (*SIGNERS, LAB, WATCHMAN, *more)]


def end(leaf: dict[str, Any], at: datetime = DECLARED, known: Iterable[PartyKey] | None = None) -> PartyKeyEnd:
    return read_key_end(leaf, keys() if known is None else known, at)


def fault(leaf: dict[str, Any], known: Iterable[PartyKey] | None = None) -> str:
    with pytest.raises(PublicationRefused) as refused:
        end(leaf, known=known)
    return refused.value.fault


def test_a_key_ends_itself_at_once() -> None:
    found = end(sign_key_end(LAB, "rotated"))

    assert (found.own, found.signers, found.counts_from) == (True, ("L1",), DECLARED)
    (ended,) = with_ends([key(LAB)], [found])
    assert ended.stands(DECLARED)  # what came in one batch with the end was signed before anybody knew
    assert not ended.stands(DECLARED + SECOND)
    assert not ended.stands(SINCE - SECOND)


def test_five_signers_of_three_organisations_end_somebody_elses_key() -> None:
    found = end(sign_key_end(LAB, "lost", SIGNERS[:5]))

    assert (found.own, len(found.signers), found.counts_from) == (False, 5, DECLARED)


@pytest.mark.parametrize(
    "signers",
    [SIGNERS[:4], [SIGNERS[0], SIGNERS[1], SIGNERS[2], SIGNERS[5], Party.new("signer-9", "health", SIGNER)]],
)
def test_fewer_signers_or_of_two_organisations_silence_nobody(signers: list[Party]) -> None:
    known = keys(*(one for one in signers if one not in SIGNERS))

    assert fault(sign_key_end(LAB, "lost", signers), known) == "SHORT-QUORUM"


def test_one_key_under_five_names_is_one_signer() -> None:
    names = [
        Party(name=f"name-{one}", organisation=f"body-{one}", duty=SIGNER, private=SIGNERS[0].private)
        for one in range(5)
    ]

    assert fault(sign_key_end(LAB, "lost", names), keys(*names)) == "SHORT-QUORUM"


def test_signers_of_this_month_silence_nobody() -> None:
    fresh = [Party.new(f"fresh-{one}", body, SIGNER) for one, body in enumerate(("a", "b", "c", "a", "b"))]
    leaf = sign_key_end(LAB, "lost", fresh)

    def named(since: datetime) -> list[PartyKey]:
        return [*keys(), *(key(one, since) for one in fresh)]

    for since in (DECLARED, DECLARED - 30 * DAY + SECOND):
        assert fault(leaf, named(since)) == "SHORT-QUORUM"
        assert read_key_ends([(leaf, DECLARED)], named(since)) == ()
    assert end(leaf, known=named(DECLARED - 30 * DAY)).counts_from == DECLARED
    one_late = [key(fresh[0], DECLARED - 30 * DAY + SECOND), *(key(one) for one in fresh[1:])]
    assert fault(leaf, one_late) == "SHORT-QUORUM"
    assert end(leaf, known=[*one_late, key(fresh[0])])  # what was named before stands, however often it is named again


@pytest.mark.parametrize(
    "leaf",
    [
        sign_key_end(Party.new("L1", "x", LABORATORY), "lost") | {"key": LAB.key_leaf["key"]},  # another's signature
        sign_key_end(LAB, "lost") | {"reason": "compromised"},
        sign_key_end(LAB, "lost") | {"party": "L2"},
        sign_key_end(LAB, "lost", [LAB, *SIGNERS[:5]]),  # every signature has to be of a signer
        sign_key_end(LAB, "lost", [*SIGNERS[:5], Party.new("signer-5", "university", SIGNER)]),
    ],
)
def test_a_bad_signature_ends_nothing(leaf: dict[str, Any]) -> None:
    assert fault(leaf) == "SIGNATURE"


@pytest.mark.parametrize(
    "changed",
    [{"reason": "disobedient"}, {"more": 1}, {"key": "short"}, {"party": 7}, {"signatures": []}],
)
def test_an_end_has_exactly_its_form(changed: dict[str, Any]) -> None:
    assert fault(sign_key_end(LAB, "lost") | changed) == "FORM"


def test_an_ombudsman_whose_key_others_end_has_time_to_stop_what_they_publish() -> None:
    found = end(sign_key_end(WATCHMAN, "lost", SIGNERS[:5]))
    known = with_ends(keys(), [found])
    document = rules_document(DISEASE, DECLARED + 3 * DAY, DECLARED + 60 * DAY)

    assert found.counts_from == DECLARED + 72 * HOUR
    assert read_veto(sign_veto(WATCHMAN, document.digest), known, DECLARED + 72 * HOUR).party == WATCHMAN.name
    with pytest.raises(PublicationRefused):
        read_veto(sign_veto(WATCHMAN, document.digest), known, DECLARED + 72 * HOUR + SECOND)
    assert end(sign_key_end(WATCHMAN, "compromised")).counts_from == DECLARED


def test_an_ombudsmans_time_is_of_that_duty_alone_and_of_keys_named_before_the_end() -> None:
    old = SIGNERS[5]
    late = Party(name="watch", organisation="x", duty=OMBUDSMAN, private=old.private)
    other = Party(name="lab-2", organisation="x", duty=LABORATORY, private=WATCHMAN.private)
    told = [(sign_key_end(one, "compromised", SIGNERS[:5]), DECLARED) for one in (old, WATCHMAN)]
    known = [*keys(other), key(late, DECLARED + SECOND)]

    ended = {(one.party, one.duty): one.ended_at for one in with_ends(known, read_key_ends(told, known))}

    assert ended[old.name, SIGNER] == DECLARED  # whatever the key is called ten days later
    assert ended[late.name, OMBUDSMAN] == DECLARED
    assert ended[other.name, LABORATORY] == DECLARED
    assert ended[WATCHMAN.name, OMBUDSMAN] == DECLARED + 72 * HOUR


def test_many_ends_are_read_in_one_pass() -> None:
    """Reading looks at each key a few times, whatever the number of ends is."""
    looked = 0

    class Counted(list[PartyKey]):
        def __iter__(self) -> Iterator[PartyKey]:
            nonlocal looked
            for one in super().__iter__():
                looked += 1
                yield one

    people = [Party.new(f"S{one}", "sites", LABORATORY) for one in range(40)]
    known = Counted([*keys(*people)])
    ends = read_key_ends([(sign_key_end(one, "lost"), DECLARED) for one in people], known)
    after = with_ends(known, ends)

    assert len(ends) == 40
    assert sum(one.ended_at is not None for one in after) == 40
    assert looked == 2 * len(known)


def test_the_earlier_of_two_ends_counts_and_an_ended_key_never_comes_back() -> None:
    ends = read_key_ends(
        [(sign_key_end(WATCHMAN, "lost", SIGNERS[:5]), DECLARED), (sign_key_end(WATCHMAN, "lost"), DECLARED + HOUR)],
        keys(),
    )
    again = Party(name="another-name", organisation="another", duty=LABORATORY, private=WATCHMAN.private)

    first, later = with_ends([key(WATCHMAN), key(again, DECLARED + DAY)], ends)

    assert first.ended_at == DECLARED + HOUR
    assert not any(later.stands(DECLARED + days * DAY) for days in range(5))


def test_a_signer_whose_key_ended_before_signs_no_end() -> None:
    first = sign_key_end(SIGNERS[4], "compromised")
    second = sign_key_end(LAB, "lost", SIGNERS[:5])

    together = read_key_ends([(second, DECLARED), (first, DECLARED)], keys())
    after = read_key_ends([(second, DECLARED + SECOND), (first, DECLARED)], keys())

    assert {one.party for one in together} == {"L1", SIGNERS[4].name}  # their order in a batch is drawn by lot
    assert [one.party for one in after] == [SIGNERS[4].name]


def test_a_document_counts_with_a_signers_key_that_ended_later_alone() -> None:
    document = rules_document(DISEASE, DECLARED + 4 * DAY, DECLARED + 60 * DAY)
    leaf = document.leaf(signatures_of(document, SIGNERS[:4]))
    ends = [end(sign_key_end(SIGNERS[0], "compromised"))]

    assert check_publication(document, leaf, with_ends(keys(), ends), DECLARED).signers
    with pytest.raises(PublicationRefused) as refused:
        check_publication(document, leaf, with_ends(keys(), ends), DECLARED + HOUR)
    assert refused.value.fault == "SIGNATURE"


def test_an_investigator_attests_until_its_key_ends() -> None:
    people = [Party.new(f"I{one}", body, INVESTIGATOR) for one, body in enumerate(("county", "city"))]
    blank = base64.b64encode(bytes(32)).decode()
    message = attestation_message(blank, blank, 1)
    leaf = {"index": blank, "number": 1, "commitment": blank, "word": base64.b64encode(bytes(64)).decode()}
    leaf["signatures"] = {one.name: one.sign(message) for one in people}
    known = with_ends(keys(*people), [end(sign_key_end(people[0], "lost"), known=keys(*people))])

    assert len(check_attested(leaf, known, DECLARED).signers) == 2
    with pytest.raises(NotProved, match="SIGNATURE"):
        check_attested(leaf, known, DECLARED + SECOND)


def test_a_measure_rests_on_evidence_from_before_the_end_and_on_none_from_after() -> None:
    file = a_file()
    reported = file.at - 3 * HOUR / 2  # when witnesses had the result: half an hour before it was decided

    def read(party: Party, at: datetime) -> str | None:
        ends = read_key_ends([(sign_key_end(party, "compromised"), at)], [key(one) for one in file.world.parties()])
        return recompute(file.raw, file.world.log.trust, file.at, ends=ends).fault

    assert recompute(file.raw, file.world.log.trust, file.at).measure is Measure.PRECAUTION
    assert read(file.world.laboratory, reported) is None
    assert read(file.world.laboratory, reported - SECOND) == "SIGNATURE"
    assert read(file.world.site, ALIVE - SECOND) == "SIGNATURE"
    assert read(file.world.site, file.at) is None
    assert read(file.world.signers[0], DECLARED - SECOND) == "SIGNATURE"
    assert read(file.world.signers[0], DECLARED + SECOND) is None


def test_a_party_whose_only_key_ended_is_revived_by_another() -> None:
    fresh = Party.new("L1", "green-laboratories", LABORATORY)
    world = a_world(parties=[fresh])
    old = world.laboratory
    ends = read_key_ends([(sign_key_end(old, "lost"), DECLARED)], [key(old)])
    world.laboratory = fresh

    file = a_file(world)

    assert recompute(file.raw, world.log.trust, file.at, ends=ends).measure is Measure.PRECAUTION
