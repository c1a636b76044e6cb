"""Writing rules against people: lists, proxies, rules of the night, few signers, no end."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from salus.app import add_party, publish
from salus.cli.actors import (
    SIGNER,
    Party,
    rules_document,
    signatures_of,
)
from salus.kernel import format_instant
from salus.ledger import add_document
from salus.rules import (
    Document,
    Emergency,
    Measure,
    PublicationKind,
    PublicationRefused,
    Result,
    Rules,
    TableRefused,
    lint,
    shipped_table,
    table_of,
)
from salus.storage import Duty
from salus_abuse.forging import Under, decision, leaf_of, push
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DAY, DISEASE, HOUR, Scene
from salus_abuse.wallet import PublicLog, over, renewed, written

MUTANTS = 200
PROXIES = (
    "hukou", "ethnicity", "occupation", "employer", "address", "county", "bank", "deposit", "petition", "religion",
    "nationality", "household", "contact", "visited", "travel", "phone", "passport", "identifier", "person", "race",
)  # fmt: skip


def refusal(s: Scene, document: Document, signers: Sequence[Party] | None = None) -> str | None:
    """Try to publish; return the word under which it was refused, or None if it was not."""
    try:
        s.publish(document, signers)
    except PublicationRefused as refused:
        return refused.fault
    except TableRefused as refused:
        return str(refused.faults[0]).split(" ")[0]
    return None


def a_table(**more: Any) -> dict[str, Any]:
    """The table that comes with a release, with something added."""
    return {**copy.deepcopy(shipped_table(DISEASE)), **more}


def published_table(s: Scene, body: dict[str, Any]) -> str | None:
    """Try to publish a table with everything else in order; return the refusal's word."""
    starts = s.now + 4 * DAY
    kind, ends = PublicationKind.RULES, s.now + 60 * DAY
    try:
        document = Document(kind=kind, name="a-list", version=1, starts=starts, ends=ends, body=body)
    except PublicationRefused as refused:
        return refused.fault
    return refusal(s, document)


def smuggling(random: Random) -> dict[str, Any]:
    """A table with a list of people hidden somewhere in it."""
    body = a_table()
    digest = hashlib.sha256(random.randbytes(8)).hexdigest()
    row, clause = random.choice(body["rows"]), body["clauses"]["infectious"]
    number = f"{random.randrange(10**10, 10**11)}"
    ways: list[Callable[[], object]] = [
        lambda: row.update(persons=[digest[:32], digest[32:]]),
        lambda: row.update({random.choice(("id", "bloom", "filter", "set", "subject", "number")): digest[:12]}),
        lambda: body.update(exceptions={digest[:20]: True}),
        lambda: clause.update(en=f"{clause['en']} {digest}"),
        lambda: clause.update(zh=f"{clause['zh']}{number}"),
        lambda: body.update(name=digest[:40]),
        lambda: body["clauses"].update({f"c{n}": clause for n in range(40)}),
        lambda: row.update(kind=digest[:24]),
        lambda: row.update(lasts_hours=random.randrange(10_000, 10**9)),
        lambda: body["examples"].append({"evidence": [], "gives": "none", "ends_in_hours": None, "who": number}),
        lambda: row["released_by"].append({"kind": "nucleic-acid-test", "after_hours": 0, "unless": digest[:18]}),
        lambda: body["rows"].append({**row, "result": number}),
    ]
    random.choice(ways)()
    return body


@attack(
    "A07",
    "A list of people is hidden in a rule: hashes, filters, numbers, long lists",
    powers="O",
    passes="each of 200 tables is refused under a word of the linter, whoever signs",
    cuts=[("rules-linted",)],
)
def list_smuggling(s: Scene, see: Sight) -> None:
    random, passed = Random(7), 0
    for _ in range(MUTANTS):
        passed += not lint(smuggling(random))
    see.that(f"{passed} of {MUTANTS} tables with a list pass the linter", not passed)
    body = a_table()
    body["rows"][0]["persons"] = [hashlib.sha256(b"one").hexdigest()]
    word = published_table(s, body)
    see.that(f"a signed table with a list is refused under {word}", word)
    see.code = word


@attack(
    "A08",
    "A rule goes by where people are registered, what they are, or what they do",
    powers="O",
    passes="there is no such input: each table is refused, whoever signs",
    cuts=[("rules-linted",)],
)
def proxy_rule(s: Scene, see: Sight) -> None:
    for name in PROXIES:
        body = a_table()
        body["rows"][0][name] = "some"
        see.that(f"a rule by {name} is refused", lint(body))
    body = a_table()
    body["rows"][0]["hukou"] = "elsewhere"
    see.that("a signed rule by hukou is refused", published_table(s, body))
    see.code = "REGISTRATION"


