"""Ways to hide a list of persons in rules of either kind, each with the word under which the linter refuses it."""

from __future__ import annotations

import base64
import copy
import dataclasses
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accepting import AT, body, emergency
from doors import b64, trusted_key
from listing import OLD, listed
from recognising import HC1, hc1_key, recognition, rsa_key, shc_key, spki
from salus.rules import Document, shipped_table

Change = Callable[[dict[str, Any]], Any]
Way = tuple[str, str, Change]
PROVINCES = [
    f"{two}0000" for two in (*range(11, 16), *range(31, 38), *range(41, 47), *range(61, 66), *range(90, 100), 71)
]
DAYS = [f"2031-01-{day:02}" for day in range(1, 20)]
NUMBERS = ["900101198001011234", "900101198001011242"]
PARTED = "Zhang Wei 110101.19900307.4233"
HASHES = ["d2a84f4b8b650937ec8f73cd8be2c74a", "dd5a911b0c1ffee0dd5a911b0c1ffee0"]


def acceptance(change: Change) -> dict[str, Any]:
    """The acceptance rules of this release with something done to them."""
    return body(change=change)


def assignment(change: Change) -> dict[str, Any]:
    """An assignment table of this release with something done to it."""
    found = copy.deepcopy(shipped_table("covid-19"))
    change(found)
    return found


def _asking(*parts: Any) -> Change:
    """Ask, besides what the first rule asks, for this."""

    def change(told: dict[str, Any]) -> None:
        rule = told["rules"][0]
        rule["logic"] = {"and": [rule["logic"], *parts]}

    return change


def _among(path: str, items: list[Any]) -> dict[str, Any]:
    return {"in": [{"var": path}, items]}


def _in_example(**fields: Any) -> Change:
    return lambda told: told["rules"][0]["examples"][0]["payload"].update(fields)


def _on(day: str, amount: int = 0, unit: str = "day") -> dict[str, Any]:
    moved = {"plusTime": [day, amount, unit]}
    return {"!": [{"not-before": [{"plusTime": [{"var": "payload.v.0.dt"}, 0, "day"]}, moved]}]}


def _listed(codes: list[str]) -> Change:
    return lambda told: told["tables"].update({"people": {"codes": codes, "source": "a ministry"}})


