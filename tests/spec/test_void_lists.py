"""How large the lists of void certificates are: what a door fetches, whole, for ten million certificates."""

from __future__ import annotations

import random
from datetime import timedelta

from doors import AT, PARTY, issuer_key
from salus.codec import key_id, signer
from salus.codec.certificates import read_status_list, subject_of, write_status_list
from salus.codec.certificates.model import LIST_SIZE

LISTS = 10
SHARE = 100  # one in a hundred is void
MOST_OCTETS = 145_000


def test_ten_million_certificates_of_which_one_in_a_hundred_is_void_take_at_most_145_kilobytes() -> None:
    key, chance = issuer_key("lists"), random.Random(6)
    kid, sign = key_id(key.public_key()), signer(key)
    tokens = []
    for number in range(1, LISTS + 1):
        void = chance.sample(range(LIST_SIZE), LIST_SIZE // SHARE)
        token = write_status_list(subject_of(PARTY, number), void, kid, sign, issued=AT, expires=AT + timedelta(days=7))
        found = read_status_list(token, {kid: key.public_key()})
        assert all(found.void(place) for place in void[:50])
        tokens.append(token)

    octets = sum(map(len, tokens))
    print(f"{LISTS} signed lists of {LIST_SIZE:,} places, 1 in {SHARE} void: {octets:,} octets")
    assert octets <= MOST_OCTETS * LISTS * LIST_SIZE / 10_000_000