@attack(
    "A10",
    "In the night, signers publish rules that count at once",
    powers="O, G",
    passes="refused; pushed into the log all the same they decide nothing, and a fresh verifier says NOTICE-TOO-SHORT",
    cuts=[("notice",)],
)
def night_rule(s: Scene, see: Sight) -> None:
    starts = s.now + timedelta(minutes=2)
    emergency = s.emergency("measles")
    rules = rules_document("measles", starts, starts + 2 * DAY)
    word = refusal(s, rules)
    see.word("a rule without notice", word, "NOTICE-TOO-SHORT")
    with s.node.store.transaction(Duty.LEDGER) as tx:
        add_document(tx, rules.encoded)
    signed = signatures_of(rules, s.signers[:5])
    if word:
        push(s, "publication", rules.leaf(signed))
    s.close()
    night = PublicLog(s.log)
    s.advance(timedelta(minutes=5))
    person = s.person()
    specimen = s.specimen(person, disease="measles")
    s.close()
    found = s.result(specimen, Result.POSITIVE)
    s.settle()
    see.that("nobody is asked for anything under it", person.free)
    known = PublicLog(s.log)
    told = Under(rules=rules, emergency=emergency, table=under(rules, emergency))
    opening = decision(told, specimen, found, s.now)
    push(s, "decision", leaf_of(opening, found))
    s.close()
    keys = [one.key_leaf for one in (*s.signers[:5], s.site, s.laboratory)]
    both = {
        "rules": (rules, rules.leaf(signed), night),
        "emergency": (emergency, emergency.leaf(signatures_of(emergency, s.signers[:5])), PublicLog(s.published)),
    }
    logs = (known, PublicLog(s.log))
    file = written(logs, both, keys, (specimen, found), opening, leaf_of(opening, found))
    see.word("a file under it", s.judge(file).fault, "NOTICE-TOO-SHORT")
    see.outside("NOTICE-TOO-SHORT")


def under(rules: Document, emergency: Document) -> Rules:
    """Return what published rules decide under a published emergency."""
    declared = Emergency(disease=emergency.body["disease"], starts=emergency.starts, ends=emergency.ends)
    return Rules(table=table_of(dict(rules.body)), starts=rules.starts, ends=rules.ends, emergency=declared)


@attack(
    "A11",
    "A rule is made to count for ten minutes and then be gone",
    powers="O",
    passes="what counts for less than a day is refused: TOO-SHORT",
    cuts=[("least-life",)],
)
def flash_rule(s: Scene, see: Sight) -> None:
    starts = s.now + 4 * DAY
    word = refusal(s, rules_document("measles", starts, starts + timedelta(minutes=10), version=9))
    see.word("a rule of ten minutes", word, "TOO-SHORT")


@attack(
    "A13",
    "Rules are published with too few signers, or signers who do not count",
    powers="O, K",
    passes="each of seven variants is refused: SHORT-QUORUM or SIGNATURE",
    cuts=[("signers",)],
)
def short_quorum(s: Scene, see: Sight) -> None:
    starts = s.now + 4 * DAY
    rules = rules_document("measles", starts, starts + 30 * DAY, version=8)
    health = [one for one in s.signers if one.organisation in ("health", "university")]
    twin = Party(name="twin", organisation="press", duty=SIGNER, private=s.signers[0].private)
    add_party(s.node, twin.key_leaf)
    s.close()
    stranger, late = Party.new("stranger", "press", SIGNER), Party.new("late", "press", SIGNER)
    add_party(s.node, late.key_leaf)
    laboratory = Party(name=s.laboratory.name, organisation="x", duty=SIGNER, private=s.laboratory.private)
    variants = {
        "three signers": s.signers[1:4],
        "four signers of two organisations": health,
        "one key under two names": [*s.signers[:3], twin],
        "a signer whom the log does not know": [*s.signers[1:4], stranger],
        "a signer whose key is not yet seen": [*s.signers[1:4], late],
        "a laboratory as a signer": [*s.signers[1:4], laboratory],
    }
    for what, signers in variants.items():
        see.word(what, refusal(s, rules, signers), "SHORT-QUORUM", "SIGNATURE")
    wrong = signatures_of(rules, s.signers[:4]) | {s.signers[0].name: s.signers[0].sign(b"something else")}
    try:
        publish(s.node, rules, wrong)
        see.word("a signature of something else", None, "SIGNATURE")
    except PublicationRefused as refused:
        see.word("a signature of something else", refused.fault, "SIGNATURE")
    see.code = "SHORT-QUORUM"