IN_ACCEPTANCE: list[Way] = [
    ("their names", "NAME", _asking(_among("payload.nam.fnt", ["LI", "WANG"]))),
    ("their birth dates", "BIRTH-DATE", _asking(_among("payload.dob", ["1980-02-03"]))),
    ("a birth date, by its operator", "BIRTH-DATE", _asking({"after": [{"dccDateOfBirth": ["2004"]}, _on(DAYS[0])]})),
    ("numbers of their certificates", "CERTIFICATE-IDENTIFIER", _asking(_among("payload.v.0.ci", ["URN:UVCI:1"]))),
    (
        "parts of such numbers",
        "CERTIFICATE-IDENTIFIER",
        _asking({"===": [{"extractFromUVCI": [{"var": "payload.v.0.mp"}, 2]}, "1A"]}),
    ),
    ("who issued theirs", "ISSUER", _asking(_among("payload.v.0.is", ["The bank's clinic"]))),
    ("where theirs is from", "REGION", _asking(_among("payload.v.0.co", ["XX"]))),
    ("where they were tested", "PLACE", _asking(_among("payload.t.0.tc", ["The square"]))),
    ("numbers as codes", "NUMBER", _asking(_among("payload.v.0.ma", NUMBERS))),
    ("numbers as codes, in parts", "NUMBER", _asking(_among("payload.v.0.ma", ["110101.19900307.4233"]))),
    ("numbers in parts, with letters between", "NUMBER", _asking(_among("payload.v.0.ma", ["110101Li/19900307-4"]))),
    (
        "names with their numbers as codes",
        "NUMBER",
        _asking(_among("payload.v.0.ma", [PARTED, "110101 19900307 4233"])),
    ),
    ("names with blanks as codes", "FREE-TEXT", _asking(_among("payload.v.0.ma", ["Zhang Wei"]))),
    ("names as codes", "FREE-TEXT", _asking(_among("payload.v.0.ma", ["李明", "王芳"]))),
    ("hashes as codes", "HASH", _asking(_among("payload.v.0.ma", HASHES))),
    (
        "hashes in pieces, many of them",
        "LIST-TOO-LONG",
        _asking(_among("payload.v.0.ma", [f"H{n}" for n in range(1317)])),
    ),
    (
        "a long line of comparisons",
        "TOO-LONG",
        _asking(*({"===": [{"var": "payload.v.0.ma"}, f"H{n}"]} for n in range(300))),
    ),
    ("their days as text", "DATE-COMPARED", _asking(_among("payload.v.0.dt", DAYS))),
    ("their days as dates", "TOO-MANY-DATES", _asking(*map(_on, DAYS))),
    ("their hours", "TIME-OF-DAY", _asking(_on("2031-01-15T12:34:56Z"))),
    ("their days, each moved to from one", "DATE-MOVED", _asking(*(_on("2031-01-01", n) for n in range(1, 8)))),
    (
        "their days, by how long ago they were",
        "TOO-MANY-PERIODS",
        _asking(
            *({"not-before": [{"plusTime": [{"var": "payload.v.0.dt"}, n, "day"]}, _on(DAYS[0])]} for n in range(1, 20))
        ),
    ),
    ("a list beside the rules", "NUMBER", _listed(NUMBERS)),
    ("a list in parts beside the rules", "NUMBER", _listed([PARTED])),
    ("a name beside the rules", "FREE-TEXT", _listed(["Zhang Wei"])),
    ("hashes beside the rules", "HASH", _listed(HASHES)),
    ("a long list beside the rules", "LIST-TOO-LONG", _listed([f"H{n}" for n in range(33)])),
    ("many lists beside the rules", "LIST-TOO-LONG", lambda told: [_listed_as(told, n) for n in range(9)]),
    ("where a list comes from", "NUMBER", lambda told: told["tables"]["vaccines"].update(source=f"not {NUMBERS[0]}")),
    (
        "a list that stands elsewhere",
        "VALUE-SET",
        _asking({"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.people"}]}),
    ),
    ("a field of their own", "UNKNOWN-FIELD", _asking({"var": "payload.v.0.person"})),
    ("all of the certificate", "UNKNOWN-FIELD", _asking({"var": ""})),
    ("names inside a fold", "NAME", _asking({"reduce": [{"var": "payload.v"}, {"var": "data.payload.nam.fn"}, True]})),
    ("the rule's name", "HASH", lambda told: told["rules"][0].update(name="d2a84f4b8b650937")),
    ("its description", "NUMBER", lambda told: told["rules"][0]["description"].update(en=f"Not {NUMBERS[0]}.")),
    ("a name in an example", "NAME", _in_example(nam={"fn": "Li"})),
    ("numbers in parts in an example", "NUMBER", _in_example(v=[{"ma": PARTED}])),
    ("numbers in an example", "NUMBER", _in_example(v=[{"tg": NUMBERS[0]}])),
    ("a field beside the rules", "UNKNOWN-FIELD", lambda told: told.update(people=NUMBERS)),
    ("everybody", "UNCONDITIONAL", lambda told: told["rules"][0].update(logic={"===": [1, 1]})),
]
"""What is hidden, the linter's word for it, and how."""


def _listed_as(told: dict[str, Any], number: int) -> None:
    told["tables"][f"list-{number}"] = {"codes": ["x"], "source": "a ministry"}


def _row(**fields: Any) -> Change:
    return lambda table: table["rows"][0].update(fields)


def _clause(**texts: str) -> Change:
    return lambda table: table["clauses"]["infectious"].update(texts)


IN_ASSIGNMENT: list[Way] = [
    ("their numbers", "IDENTIFIER", _row(id_number=NUMBERS)),
    ("a filter of hashes", "IDENTIFIER", lambda table: table.update(bloom=HASHES)),
    ("a person's field", "IDENTIFIER", _row(person="x")),
    ("where they live", "PLACE", _row(county="900101")),
    ("where they were", "MOVEMENT", _row(itinerary=["900101"])),
    ("whom they live with", "KINSHIP", _row(household="same")),
    ("their bank", "FINANCE", _row(bank="depositor")),
    ("their petition", "FINANCE", _row(petition="filed")),
    ("their work", "OCCUPATION", _row(occupation="courier")),
    ("their registration", "REGISTRATION", _row(hukou="rural")),
    ("their people", "ETHNICITY", _row(ethnicity="one")),
    ("a condition as text", "FREE-TEXT", _row(condition="in list")),
    ("others who must be included", "CATCH-ALL", _row(kind="其他")),
    ("a clause for each of them", "LIST-TOO-LONG", lambda table: table["clauses"].update(_clauses(40))),
    ("hashes as names of clauses", "HASH", lambda table: table["clauses"].update({HASHES[0]: {"en": "a", "zh": "b"}})),
    ("hashes in a clause", "HASH", _clause(en=f"see {HASHES[0]}")),
    ("numbers in a clause", "NUMBER", _clause(zh=f"身份证号{NUMBERS[0]}者")),
    ("numbers as hours", "NUMBER", _row(lasts_hours=19_800_101)),
    ("what does not print", "TEXT", _clause(en="hidden\u200btext")),
    ("a long text", "TEXT-TOO-LONG", _clause(en="Li Wang " * 50)),
    ("their place in an example", "PLACE", lambda table: table["examples"][1]["evidence"][0].update(place="900101")),
    ("many examples", "LIST-TOO-LONG", lambda table: table["examples"].extend([table["examples"][0]] * 40)),
    ("a number as the disease", "TYPE", lambda table: table.update(disease="li-110101-19900307-4233")),
    ("a long word as the disease", "TYPE", lambda table: table.update(disease="zhangwei" * 5)),
    ("everybody", "UNCONDITIONAL", lambda table: table.update(rows=table["rows"][:1])),
]
"""The same for assignment tables."""


