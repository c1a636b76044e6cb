"""`salus code verify` with codes of other issuers: whose keys are believed, and what is told of each."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image

from accepting import FOUR, a_door
from accepting import rules as published_rules
from doors import Door
from foreigners import AT, CARD, CERTIFICATE, CardIssuer, Issuer
from recognising import dcc, hc1_key, recognition, shc_key
from salus.cli import main
from salus.codec import signer
from salus.codec.certificates import mark_of, write_void_marks
from salus.codec.foreign import decode_hcert, decode_shc
from salus.codec.foreign.smart import joined
from salus.kernel import format_instant

ISSUER, OTHER, CARDS = Issuer(), Issuer(ec.derive_private_key(0x5A9, ec.SECP256R1())), CardIssuer()


@pytest.fixture
def trust(tmp_path: Path) -> list[str]:
    (tmp_path / "signers.pem").write_text(ISSUER.pem)
    (tmp_path / "jwks.json").write_text(json.dumps(CARDS.jwks))
    return [str(tmp_path / "signers.pem"), f"https://spec.example/issuer={tmp_path / 'jwks.json'}"]


def verify(trust: list[str], *given: str, at: datetime = AT) -> Result:
    options = [part for one in trust for part in ("--trust", one)]
    return CliRunner().invoke(main, ["code", "verify", *given, *options, "--at", format_instant(at)])


def told(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.stdout)["verdicts"]
    return found


def test_good_ones_say_whose_they_are_what_happened_and_who_signed(trust: list[str], tmp_path: Path) -> None:
    (tmp_path / "code.txt").write_text(f" {ISSUER.text()}\n")
    result = verify(trust, ISSUER.text(), CARDS.text(CARD), str(tmp_path / "code.txt"), "--json")

    assert result.exit_code == 0, result.output
    assert [(one["format"], one["verdict"]) for one in told(result)] == [
        ("HC1", "valid"),
        ("SHC", "valid"),
        ("HC1", "valid"),
    ]
    hc1, shc, _ = told(result)
    assert hc1["holder"] == {"family": "Beispiel", "given": "Erika", "born": "1980-02-03"}
    assert (hc1["facts"][0]["kind"], hc1["issuer"], len(hc1["source"])) == ("vaccination", "XX", 64)
    assert (shc["facts"][0]["target"], shc["issuer"]) == (
        "http://hl7.org/fhir/sid/cvx|207",
        "https://spec.example/issuer",
    )


def test_a_name_is_told_in_json_only(trust: list[str]) -> None:
    result = verify(trust, ISSUER.text(), CARDS.text(CARD))

    assert result.exit_code == 0
    assert "Beispiel" not in result.output
    assert "vaccination 2031-01-15" in result.output


@pytest.mark.parametrize(
    ("text", "verdict", "reason"),
    [
        (OTHER.text(), "cannot-tell", "key"),
        (ISSUER.text(expires=AT - timedelta(days=1)), "not-valid", "expired"),
        (ISSUER.text({**CERTIFICATE, "colour": "red"}), "not-valid", "structure"),
        ("HC1:NOTHING", "not-valid", "alphabet"),
        (CardIssuer(9).text(CARD), "cannot-tell", "key"),
        (CARDS.text(CARD.replace(b"spec.example", b"other.example")), "cannot-tell", "key"),
        ("shc:/1/2/5676", "not-valid", "structure"),
    ],
)
def test_others_are_told_apart_and_say_nothing_about_anybody(
    trust: list[str], text: str, verdict: str, reason: str
) -> None:
    result = verify(trust, text, "--json")

    assert result.exit_code == 1
    (one,) = told(result)
    assert (one["verdict"], one["reason"], one["holder"], one["facts"]) == (verdict, reason, None, [])


def test_a_card_in_chunks_is_judged_as_one(trust: list[str]) -> None:
    chunks = chunked(CARDS.text(CARD))

    assert [one["verdict"] for one in told(verify(trust, *reversed(chunks), "--json"))] == ["valid"]
    assert verify(trust, chunks[0]).exit_code == 1


def chunked(text: str) -> list[str]:
    digits = text.removeprefix("shc:/")
    return [f"shc:/1/2/{digits[:600]}", f"shc:/2/2/{digits[600:]}"]


def test_two_cards_in_chunks_are_two(trust: list[str]) -> None:
    first, second = chunked(CARDS.text(CARD)), chunked(CARDS.text(CARD.replace(b"Erika", b"Anna")))

    for given in ([*first, *second], [first[0], second[0], first[1], second[1]], [*reversed(first), *second]):
        assert [one["verdict"] for one in told(verify(trust, *given, "--json"))] == ["valid", "valid"]
    assert [one["verdict"] for one in told(verify(trust, *first, second[0], "--json"))] == ["valid", "not-valid"]


def test_keys_come_as_a_set_alone_or_of_an_issuer_and_further_ones_add_to_them(
    trust: list[str], tmp_path: Path
) -> None:
    alone, later = trust[1].partition("=")[2], tmp_path / "later.json"
    later.write_text(json.dumps(CardIssuer(9).jwks))
    texts = [CARDS.text(CARD), CardIssuer(9).text(CARD)]

    assert [one["verdict"] for one in told(verify([alone], *texts, "--json"))] == ["valid", "cannot-tell"]
    for sets in ([alone, str(later)], [trust[1], f"https://spec.example/issuer={later}"]):
        assert [one["verdict"] for one in told(verify(sets, *texts, "--json"))] == ["valid", "valid"]
    assert told(verify([f"https://other.example={alone}"], texts[0], "--json"))[0]["verdict"] == "cannot-tell"


def test_what_cannot_be_judged_keeps_nothing_else_from_being_judged(trust: list[str], tmp_path: Path) -> None:
    result = verify(trust, ISSUER.text(), Door().text(), str(tmp_path / "nothing.png"), "--json")

    assert result.exit_code == 1
    assert [(one["format"], one["verdict"], one["reason"]) for one in told(result)] == [
        ("HC1", "valid", None),
        ("SL1", "cannot-tell", "no-venue"),
        ("unknown", "not-valid", "unreadable"),
    ]
    assert "nothing.png is no file" in result.stderr
    (tmp_path / "both.txt").write_text(f"{ISSUER.text()}\n{Door().text()}\n")
    both = told(verify(trust, str(tmp_path / "both.txt"), "--json"))
    assert [one["verdict"] for one in both] == ["valid", "cannot-tell"]


def test_a_card_is_read_from_its_file_and_as_it_was_signed(trust: list[str], tmp_path: Path) -> None:
    jws = joined([CARDS.text(CARD)])
    path = tmp_path / "cards.smart-health-card"
    path.write_text(json.dumps({"verifiableCredential": [jws, jws[:-4], jws]}, indent=4))

    assert [one["verdict"] for one in told(verify(trust, jws, "--json"))] == ["valid"]
    assert [one["verdict"] for one in told(verify(trust, str(path), "--json"))] == ["valid", "not-valid", "valid"]
    path.write_text('{"verifiableCredential": 7}')
    assert [one["reason"] for one in told(verify(trust, str(path), "--json"))] == ["unreadable"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "ascii"])
def test_texts_are_read_as_editors_and_letters_write_them(trust: list[str], tmp_path: Path, encoding: str) -> None:
    text, path = ISSUER.text(), tmp_path / "codes.txt"
    for written, count in ((text, 1), ("\r\n".join(text[at : at + 60] for at in range(0, len(text), 60)), 1),
                           (f"{text}\n\n {CARDS.text(CARD)}\n", 2)):  # fmt: skip
        path.write_text(written, encoding, newline="")
        assert [one["verdict"] for one in told(verify(trust, str(path), "--json"))] == ["valid"] * count


def test_a_picture_shows_all_its_codes_and_may_have_no_ground(trust: list[str], tmp_path: Path) -> None:
    made = zxingcpp.create_barcode(ISSUER.text(), zxingcpp.BarcodeFormat.QRCode)
    grey = Image.fromarray(zxingcpp.write_barcode_to_image(made, scale=4))  # type: ignore[arg-type]
    clear = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), mask=grey.point(lambda level: 255 - level))
    other = zxingcpp.create_barcode(OTHER.text(), zxingcpp.BarcodeFormat.QRCode)
    second = Image.fromarray(zxingcpp.write_barcode_to_image(other, scale=4))  # type: ignore[arg-type]
    both = Image.new("L", (grey.width + second.width, max(grey.height, second.height)), 255)
    both.paste(grey, (0, 0))
    both.paste(second, (grey.width, 0))
    clear.save(tmp_path / "clear.png")
    both.save(tmp_path / "both.png")

    assert [one["verdict"] for one in told(verify(trust, str(tmp_path / "clear.png"), "--json"))] == ["valid"]
    shown = verify(trust, str(tmp_path / "both.png"), "--json")
    assert (shown.exit_code, sorted(one["verdict"] for one in told(shown))) == (1, ["cannot-tell", "valid"])


def rules(days: int) -> dict[str, Any]:
    moved = [{"plusTime": [{"var": "payload.v.0.dt"}, days, "day"]}, {"plusTime": [{"var": CLOCK}, 0, "day"]}]
    rule = {
        "name": "waiting",
        "kind": "vaccination",
        "description": {"en": "Some days after the dose.", "zh": "接种后若干天。"},
        "logic": {"not-after": moved},
        "examples": [
            {"payload": {"v": [{"dt": "2030-01-01"}]}, "at": "2031-03-01T08:00:00Z", "accepted": True},
            {"payload": {"v": [{"dt": "2031-03-01"}]}, "at": "2031-03-01T08:00:00Z", "accepted": False},
        ],
    }
    return {"rules": [rule]}


CLOCK = "external.validationClock"


def test_a_regions_rules_are_asked_and_named(trust: list[str], tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(rules(14)))
    assert verify(trust, ISSUER.text(), "--rules", str(file)).exit_code == 0

    file.write_text(json.dumps(rules(100)))
    result = verify(trust, ISSUER.text(), "--rules", str(file), "--json")
    assert result.exit_code == 1
    assert [(one["verdict"], one["reason"]) for one in told(result)] == [("not-valid", "rule:waiting")]


def test_a_date_of_cbors_own_type_is_a_date_to_rules_too(trust: list[str], tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(rules(14)))
    dose = CERTIFICATE["v"][0]
    text = ISSUER.text({**CERTIFICATE, "v": [{**dose, "dt": datetime(2031, 1, 15, tzinfo=UTC)}]})
    result = verify(trust, text, "--rules", str(file), "--json")
    assert [one["rules"] for one in told(result)] == [{"waiting": "accepted"}]

    far = ISSUER.text({**CERTIFICATE, "v": [{**dose, "dt": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}]})
    result = verify(trust, far, "--rules", str(file), "--json")
    assert [(one["verdict"], one["reason"]) for one in told(result)] == [("not-valid", "structure")]


def test_where_a_rule_cannot_be_asked_it_cannot_be_told(trust: list[str], tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(rules(14)))
    text = ISSUER.text({**CERTIFICATE, "v": [{**CERTIFICATE["v"][0], "dt": "2031-13-45"}]})
    result = verify(trust, text, "--rules", str(file), "--json")

    assert result.exit_code == 1
    assert [(one["verdict"], one["reason"]) for one in told(result)] == [("cannot-tell", "rule:waiting")]


def test_rules_that_could_hold_people_are_refused(trust: list[str], tmp_path: Path) -> None:
    body = rules(14)
    body["rules"][0]["logic"] = {"in": [{"var": "payload.nam.fnt"}, ["BEISPIEL"]]}
    (tmp_path / "rules.json").write_text(json.dumps(body))
    result = verify(trust, ISSUER.text(), "--rules", str(tmp_path / "rules.json"))

    assert result.exit_code == 1
    assert "NAME" in result.output


@pytest.fixture
def node(tmp_path: Path) -> str:
    """The trust file of a node that recognises both issuers."""
    both = recognition(hc1_key(ISSUER), shc_key(CARDS))
    (tmp_path / "trust.json").write_bytes(Door(recognised=(both,)).file())
    return str(tmp_path / "trust.json")


def test_a_node_says_whom_it_recognises(node: str) -> None:
    good, others = verify([node], ISSUER.text(), CARDS.text(CARD)), verify([node], OTHER.text())

    assert good.exit_code == 0, good.output
    assert [line.split(":")[0] for line in good.stdout.splitlines()] == [
        "valid",
        "valid",
        "trust file as of 2031-03-01T08",
    ]
    assert (others.exit_code, others.stdout.split(":")[0]) == (1, "cannot-tell")


def test_a_door_is_told_the_fact_of_a_recognised_issuers_code_and_nobodys_name(node: str) -> None:
    result = verify([node], dcc(), OTHER.text(), "--venue", "care-home", "--json")
    good, other = told(result)
    line = verify([node], dcc(), OTHER.text(), "--venue", "care-home").stdout.splitlines()

    assert (good["format"], good["verdict"], good["holder"]) == ("HC1", "valid", None)
    assert (good["facts"][0]["kind"], good["issuer"]) == ("vaccination", "Ministry of Health of Elsewhere")
    assert (other["verdict"], other["reason"]) == ("not-valid", "foreign-issuer")
    assert line[0].startswith("good: vaccination, covid-19, ")
    assert line[1] == "nothing shown"
    assert "Beispiel" not in result.stdout + "".join(line)


def test_a_doors_check_is_another_thing(trust: list[str], tmp_path: Path) -> None:
    assert verify(trust, Door().text()).exit_code == 2
    assert verify(trust[:1], str(tmp_path / "nothing")).exit_code == 2
    (tmp_path / "no.pem").write_text("nothing")
    assert verify([str(tmp_path / "no.pem")], ISSUER.text()).exit_code == 1
    assert verify([f"https://spec.example/issuer={trust[0]}"], ISSUER.text()).exit_code == 1


def published(folder: Path, days: int) -> str:
    """A node's trust file that holds rules of a region: the last dose was so many days ago."""

    def waiting(body: dict[str, Any]) -> None:
        rule = body["rules"][0] | {"name": "waiting", "logic": rules(days)["rules"][0]["logic"]}
        rule["examples"] = rules(days)["rules"][0]["examples"]
        told = {"amount": days, "unit": "day", "source": "a test"}
        body.update(rules=[rule], periods={"waiting": told})

    path = folder / "trust.json"
    path.write_bytes(a_door((published_rules(starts=AT - timedelta(days=1), change=waiting), FOUR), at=AT).file())
    return str(path)