@attack(
    "A14",
    "A measure is stretched beyond its rule, or shown after its end",
    powers="D, K, G",
    passes="a longer rule is refused; a longer decision is RULE-DIVERGENCE; after its end a file is LAPSED",
    cuts=[("measures-end",)],
)
def stretch(s: Scene, see: Sight) -> None:
    body = a_table(longest_hours=400)
    body["rows"][0]["lasts_hours"] = 400
    see.word("a rule of 400 hours", published_table(s, body), "OVERLONG")
    person, specimen, found = s.infected()
    file, ends = person.file, s.judge(person.file).ends
    assert ends is not None
    longer = decision(Under.read(s), specimen, found, s.now, ends=format_instant(ends + 20 * DAY))
    leaf = leaf_of(longer, found)
    push(s, "decision", leaf)
    s.close()
    forged = over(file, longer, leaf, _proof(s, leaf))
    see.word("a decision that lasts longer than its rule", s.judge(forged).fault, "RULE-DIVERGENCE")
    see.outside("RULE-DIVERGENCE", files=[forged])
    s.advance(ends - s.now + HOUR)
    fresh = renewed(file, PublicLog(s.log))
    see.word("a file after its end", s.judge(fresh).fault, "LAPSED")
    see.that("its holder is asked for nothing any more", person.free)


@attack(
    "A21",
    "A third state is brought in that guards treat as red",
    powers="O, D, G",
    passes="the list of measures is closed: a rule that gives another is refused, a decision that does proves nothing",
)
def pop_up(s: Scene, see: Sight) -> None:
    body = a_table()
    body["rows"][0]["gives"] = "pop-up"
    see.that("the linter refuses a rule that gives a pop-up", lint(body))
    see.word("a signed rule that gives a pop-up", published_table(s, body), "UNKNOWN-WORD:", "UNKNOWN-WORD")
    person, specimen, found = s.infected()
    file = person.file
    opening = decision(Under.read(s), specimen, found, s.now, gives="pop-up")
    leaf = leaf_of(opening, found)
    push(s, "decision", leaf)
    s.close()
    see.word("a file that gives a pop-up", s.judge(over(file, opening, leaf, _proof(s, leaf))).fault, "OPENING")
    see.that("there are three measures and no other", [*Measure] == ["none", "advise", "precaution"])


@attack(
    "A22",
    "Households and contacts of contacts are turned red by a rule",
    powers="O",
    passes="there is no such evidence and no such field: refused, whoever signs",
    cuts=[("rules-linted",)],
)
def kin_red(s: Scene, see: Sight) -> None:
    for change in (
        {"kind": "household-contact"},
        {"kind": "contact-of-contact"},
        {"contact_depth": 2},
        {"family": "x"},
    ):
        body = a_table()
        body["rows"][0].update(change)
        see.that(f"a rule by {change} is refused", lint(body))
    body = a_table()
    body["rows"][0]["household"] = "all"
    see.word("a signed rule by household", published_table(s, body), "KINSHIP")


def _clocked(s: Scene, see: Sight) -> None:
    """Let the emergency end, with a measure of its last days still running."""
    left = s.now
    emergency = Under.read(s).emergency
    if emergency.ends - left > 2 * DAY:
        s.advance(emergency.ends - left - 2 * DAY)
    person, *_ = s.infected()
    file = person.file
    see.that("the measure is alive while the emergency is", s.judge(file).measure is Measure.PRECAUTION)
    s.advance(emergency.ends - s.now + HOUR)
    fresh = renewed(file, PublicLog(s.log))
    see.word("a file after its emergency", s.judge(fresh).fault, "EMERGENCY-LAPSED", "LAPSED")
    see.that("its holder is asked for nothing", person.free)
    other = s.person()
    specimen = s.specimen(other)
    s.close()
    s.result(specimen, Result.POSITIVE)
    s.settle()
    see.that("a true positive after it leads to nothing", other.free)


attack(
    "A27",
    "Measures live on after their emergency is over",
    powers="O, G",
    passes="after its end nothing new is asked, and what was asked proves nothing: EMERGENCY-LAPSED",
)(_clocked)


def _proof(s: Scene, leaf: dict[str, Any]) -> str:
    return PublicLog(s.log).proof("decision", leaf)