Documents = list[tuple[str, Document]]


def elsewhere() -> Documents:
    """Recognitions that hold people, by how."""
    number = NUMBERS[0].encode()
    other_curve = ec.derive_private_key(7, ec.SECP224R1()).public_key()
    issuers = {
        "a colour for one": "张伟 1101… 红码 请报警",
        "a colour": "Red",
        "a colour in another spelling": "Ｒ.é.Ｄ",
        "letters that stand apart": "r e d",
        "a colour in Chinese": "张伟红·码",
        "a picture of a colour": "Li 🔴",
        "what to do with one": "张伟请报警",
        "a measure": "Zhang Wei, quarantined",
        "a number": "Li 110101199003074233",
        "a number in other digits": "Li ١١٠١٠١",
        "a number in Chinese": "李〇〇〇",
        "a long text": "Zhang Wei, Li Ming, Wang Fang and whoever lives with them",
        "a hash": "dAsaBcDeFgHiJkLmNoPqRsTuV",
    }
    keys = {
        "a number": b64(number),
        "a number behind a key": b64(base64.b64decode(hc1_key()["key"]) + number),
        "a point in its short form": b64(
            bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
            + HC1.key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        ),
        "another curve": spki(other_curve),
        "a short key of RSA": rsa_key(bits=1024),
        "a long key of RSA": rsa_key(bits=4104),
        "a number as the exponent": rsa_key(int(NUMBERS[0]) | 1),
    }
    found = [(f"an issuer: {what}", hc1_key(issuer=f"{name} 卫生部")) for what, name in issuers.items()]
    bare = {"a bare name": "Zhang Wei", "a bare Chinese name": "张伟", "a short code": "ZW", "two initials": "Z. W."}
    found += [(f"an issuer: {what}", hc1_key(issuer=name)) for what, name in bare.items()]
    found += [(f"a key: {what}", hc1_key(key=key)) for what, key in keys.items()]
    found += [
        ("a name of more than eight octets", hc1_key(kid=number.hex())),
        ("a card's key that is named by a person's hash", shc_key(kid="q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA")),
        ("a card's key of RSA", shc_key(key=rsa_key())),
        ("a source with a number", shc_key(source="https://x.example/110101/19900307/4233")),
        ("a source that is long", shc_key(source="https://x.example/" + "/".join(["zhang-wei"] * 8 + ["li-ming" * 9]))),
    ]
    return [(f"recognition: {what}", recognition(key)) for what, key in found]


def in_trust_lists() -> Documents:
    """Trust lists that hold people, by how."""
    number = b64(NUMBERS[0].encode())
    ways: dict[str, dict[str, Any]] = {
        "a person's county": {"regions": ["900101"]},
        "a province that is none": {"regions": ["190000"]},
        "more regions than there are": {"regions": ["country", *PROVINCES]},
        "a key that is a number": {"key": number},
        "a key with a number behind it": {"key": trusted_key(OLD)["key"][:-4] + number},
        "a key of RSA": {"key": rsa_key()},
        "a name of a key": {"kid": number},
        "a party with a number": {"party": "zhang-wei/110101.19900307.4233"},
    }
    return [(f"trust list: {what}", listed(trusted_key(OLD, **changed))) for what, changed in ways.items()]


def in_emergencies() -> Documents:
    """Emergencies that hold people, by how."""
    diseases = {
        "a name": "Zhang Wei",
        "a name and a number": "zhang-wei-110101-19900307",
        "a sentence": "covid-19 of Zhang Wei, 110101199003074233",
        "a hash": HASHES[0],
        "a long word": "zhangwei" * 5,
        "nothing": "",
    }
    good = emergency(AT)
    return [
        (f"emergency: {what}", dataclasses.replace(good, body={**good.body, "disease": word}))
        for what, word in diseases.items()
    ]


def _clauses(count: int) -> dict[str, dict[str, str]]:
    return {f"c{number}": {"en": "a", "zh": "b"} for number in range(count)}
