"""What a door is told: a good certificate's fact, one answer for everything else, and nothing where none may ask."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from doors import AT, Door, issuer_key
from salus.codec import CodecError, encode_sl1, key_id, signer
from salus.codec.certificates import (
    TRUST_LASTS,
    CertificateKind,
    Outcome,
    Reason,
    TrustFile,
    permitted,
    read_trust,
    verify,
)
from salus.rules import CertificateKind as Wanted
from salus.rules import Venue

DOOR = Door()
TRUST = DOOR.read()
HERE = Venue.CARE_HOME


def shown(
    text: object, trust: TrustFile = TRUST, at: datetime = AT, venue: Venue = HERE
) -> tuple[Outcome, Reason | None]:
    verdict = verify(text, trust, at, venue)
    assert (verdict.certificate is not None) is (verdict.outcome is Outcome.GOOD)
    return verdict.outcome, verdict.reason


def test_a_good_certificate_is_shown_with_its_fact_and_hint() -> None:
    verdict = verify(DOOR.text(), TRUST, AT, HERE)

    assert verdict.outcome is Outcome.GOOD
    assert verdict.reason is None
    assert verdict.certificate == DOOR.certificate()
    assert verdict.declarations[0].region == "900101"


def test_everything_in_the_file_is_proved() -> None:
    assert TRUST.dropped == 0
    assert TRUST.made == AT
    assert TRUST.ends == AT + TRUST_LASTS
    assert len(TRUST.issuers) == len(TRUST.declarations) == len(TRUST.lists) == 1


OTHER = issuer_key("another")
NOTHING: dict[str, tuple[object, Reason]] = {
    "expired": (DOOR.text(expires=AT, issued=AT - timedelta(days=2)), Reason.EXPIRED),
    "not yet issued": (DOOR.text(issued=AT + timedelta(hours=2)), Reason.NOT_YET),
    "voided": (DOOR.text(index=7), Reason.VOID),
    "of a list that nobody has": (DOOR.text(list_number=2), Reason.NO_LIST),
    "of a foreign issuer": (DOOR.text(OTHER), Reason.FOREIGN),
    "of a kind that this door may not ask for": (
        DOOR.text(kind=CertificateKind.RECOVERY, expires=AT + timedelta(days=3)),
        Reason.NOT_ASKED,
    ),
    "an identity code of the same key": (
        encode_sl1(bytes(16), key_id(DOOR.issuer.public_key()), signer(DOOR.issuer)),
        Reason.UNREADABLE,
    ),
    "a measure": (json.dumps({"decision": {"measure": "precaution"}}), Reason.UNREADABLE),
    "a certificate of another system": ("HC1:NCFOXN%TS3DH", Reason.UNREADABLE),
    "a blurred picture": ("", Reason.UNREADABLE),
    "no text at all": (None, Reason.UNREADABLE),
}


@pytest.mark.parametrize(("text", "reason"), NOTHING.values(), ids=NOTHING.keys())
def test_everything_else_gives_nothing(text: object, reason: Reason) -> None:
    assert shown(text) == (Outcome.NOTHING, reason)


def test_a_forged_one_gives_nothing() -> None:
    text = DOOR.text()
    forged = text[:-1] + ("0" if text[-1] != "0" else "1")

    assert shown(forged)[0] is Outcome.NOTHING
    theirs = DOOR.text(OTHER)
    kid_swapped = read_trust(Door(issuer=OTHER).file()).issuers
    stolen = dict.fromkeys(kid_swapped, next(iter(TRUST.issuers.values())))
    trust = TrustFile(
        trust=TRUST.trust, made=TRUST.made, ends=TRUST.ends, issuers=stolen, declarations=TRUST.declarations,
        lists=TRUST.lists, dropped=0,
    )  # fmt: skip
    assert shown(theirs, trust) == (Outcome.NOTHING, Reason.FORGED)


NOBODY_MAY_ASK: dict[str, tuple[Door, datetime, Venue, Reason]] = {
    "another kind of venue": (DOOR, AT, Venue.LARGE_EVENT, Reason.NO_DECLARATION),
    "before it starts": (Door(starts=timedelta(hours=1)), AT, HERE, Reason.NO_DECLARATION),
    "after it ended": (Door(starts=timedelta(days=-2), lasts=timedelta(days=2)), AT, HERE, Reason.NO_DECLARATION),
    "too few signers": (Door(signers=3), AT, HERE, Reason.NO_DECLARATION),
    "too short notice": (Door(noticed=timedelta(hours=-30)), AT, HERE, Reason.NO_DECLARATION),
    "longer than thirty days": (Door(lasts=timedelta(days=31)), AT, HERE, Reason.NO_DECLARATION),
    "an old trust file": (DOOR, AT + TRUST_LASTS, HERE, Reason.TRUST_TOO_OLD),
    "a trust file of the future": (DOOR, AT - timedelta(hours=2), HERE, Reason.TRUST_TOO_OLD),
}


@pytest.mark.parametrize(("door", "at", "venue", "reason"), NOBODY_MAY_ASK.values(), ids=NOBODY_MAY_ASK.keys())
def test_where_no_declaration_lives_no_check_is_permitted(
    door: Door, at: datetime, venue: Venue, reason: Reason
) -> None:
    assert shown(door.text(), door.read(), at, venue) == (Outcome.NOT_PERMITTED, reason)


def test_whether_anybody_may_ask_is_settled_before_the_code_is_looked_at() -> None:
    class Unlooked(str):
        def startswith(self, *_: Any) -> bool:
            raise AssertionError

    assert permitted(TRUST, AT, Venue.LARGE_EVENT) == ()
    assert shown(Unlooked("SL1:"), venue=Venue.LARGE_EVENT) == (Outcome.NOT_PERMITTED, Reason.NO_DECLARATION)
    with pytest.raises(AssertionError):
        verify(Unlooked("SL1:"), TRUST, AT, HERE)


def test_a_door_sees_only_what_its_declaration_asks_for() -> None:
    door = Door(wants=(Wanted.TEST,))

    assert shown(door.text(), door.read()) == (Outcome.NOTHING, Reason.NOT_ASKED)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    value = json.loads(DOOR.file())
    change(value)
    return json.dumps(value).encode()


def swap(text: str) -> str:
    return text[:-8] + ("A" if text[-8] != "A" else "B") + text[-7:]


DROPPED: dict[str, Callable[[dict[str, Any]], object]] = {
    "an issuer whose key the log has not": lambda value: value["issuers"][0].update(party="somebody"),
    "a key under another party": lambda value: value["keys"][4]["leaf"]["party-key"].update(party="somebody"),
    "a key with another duty": lambda value: value["keys"][4]["leaf"]["party-key"].update(duty="signer"),
    "a key with another proof": lambda value: value["keys"][4].update(proof=value["keys"][0]["proof"]),
    "a declaration for another venue": lambda value: value["declarations"][0]["document"]["body"].update(
        venues=["large-event"]
    ),
    "a declaration with another end": lambda value: value["declarations"][0]["document"].update(
        ends="2032-03-01T08:00:00Z"
    ),
    "a declaration without its signers": lambda value: value["keys"].pop(0),
    "a declaration with another proof": lambda value: value["declarations"][0].update(proof=value["keys"][0]["proof"]),
    "a status list of nobody": lambda value: value.update(lists=["AAAA"]),
    "nothing of an item": lambda value: value["keys"].append(None),
}


@pytest.mark.parametrize("change", DROPPED.values(), ids=DROPPED.keys())
def test_what_is_not_proved_counts_for_nothing(change: Callable[[dict[str, Any]], object]) -> None:
    trust = read_trust(changed(change))

    assert trust.dropped >= 1 or not trust.declarations
    if "append" not in change.__code__.co_names:
        assert shown(DOOR.text(), trust)[0] is not Outcome.GOOD


REFUSED: dict[str, Callable[[dict[str, Any]], object]] = {
    "a head without a quorum": lambda value: value.update(head="\n".join(value["head"].split("\n")[:5]) + "\n"),
    "a head that was altered": lambda value: value.update(head=value["head"].replace("\n6\n", "\n7\n")),
    "another quorum": lambda value: value.update(policy=value["policy"].replace("witnesses 2", "witnesses 1")),
    "another format": lambda value: value.update(format="salus-trust-2"),
    "a field more": lambda value: value.update(more=1),
    "a field less": lambda value: value.pop("lists"),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_a_file_whose_log_is_not_proved_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(CodecError):
        read_trust(changed(change))


def test_a_file_with_too_few_cosignatures_is_refused() -> None:
    with pytest.raises(CodecError):
        read_trust(Door(cosigners=1).file())


def test_who_believes_a_log_already_refuses_another() -> None:
    assert read_trust(DOOR.file(), TRUST.trust).dropped == 0
    other = Door()
    other.__class__ = type("Elsewhere", (Door,), {"witnesses": property(lambda self: Door().witnesses[:2])})

    with pytest.raises(CodecError):
        read_trust(other.file(), TRUST.trust)


def test_an_issuer_who_is_not_in_the_log_issues_nothing() -> None:
    door = Door(registered=False)

    assert shown(door.text(), door.read()) == (Outcome.NOTHING, Reason.FOREIGN)


def _broken(dice: random.Random, value: Any) -> Any:
    """Change one place somewhere in a value: its type, its text, its fields."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        name = dice.choice(sorted(value))
        if dice.random() < 0.1:
            return {one: other for one, other in value.items() if one != name}
        return value | {name: _broken(dice, value[name])}
    if isinstance(value, list) and value and dice.random() < 0.9:
        place = dice.randrange(len(value))
        return [*value[:place], _broken(dice, value[place]), *value[place + 1 :]]
    if isinstance(value, str) and value and dice.random() < 0.8:
        place = dice.randrange(len(value))
        return value[:place] + dice.choice("A0=\n+ \u2014é\ud7ff") + value[place + dice.randrange(2) :]
    return dice.choice([None, True, -1, 1 << 70, 1.5, "", "x", [], {}, [[]], {"a": {}}, "9" * 400])


def test_a_broken_trust_file_raises_nothing_else_and_never_makes_a_forged_certificate_good() -> None:
    dice = random.Random(20310301)
    whole, theirs = json.loads(DOOR.file()), DOOR.text(OTHER)
    read = 0
    for _ in range(1500):
        try:
            trust = read_trust(json.dumps(_broken(dice, whole)).encode())
        except CodecError:
            continue
        read += 1
        assert verify(theirs, trust, AT, HERE).outcome is not Outcome.GOOD
        assert permitted(trust, AT, Venue.LARGE_EVENT) == ()

    assert read > 100
