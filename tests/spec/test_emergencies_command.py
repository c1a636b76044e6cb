"""`salus ledger emergencies` counts from the files of a log, in whatever order a batch put its entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accepting import DAY, emergency
from measures import DECLARED, World
from salus.cli.actors import SIGNER, Party, signatures_of
from salus.cli.emergencies import Counted, count
from salus.rules import Document, PartyKey

PARTIES = [Party.new(f"signer-{n}", f"house-{n % 3}", SIGNER) for n in range(8)]
FIRST, OTHERS = PARTIES[:5], PARTIES[3:]


def keys() -> list[PartyKey]:
    return [
        PartyKey(
            party=one.name,
            organisation=one.organisation,
            duty=one.duty,
            key=one.private.public_key().public_bytes_raw(),
            logged_at=datetime.min.replace(tzinfo=DECLARED.tzinfo),
        )
        for one in PARTIES
    ]


def counted(*signed: tuple[Document, Sequence[Party]]) -> list[Counted]:
    leaves = [(n, one.leaf(signatures_of(one, by)), one.encoded) for n, (one, by) in enumerate(signed)]
    return count(leaves, keys())


ONE = emergency(DECLARED)
TWO = emergency(DECLARED + 30 * DAY, renews=ONE)
THREE = emergency(DECLARED + 60 * DAY, renews=TWO)


def test_each_is_counted_after_the_one_that_it_renews_wherever_it_stands() -> None:
    told = counted((THREE, FIRST), (ONE, FIRST), (TWO, OTHERS))

    assert [(one.index, one.fault) for one in told] == [(1, None), (2, None), (0, None)]


def test_what_does_not_follow_has_its_word_and_is_followed_by_nothing() -> None:
    told = counted((ONE, FIRST), (TWO, FIRST), (THREE, OTHERS))

    assert [(one.index, one.fault) for one in told] == [(0, None), (1, "SAME-SIGNERS"), (2, "RENEWAL")]


def test_of_two_that_renew_one_the_second_does_not_count() -> None:
    other = emergency(DECLARED + 31 * DAY, renews=ONE)

    assert [one.fault for one in counted((other, OTHERS), (ONE, FIRST), (TWO, OTHERS))] == [None, None, "RENEWAL"]


def test_signatures_that_are_too_few_or_of_nobody_count_for_nothing() -> None:
    strangers = World().signers

    assert [one.fault for one in counted((ONE, FIRST[:4]))] == ["SHORT-QUORUM"]
    assert [one.fault for one in counted((ONE, strangers[:5]))] == ["SIGNATURE"]