@pytest.mark.parametrize(
    ("days", "region", "answers", "verdict"),
    [
        (14, "900101", {"900101:waiting": "accepted"}, "valid"),
        (100, "900101", {"900101:waiting": "not-accepted"}, "not-valid"),
        (100, "900102", {}, "valid"),
        (100, "country", {}, "valid"),
    ],
)
def test_published_rules_of_a_region_are_asked_too(
    trust: list[str], tmp_path: Path, days: int, region: str, answers: dict[str, str], verdict: str
) -> None:
    result = verify([*trust, published(tmp_path, days)], ISSUER.text(), "--region", region, "--json")

    assert [(one["verdict"], one["rules"]) for one in told(result)] == [(verdict, answers)]


def test_rules_of_a_region_that_are_about_something_else_accept_nothing(trust: list[str], tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    path.write_bytes(a_door((published_rules("measles", starts=AT - timedelta(days=1)), FOUR), at=AT).file())
    result = verify([*trust, str(path)], ISSUER.text(), "--region", "900101", "--json")

    assert [one["rules"] for one in told(result)] == [{"900101:region": "not-accepted"}]


def test_a_region_takes_a_trust_file(trust: list[str], tmp_path: Path) -> None:
    assert verify(trust, ISSUER.text(), "--region", "900101").exit_code == 2
    assert verify([*trust, published(tmp_path, 14)], ISSUER.text(), "--region", "here").exit_code == 2


def revoked(tmp_path: Path, value: object) -> str:
    (tmp_path / "revoked.json").write_text(json.dumps(value))
    return str(tmp_path / "revoked.json")


def test_a_card_on_its_keys_list_is_void_and_a_later_one_of_the_same_name_is_not(
    trust: list[str], tmp_path: Path
) -> None:
    rid = decode_shc(CARDS.text(CARD)).rid
    lists: dict[str, list[str]] = {
        "void": [rid],
        "issued before": [f"{rid}.1900000001"],
        "issued then": [f"{rid}.1900000000"],
        "another": ["AQPCj4wwk6Mt"],
    }
    reasons = {}
    for name, rids in lists.items():
        given = revoked(tmp_path, {"kid": CARDS.kid, "method": "rid", "ctr": 2, "rids": rids})
        (one,) = told(verify(trust, CARDS.text(CARD), "--revoked", given, "--json"))
        reasons[name] = one["reason"]

    assert reasons == {"void": "void", "issued before": "void", "issued then": None, "another": None}


@pytest.mark.parametrize("kind", ["UCI", "COUNTRYCODEUCI", "SIGNATURE"])
@pytest.mark.parametrize("key", ["its own", "UNKNOWN_KID", "another"])
def test_an_hc1_on_a_batch_of_the_gateway_is_void(trust: list[str], tmp_path: Path, kind: str, key: str) -> None:
    found = decode_hcert(ISSUER.text())
    uvci = dict(found.read()[1].detail)["ci"].encode()
    hashed = {"UCI": uvci, "COUNTRYCODEUCI": b"XX" + uvci, "SIGNATURE": found.signed.signature[:32]}[kind]
    kid = {"its own": b64encode(ISSUER.signer.kid).decode(), "UNKNOWN_KID": key, "another": "AAAAAAAAAAA="}[key]
    entries = [{"hash": b64encode(sha256(hashed).digest()[:16]).decode()}]
    batch = {"country": "XX", "expires": "2031-09-01T00:00:00Z", "kid": kid, "hashType": kind, "entries": entries}
    result = verify(trust, ISSUER.text(), "--revoked", revoked(tmp_path, [batch]), "--json")

    assert told(result)[0]["reason"] == (None if key == "another" else "void")
    assert result.exit_code == (0 if key == "another" else 1)


@pytest.mark.parametrize("value", [{}, [], [7], {"method": "rid"}, {"kid": "k", "method": "rid", "rids": ["r" * 25]}])
def test_what_is_no_list_of_void_codes_is_refused(trust: list[str], tmp_path: Path, value: object) -> None:
    result = verify(trust, ISSUER.text(), "--revoked", revoked(tmp_path, value))

    assert (result.exit_code == 0) is (value == [])


def test_a_nodes_trust_file_voids_codes_of_the_key_that_signed_its_list(tmp_path: Path) -> None:
    names = {"hers": "URN:UVCI:01:XX:1A2B3C#D", "another": "URN:UVCI:01:XX:2A2B3C#D"}
    reasons = {}
    for name, uvci in names.items():
        spki = ISSUER.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        token = write_void_marks([mark_of(uvci)], signer(ISSUER.key), issued=AT, expires=AT + timedelta(days=7))
        door = Door(recognised=(recognition(hc1_key()),), voided=((spki, token),))
        (tmp_path / "trust.json").write_bytes(door.file())
        (one,) = told(verify([str(tmp_path / "trust.json")], dcc(), "--json"))
        reasons[name] = one["reason"]

    assert reasons == {"hers": "void", "another": None}


def test_a_door_takes_no_lists_but_those_of_its_trust_file(tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_bytes(Door().file())
    result = verify([str(tmp_path / "trust.json")], dcc(), "--venue", "care-home", "--revoked", revoked(tmp_path, []))

    assert result.exit_code == 2
