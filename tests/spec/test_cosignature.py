"""Cosignatures, whom to trust, and proofs of entries by example (C2SP tlog-cosignature, tlog-policy, tlog-proof)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.proof import (
    Frontier,
    LeafProof,
    NoQuorum,
    Note,
    Policy,
    ProofError,
    Trust,
    VerifierKey,
    WitnessKey,
    cosign,
    leaf_hash,
    open_checkpoint,
    prove_inclusion,
)
from salus.proof.note import NoteError
from witness_keys import LOG, WITNESSES, SeededSigner, cosigned, trust_in

LOG_KEY = VerifierKey.of(LOG)
KEYS = [WitnessKey.of(one) for one in WITNESSES]
NOON = datetime(2031, 3, 1, 12, tzinfo=UTC)
ENTRIES = [f"entry {number}".encode() for number in range(7)]

# The example of tlog-cosignature, character by character.
SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501


class Tree:
    """A small log whose every hash is at hand."""

    def __init__(self, entries: list[bytes]) -> None:
        frontier, self.nodes = Frontier(), dict[tuple[int, int], bytes]()
        for entry in entries:
            for level, index, value in frontier.append(leaf_hash(entry)):
                self.nodes[level, index] = value
        self.size, self.root = frontier.size, frontier.root()

    def proof(self, index: int) -> tuple[bytes, ...]:
        return tuple(prove_inclusion(lambda level, place: self.nodes[level, place], index, self.size))


TREE = Tree(ENTRIES)


def head(*times: datetime) -> str:
    return cosigned(TREE.size, TREE.root, dict(enumerate(times)))


def minutes(*later: int) -> list[datetime]:
    return [NOON + timedelta(minutes=one) for one in later]


def test_the_time_in_the_standards_example_is_where_we_read_it() -> None:
    line = Note.parse(SOFA).signatures[1]

    assert int.from_bytes(line.value[:8], "big") == 1_679_315_147
    assert len(line.value) == 8 + 64
    assert str(Note.parse(SOFA)) == SOFA


def test_a_cosignature_is_over_header_time_and_the_checkpoint() -> None:
    text = open_checkpoint(head(), [LOG_KEY]).text
    line = cosign(text, NOON, WITNESSES[0])

    second = int(NOON.timestamp())
    message = f"cosignature/v1\ntime {second}\n{text}".encode()
    assert line.value == second.to_bytes(8, "big") + WITNESSES[0].sign(message)
    assert KEYS[0].time_of(text, line) == NOON


def test_a_witness_key_is_written_with_its_own_kind() -> None:
    raw = base64.b64encode(b"\x04" + KEYS[0].public_key).decode()

    assert str(KEYS[0]) == f"witness.example/w0+{KEYS[0].key_id.hex()}+{raw}"
    assert WitnessKey.parse(str(KEYS[0])) == KEYS[0]
    assert KEYS[0].key_id != VerifierKey.of(WITNESSES[0]).key_id


def test_a_logs_key_is_no_witness_key_and_the_other_way_round() -> None:
    with pytest.raises(ProofError, match="0x04"):
        WitnessKey.parse(str(LOG_KEY))
    with pytest.raises(ProofError, match="0x01"):
        VerifierKey.parse(str(KEYS[0]))


def test_a_witnesses_ordinary_signature_is_no_cosignature() -> None:
    with pytest.raises(ProofError):
        open_checkpoint(head(NOON), [VerifierKey.of(WITNESSES[0])])


def test_an_older_reader_passes_cosignatures_over() -> None:
    assert open_checkpoint(head(*minutes(0, 1, 2)), [LOG_KEY]).size == TREE.size


@pytest.mark.parametrize("at", [datetime(1970, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC)])
def test_a_cosignature_without_a_time_is_not_made(at: datetime) -> None:
    with pytest.raises(ProofError, match="time"):
        cosign("a\n1\nb\n", at, WITNESSES[0])


@pytest.mark.parametrize("second", [0, 2**63, 2**63 - 1, 253_402_300_800])
def test_a_time_beyond_all_calendars_is_refused_though_it_is_signed(second: int) -> None:
    text = open_checkpoint(head(), [LOG_KEY]).text
    line = cosign(text, NOON, WITNESSES[0])
    value = second.to_bytes(8, "big") + WITNESSES[0].sign(f"cosignature/v1\ntime {second}\n{text}".encode())

    with pytest.raises(ProofError, match="time"):
        KEYS[0].time_of(text, type(line)(name=line.name, key_id=line.key_id, value=value))


# Who is trusted


@pytest.mark.parametrize(("count", "quorum"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (9, 5)])
def test_a_quorum_is_more_than_half(count: int, quorum: int) -> None:
    assert trust_in(count).quorum == quorum
    with pytest.raises(ProofError, match="at least"):
        Trust(log=LOG_KEY, witnesses=tuple(KEYS[:count]), quorum=quorum - 1)
    with pytest.raises(ProofError, match="at least"):
        Trust(log=LOG_KEY, witnesses=tuple(KEYS[:count]), quorum=count + 1)


@pytest.mark.parametrize(
    ("witnesses", "what"),
    [
        ((), "witnesses"),
        ((KEYS[0], KEYS[0]), "names"),
        ((KEYS[0], WitnessKey(name=KEYS[0].name, public_key=KEYS[1].public_key, organisation="other")), "names"),
        ((KEYS[0], WitnessKey(name="alias", public_key=KEYS[0].public_key)), "keys"),
        ((KEYS[0], WitnessKey.of(WITNESSES[1], KEYS[0].organisation)), "organisations"),
        ((WitnessKey.of(LOG),), "keys"),
    ],
)
def test_who_could_count_twice_is_not_trusted(witnesses: tuple[WitnessKey, ...], what: str) -> None:
    with pytest.raises(ProofError, match=what):
        Trust.of(LOG_KEY, witnesses)


def test_a_checkpoint_needs_its_quorum() -> None:
    trust = trust_in(3)

    for few in ((), minutes(0)):
        with pytest.raises(NoQuorum, match="2 must"):
            trust.open(head(*few))
    opened = trust.open(head(*minutes(0, 5)))
    assert opened.checkpoint == open_checkpoint(head(*minutes(0, 5)), [LOG_KEY])
    assert dict(opened.times) == dict(zip(["witness.example/w0", "witness.example/w1"], minutes(0, 5), strict=True))
    assert opened.organisations == {"witness.example/w0", "witness.example/w1"}


def test_strangers_make_no_quorum() -> None:
    with pytest.raises(NoQuorum):
        trust_in(3).open(cosigned(TREE.size, TREE.root, {0: NOON, 3: NOON, 4: NOON, 5: NOON}))


def test_one_witness_that_signs_twice_counts_once_with_its_first_line() -> None:
    text = head(*minutes(5))
    again = cosign(open_checkpoint(text, [LOG_KEY]).text, NOON, WITNESSES[0])

    with pytest.raises(NoQuorum):
        trust_in(3).open(text + str(again))


def test_witnesses_without_the_log_are_not_believed() -> None:
    text = head(*minutes(0, 1, 2))
    without = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(f"— {LOG.name} "))

    with pytest.raises(ProofError, match="no key"):
        trust_in(3).open(without)


def test_a_forged_line_of_a_witness_spoils_the_checkpoint() -> None:
    forger = SeededSigner(WITNESSES[2].name, 99)
    text = head(*minutes(0, 1))
    line = cosign(open_checkpoint(text, [LOG_KEY]).text, NOON, forger)
    posing = type(line)(name=line.name, key_id=KEYS[2].key_id, value=line.value)

    with pytest.raises(NoteError, match="does not verify"):
        trust_in(3).open(text + str(posing))


@pytest.mark.parametrize(
    ("witnesses", "times", "at", "as_of"),
    [
        (1, [7], 7, 7),
        (2, [3, 9], 9, 3),
        (3, [3, 9], 9, 3),  # a bare quorum of two: the later by when both had seen it, the earlier for its age
        (3, [3, 5, 9], 5, 5),  # all three: the median for both
        (3, [5, 5, -10_000], 5, 5),  # one that dates back moves nothing
        (3, [5, 5, 10_000], 5, 5),  # nor does one that dates ahead
        (3, [5, -10_000], 5, -10_000),  # of a bare quorum, a liar cannot bring `at` before the truth
        (3, [5, 10_000], 10_000, 5),  # nor `as_of` after it
        (4, [1, 2, 3, 4], 3, 2),
        (5, [1, 2, 3, 4, 5], 3, 3),
        (5, [9, 1, 8, 2], 8, 2),
    ],
)
def test_the_times_of_a_quorum(witnesses: int, times: list[int], at: int, as_of: int) -> None:
    opened = trust_in(witnesses).open(head(*minutes(*times)))

    assert (opened.at, opened.as_of) == tuple(minutes(at, as_of))


@given(
    honest=st.lists(st.integers(0, 1_000), min_size=1, max_size=9),
    lies=st.lists(st.integers(-100_000, 100_000), max_size=8),
)
def test_fewer_liars_than_a_quorum_move_no_time_past_the_truth(honest: list[int], lies: list[int]) -> None:
    """`at` is never before the first honest witness saw the head, `as_of` never after the last one stood by it."""
    count = min(len(honest) + len(lies), 9)
    trust, times = trust_in(count), [*honest, *lies][:count]
    lying = times[len(honest) :]
    if len(lying) >= trust.quorum:
        return

    opened = trust.open(head(*minutes(*times)))

    assert opened.at >= minutes(min(honest))[0]
    assert opened.as_of <= minutes(max(honest))[0]
    if count % 2:  # all answered: both are the median, and lie between times that honest witnesses told
        assert minutes(min(honest))[0] <= opened.at == opened.as_of <= minutes(max(honest))[0]


# Policies


def test_trust_is_written_as_a_policy_and_read_again() -> None:
    trust = Trust.of(LOG_KEY, [WitnessKey.of(one, f"body-{number}") for number, one in enumerate(WITNESSES[:3])])

    assert str(trust).splitlines() == [
        f"log {LOG_KEY}",
        f"witness body-0 {KEYS[0]}",
        f"witness body-1 {KEYS[1]}",
        f"witness body-2 {KEYS[2]}",
        "group witnesses 2 body-0 body-1 body-2",
        "quorum witnesses",
    ]
    assert Trust.parse(str(trust)) == trust
    assert trust.organisations == {"body-0", "body-1", "body-2"}


def test_a_policy_may_say_where_witnesses_answer() -> None:
    policy = Policy.parse(f"# ours\n\n\twitness body-0 {KEYS[0]}  http://127.0.0.1:9 \nwitness body-1 {KEYS[1]}\n")

    assert policy.logs == ()
    assert policy.quorum is None
    assert [one.organisation for one in policy.witnesses] == ["body-0", "body-1"]
    assert dict(policy.urls) == {"witness.example/w0": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    "change",
    [
        ("witnesses 2", "witnesses 1"),
        ("witnesses 2", "witnesses 4"),
        ("witnesses 2", "witnesses any"),
        ("witnesses 2", "witnesses ２"),
        (" witness.example/w2\nquorum", "\nquorum"),
        ("quorum witnesses", "quorum none"),
        ("quorum witnesses", "quorum witness.example/w0"),
        ("quorum witnesses\n", ""),
        ("quorum witnesses\n", "quorum witnesses\nquorum witnesses\n"),
        (f"log {LOG_KEY}\n", ""),
        (f"log {LOG_KEY}\n", f"log {LOG_KEY}\n" * 2),
        (str(KEYS[0]), str(KEYS[1])),
        (str(KEYS[0]), str(LOG_KEY)),
        ("witness.example/w1 w", "witness.example/w0 w"),
        ("group", "gruppe"),
    ],
)
def test_a_policy_that_says_less_is_refused(change: tuple[str, str]) -> None:
    text = str(trust_in(3))
    assert change[0] in text

    with pytest.raises(ProofError):
        Trust.parse(text.replace(*change, 1))


# Proofs of entries


def proof(index: int, *times: datetime) -> LeafProof:
    return LeafProof(index=index, hashes=TREE.proof(index), checkpoint=head(*times))


def test_a_proof_is_written_as_the_standard_says() -> None:
    text = str(proof(2, *minutes(0, 1)))

    lines = text.splitlines()
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 2"]
    assert [base64.b64decode(line) for line in lines[2:5]] == list(TREE.proof(2))
    assert text.partition("\n\n")[2] == head(*minutes(0, 1))
    assert LeafProof.parse(text) == proof(2, *minutes(0, 1))


def test_extra_bytes_come_back_and_vouch_for_nothing() -> None:
    one = LeafProof(index=0, hashes=(), checkpoint="a\n\nb\n", extra=b"extra information")

    assert str(one) == "c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 0\n\na\n\nb\n"
    assert LeafProof.parse(str(one)) == one


@pytest.mark.parametrize("index", range(len(ENTRIES)))
def test_every_entry_is_proved_and_no_other_in_its_place(index: int) -> None:
    one = LeafProof.parse(str(proof(index, *minutes(0, 1))))

    assert one.check(ENTRIES[index], trust_in(3)).at == NOON + timedelta(minutes=1)
    for other in set(ENTRIES) - {ENTRIES[index]}:
        with pytest.raises(ProofError):
            one.check(other, trust_in(3))


def test_a_proof_without_a_quorum_says_so() -> None:
    with pytest.raises(NoQuorum):
        proof(2, NOON).check(ENTRIES[2], trust_in(3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\nindex 0\n",
        "c2sp.org/tlog-proof@v1\n\na\n",
        "c2sp.org/tlog-proof@v2\nindex 0\n\na\n",
        "c2sp.org/tlog-proof@v1\nindex 00\n\na\n",
        "c2sp.org/tlog-proof@v1\nindex -1\n\na\n",
        "c2sp.org/tlog-proof@v1\nindex ٣\n\na\n",
        "c2sp.org/tlog-proof@v1\nindex 9223372036854775807\n\na\n",
        "c2sp.org/tlog-proof@v1\nextra \nindex 0\n\na\n",
        "c2sp.org/tlog-proof@v1\nextra YQ\nindex 0\n\na\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nextra YQ==\n\na\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nYQ==\n\na\n",
        "c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\na\r\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + f"{base64.b64encode(bytes(32)).decode()}\n" * 64 + "\na\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n" + "a" * 200_000,
    ],
)
def test_a_malformed_proof_is_refused(text: str) -> None:
    with pytest.raises(ProofError):
        LeafProof.parse(text)


@given(place=st.integers(0, 100_000), bit=st.integers(0, 7))
def test_no_flipped_bit_of_a_proof_survives(place: int, bit: int) -> None:
    raw = bytearray(str(proof(5, *minutes(0, 1, 2)[:2])).encode())
    raw[place % len(raw)] ^= 1 << bit

    with pytest.raises(ProofError):
        LeafProof.parse(bytes(raw).decode("utf-8", "surrogateescape")).check(ENTRIES[5], trust_in(3))


@given(data=st.data())
def test_no_hash_left_out_doubled_or_moved_survives(data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(ENTRIES) - 1))
    right = list(TREE.proof(index))
    wrong = data.draw(st.lists(st.sampled_from([*right, bytes(32)]), max_size=5).filter(lambda hashes: hashes != right))

    with pytest.raises(ProofError):
        LeafProof(index=index, hashes=tuple(wrong), checkpoint=head(*minutes(0, 1))).check(ENTRIES[index], trust_in(3))
