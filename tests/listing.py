"""Trust lists made by hand, and what each makes of certificates; for the shared vectors and for tests of commands."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from accepting import FOUR, a_door, rules
from doors import AT, Door, b64, issuer_key, trusted_key
from recognising import hc1_key, recognition
from salus.cli.actors import trust_document
from salus.kernel import format_instant
from salus.rules import Document

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
OLD, NEW = issuer_key("one"), issuer_key("two")
DOOR = Door(noticed=-20 * DAY, other_keys=(NEW,))
ENDED = AT - DAY
NUMBER = "110101199003074233"
EARLY = DOOR.text(issued=AT - 3 * DAY)
LATE = DOOR.text(issued=AT - 3 * DAY, index=12)
UNLOGGED = DOOR.text(issued=AT - 3 * DAY, index=13)
AFTER = DOOR.text(issued=AT - 5 * HOUR, index=14)
BATCHES = ((OLD, (EARLY, AFTER), -2 * DAY), (OLD, (LATE,), -12 * HOUR))


def listed(
    *keys: dict[str, Any], before: Document | None = None, starts: timedelta = -10 * DAY, **changed: Any
) -> Document:
    """Write a version that names these keys."""
    document = trust_document(keys, AT + starts, AT + changed.pop("ends", 90 * DAY), before=before)
    return dataclasses.replace(document, **changed) if changed else document


def ended(why: str | None) -> Document:
    """Write a list in which the old key ended a day ago and the new one signs."""
    return listed(trusted_key(OLD, ends=format_instant(ENDED), ended=why), trusted_key(NEW))


def by_list() -> dict[str, Door]:
    """Every trust file that has a trust list, by what is special about it."""
    first = listed(trusted_key(OLD))
    second = listed(trusted_key(NEW), before=first, starts=-2 * DAY)
    one = {
        "names the key": first,
        "names another key": listed(trusted_key(NEW)),
        "names it for another party": listed(trusted_key(OLD, party="elsewhere.example/issuer")),
        "says more of it": listed(trusted_key(OLD, format="hc1")),
        "names it for another kind": listed(trusted_key(OLD, kinds=["recovery"])),
        "names it for the province": listed(trusted_key(OLD, regions=["900000"])),
        "names it for two provinces": listed(trusted_key(OLD, regions=["910000", "900000"])),
        "names it for another province": listed(trusted_key(OLD, regions=["910000"])),
        "names it for its county": listed(trusted_key(OLD, regions=["900101"])),
        "names it for a province that is none": listed(trusted_key(OLD, regions=["country", "190000"])),
        "a key that is a number": listed(trusted_key(OLD), trusted_key(NEW, key=b64(NUMBER.encode()))),
        "a key with a number behind it": listed(trusted_key(OLD, key=trusted_key(OLD)["key"] + b64(NUMBER.encode()))),
        "a party that is a number": listed(trusted_key(OLD), trusted_key(NEW, party="li/110101.19900307.4233")),
        "names it from tomorrow": listed(trusted_key(OLD, starts=format_instant(AT + DAY))),
        "has ended": listed(trusted_key(OLD), ends=timedelta(0)),
        "has not started": listed(trusted_key(OLD), starts=2 * DAY),
        "a key that never ends": listed(trusted_key(OLD, ends=format_instant(AT + 900 * DAY))),
        "a key at half past": listed(trusted_key(OLD, ends=format_instant(AT + HOUR / 2))),
        "a region that is none": listed(trusted_key(OLD, regions=["000000"])),
        "a key twice": listed(trusted_key(OLD), trusted_key(OLD)),
        "another name": listed(trusted_key(OLD), name="others"),
    }
    doors = {what: dataclasses.replace(DOOR, trusted=(document,)) for what, document in one.items()}
    for why in (None, "superseded", "key-compromise"):
        doors[f"the key has ended: {why}"] = dataclasses.replace(
            DOOR, trusted=(ended(why),), batches=BATCHES, lister=NEW
        )
    stolen = ended("key-compromise")
    doors["void lists by a stolen key"] = dataclasses.replace(DOOR, trusted=(stolen,), batches=BATCHES, lister=OLD)
    doors["void lists by a key after its end"] = dataclasses.replace(DOOR, trusted=(ended(None),), lister=OLD)
    doors["too few signers"] = dataclasses.replace(DOOR, trusted=(first,), listing=3)
    doors["in haste by four"] = dataclasses.replace(DOOR, trusted=(first,), listing=4, listed_before=20 * HOUR)
    doors["in haste by five"] = dataclasses.replace(DOOR, trusted=(first,), listed_before=20 * HOUR)
    doors["by four with notice"] = dataclasses.replace(DOOR, trusted=(first,), listing=4)
    coming = listed(trusted_key(NEW), before=first, starts=2 * DAY)
    doors["a second that is to come"] = dataclasses.replace(DOOR, trusted=(coming,))
    doors["two versions"] = dataclasses.replace(DOOR, trusted=(first, second))
    doors["the second alone"] = dataclasses.replace(DOOR, trusted=(second,))
    loose = listed(trusted_key(NEW), before=listed(trusted_key(NEW)), starts=-2 * DAY)
    doors["a second that follows another"] = dataclasses.replace(DOOR, trusted=(first, loose))
    return doors


def shown(door: Door) -> dict[str, str]:
    """What is shown at each."""
    return {
        "logged before the key's end": EARLY,
        "logged after the key's end": LATE,
        "never logged": UNLOGGED,
        "dated after the key's end": AFTER,
        "of the new key": DOOR.text(NEW, index=15),
    } if door.batches else {"of the old key": AFTER, "of the new key": DOOR.text(NEW, index=15)}  # fmt: skip


def leaving_out() -> dict[str, Door]:
    """Trust files without a list, by the documents that they have; of what one has another leaves something out."""
    known = recognition(hc1_key())
    withdrawn, third = recognition(version=2, starts=AT - HOUR), recognition(version=3)
    told = {
        "recognises": (known,),
        "withdraws": (known, withdrawn),
        "the withdrawal alone": (withdrawn,),
        "a third alone": (third,),
        "a third that is to come": (known, recognition(version=3, starts=AT + HOUR)),
        "a withdrawal that has ended": (known, recognition(version=2, starts=AT - 2 * DAY, ends=AT)),
        "another second": (known, recognition(hc1_key(), version=2, starts=AT - HOUR)),
        "recognises elsewhere too": (known, recognition(hc1_key(), name="beyond")),
    }
    doors = {what: dataclasses.replace(DOOR, recognised=documents) for what, documents in told.items()}
    wide, narrow = rules(region="country"), rules(version=2)
    gone = rules(starts=AT - 5 * DAY, lasts=5 * DAY)
    for what, published in {"rules": (wide,), "more rules": (wide, narrow), "rules that have ended": (gone,)}.items():
        doors[what] = a_door(*((one, FOUR) for one in published))
    return doors


def vetoed() -> dict[str, Door]:
    """Trust files with vetoes, by what became of what was vetoed."""
    first, rules_of_all, door = listed(trusted_key(OLD)), rules(region="country"), Door()
    return {
        "a declaration vetoed in time": dataclasses.replace(door, vetoed=((door.document, -DAY - SECOND),)),
        "a declaration vetoed once it counted": dataclasses.replace(door, vetoed=((door.document, -DAY),)),
        "a declaration whose ombudsman came late": dataclasses.replace(
            door, vetoed=((door.document, -2 * DAY),), appointed=-3 * DAY + SECOND
        ),
        "a trust list vetoed": dataclasses.replace(DOOR, trusted=(first,), vetoed=((first, -11 * DAY),)),
        "rules vetoed": a_door((rules_of_all, FOUR), vetoed=((rules_of_all, -39 * DAY),)),
    }


TAKES_THE_PLACE = [
    ("names the key", "names the key", True),
    ("names the key", "two versions", True),
    ("two versions", "names the key", False),
    ("names the key", "the second alone", True),
    ("names another key", "names the key", False),
    ("names another key", "the second alone", False),
    ("names another key", "two versions", False),
    ("names the key", "good", False),
    ("good", "names the key", True),
    ("names the key", "too few signers", False),
    ("too few signers", "good", False),
    ("too few signers", "too few signers", True),
    ("recognises", "withdraws", True),
    ("withdraws", "withdraws", True),
    ("withdraws", "recognises", False),
    ("withdraws", "good", False),
    ("withdraws", "the withdrawal alone", True),
    ("withdraws", "a third alone", True),
    ("withdraws", "a third that is to come", False),
    ("withdraws", "another second", False),
    ("a withdrawal that has ended", "recognises", False),
    ("recognises elsewhere too", "withdraws", False),
    ("rules", "more rules", True),
    ("more rules", "rules", False),
    ("rules", "good", False),
    ("rules that have ended", "good", True),
    ("rules", "rules vetoed", True),
    ("rules vetoed", "rules", False),
    ("rules vetoed", "rules vetoed", True),
]
"""A file that is kept, one that is found, and whether it may take its place."""
