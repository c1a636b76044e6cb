"""What was stopped, ended or never said: a vetoed rule, an emergency's data, a patched server, a region."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any, cast

from salus import rules
from salus.app import add_party, destroying, key_ends, veto
from salus.cli.actors import (
    SIGNER,
    Party,
    Signed,
    emergency_document,
    rules_document,
    sign_key_end,
    sign_result,
    sign_veto,
    signatures_of,
)
from salus.healthcode.measures import Seals, rows_of, service
from salus.keys import KEPT_AFTER
from salus.rules import Document, Measure, PublicationKind, PublicationRefused, Result, lint
from salus.storage import Duty
from salus_abuse.attacks.rules import a_table, published_table, refusal, under
from salus_abuse.forging import Under, decision, plant_decision, plant_evidence, push
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DAY, HOUR, Scene, codes


@attack(
    "A09",
    "Rules are written so that one region is hit ten times as hard",
    powers="O, D",
    passes="no rule and no emergency can name a region; the same evidence is decided alike in two counties",
    cuts=[("rules-linted",)],
)
def disparity(s: Scene, see: Sight) -> None:
    for name in ("region", "county", "facility", "site", "area"):
        body = a_table()
        body["rows"][0][name] = "900101"
        see.that(f"the linter refuses a rule by {name}", lint(body))
    body = a_table()
    body["rows"][0]["county"] = "900101"
    see.that("a signed rule by county is refused", published_table(s, body))
    starts = s.now + 4 * DAY
    told = emergency_document("measles", starts, starts + DAY, en="An outbreak.", zh="疫情。", version=90)
    for name in ("region", "regions", "areas"):
        see.word(f"an emergency of a {name}", _emergency_of(s, told, name), "FORM")
    given, lasting = [], []
    for site in (s.site, s.other_site):
        person = s.person(site.name)
        specimen = s.specimen(person, site=site)
        s.close()
        s.result(specimen, Result.POSITIVE)
        s.settle()
        found = s.judge(person.file)
        given.append((found.measure, found.fault))
        lasting.append(found.ends - found.starts if found.ends and found.starts else -DAY)
    see.that(f"one positive in each of two counties gives one measure: {given}", given[0] == given[1])
    see.that("and it is a precaution", given[0] == (Measure.PRECAUTION, None))
    # each begins when its own entry was decided, which takes the node now a second more, now one less
    see.that(f"which lasts as long: {lasting}", max(lasting) - min(lasting) < HOUR and min(lasting) > DAY)


def _emergency_of(s: Scene, told: Document, name: str) -> str | None:
    try:
        document = Document(
            kind=PublicationKind.EMERGENCY,
            name=told.name,
            version=told.version,
            starts=told.starts,
            ends=told.ends,
            body={**told.body, name: ["900101"]},
        )
    except PublicationRefused as refused:
        return refused.fault
    return refusal(s, document)


@attack(
    "A29",
    "Signers sign under duress; what an ombudsman stopped is published again, and pushed past every check",
    powers="O, G",
    passes="the same document never counts again: VETOED; nobody is asked for anything; a decision under it is found",
    cuts=[("vetoes-heeded",)],
)
def coerced_signers(s: Scene, see: Sight) -> None:
    emergency = s.emergency("measles")
    document = rules_document("measles", s.now + 3 * DAY + HOUR, s.now + 30 * DAY, version=29)
    s.publish(document)
    s.close()
    veto(s.node, sign_veto(s.ombudsman, document.digest))
    s.close()
    see.word("the same document, signed again by all", refusal(s, document, s.signers), "VETOED")
    push(s, "publication", document.leaf(signatures_of(document, s.signers)))
    s.advance(3 * DAY + 2 * HOUR)
    person = s.person()
    specimen = s.specimen(person, disease="measles")
    s.close()
    found = s.result(specimen, Result.POSITIVE)
    s.settle()
    see.that("nobody is asked for anything under it", person.free)
    if not person.free:
        return  # the node itself decided: there is nothing left that a forger could add
    before = s.audit()
    see.strikes()
    told = Under(rules=document, emergency=emergency, table=under(document, emergency))
    plant_decision(s, s.chart(person), found, decision(told, specimen, found, s.now))
    s.close()
    see.that("nor by a decision that somebody wrote into their rows", person.free)
    told_of = codes(s.audit() - before)
    see.finding("VETOED", told_of["VETOED"])
    see.outside("VETOED")


@attack(
    "C17",
    "What was kept for an emergency is kept on after it, and in a back-up",
    powers="O, D",
    passes="SHRED-OVERDUE from the thirtieth day on; once the key is gone no row opens, those of a back-up neither",
    cuts=[("shred-audited",)],
)
def hoarder(s: Scene, see: Sight) -> None:
    emergency = s.emergency()
    if s.now < emergency.ends - 2 * HOUR:
        s.infected()
    digest, seals = base64.b64decode(emergency.digest), Seals.of(s.node.keys)
    charts = sorted({chart for (chart,) in s.rows("select chart_key from records.resource")})
    with s.node.store.transaction(Duty.CARE) as tx:
        backup = rows_of(tx, seals, charts)
    keys = s.node.keys.unwrap(sorted({one.chart_key for one in backup}))
    see.that("while it is due to nobody a row opens", any(seals.unseal(one, keys[one.chart_key]) for one in backup))
    before = s.audit()
    s.advance(max(emergency.ends + KEPT_AFTER + HOUR - s.now, HOUR))
    see.strikes()
    s.close()
    found = codes(s.audit() - before)["SHRED-OVERDUE"]
    see.finding("SHRED-OVERDUE", found)
    see.outside("SHRED-OVERDUE")
    destroying.destroy_due(s.node)
    s.close()
    left = Seals.of(s.node.keys)
    see.that("the key is gone", digest not in s.node.keys.emergency_keys())
    ours = [one for one in backup if one.emergency == digest]
    opened = [one for one in ours if left.unseal(one, keys[one.chart_key]) is not None]
    see.that(f"of {len(ours)} rows of a back-up none opens with the keys that are left", ours and not opened)
    # What forgers wrote in other attacks lies under a chart's key alone: of such decisions no certificate tells.
    left_over = codes(s.audit() - before)["SHRED-OVERDUE"]
    see.that(f"who destroyed the keys is found {left_over} times, not {found}", left_over < found)


@attack(
    "C19",
    "The node runs a patched build that turns negatives into precautions",
    powers="O, D, K, G",
    passes="the own page recomputes and asks for nothing; the auditor reports the row: PROJECTION-MISMATCH",
    cuts=[("rows-audited",)],
)
def modified_build(s: Scene, see: Sight) -> None:
    before, patching, decide = s.audit(), cast("Any", service), rules.decide
    person = s.person()
    specimen = s.specimen(person)
    s.close()
    see.strikes()

    def patched(evidence: Any, table: Any, at: Any) -> Any:
        """Decide as if every result had been positive."""
        return decide([replace(one, result=Result.POSITIVE) for one in evidence], table, at)

    patching.decide = patched
    try:
        s.result(specimen, Result.NEGATIVE)
        s.settle()
    finally:
        patching.decide = decide
    see.that("its resident's page asks for nothing", person.free)
    found = codes(s.audit() - before)
    see.finding("PROJECTION-MISMATCH", found["PROJECTION-MISMATCH"])


@attack(
    "B15",
    "A laboratory ends its stolen key; the thief signs on, names it anew, and ends others' keys, as the operator does",
    powers="K, O, D, G",
    passes="what it signs is refused, and found from the files alone; it comes back under no name, and ends no other",
    cuts=[("key-ends-heeded",), ("key-ends-audited",)],
)
def ended_key_signs(s: Scene, see: Sight) -> None:
    stolen = Party.new(s.laboratory.name, s.laboratory.organisation, s.laboratory.duty)
    add_party(s.node, stolen.key_leaf)
    s.close()
    person = s.person()
    specimen = s.specimen(person)
    key_ends.end_key(s.node, sign_key_end(stolen, "compromised"))
    s.close()
    s.advance(HOUR)
    given, found = (sign_result(stolen, specimen, Result.POSITIVE, s.now) for _ in range(2))
    see.refused("a result that the ended key signed", s.send_result(given), 400, 422)
    before = s.outside()
    see.strikes()
    plant_evidence(s, s.chart(person), found, specimen.commitment, keys=True, logged=True)
    s.settle()
    see.that("pushed into log and rows it asks for nothing", person.free)
    see.outside("SIGNATURE", before=before)
    renamed = Party(name="L3", organisation="press", duty=stolen.duty, private=stolen.private)
    for one in (stolen, renamed):
        see.word(f"naming it anew as {one.name}", _added(s, one), "ENDED")
    forged = sign_key_end(stolen, "lost") | {"key": s.laboratory.key_leaf["key"]}
    see.word("the end of another key by the stolen one", _ends(s, forged), "SIGNATURE")
    see.word(
        "the end of another key by four", _ends(s, sign_key_end(s.laboratory, "lost", s.signers[:4])), "SHORT-QUORUM"
    )
    silenced = _by_the_operators_own(s)
    see.word("the end of another key by five that the operator named today", _ends(s, silenced), "SHORT-QUORUM")
    before = s.outside()
    push(s, "party-key-end", silenced)
    s.close()
    see.outside("SHORT-QUORUM", before=before)
    s.advance(HOUR)
    see.that("the laboratory's own key signs on", s.send_result(_negative(s, specimen)).status_code < 400)
    see.code = "ENDED"


def _by_the_operators_own(s: Scene) -> dict[str, Any]:
    """The end of the laboratory's key by five signers of three organisations, whom the operator made up and named."""
    own = [Party.new(f"own-signer-{one}", f"own-body-{one % 3}", SIGNER) for one in range(5)]
    for one in own:
        add_party(s.node, one.key_leaf)
    s.close()
    return sign_key_end(s.laboratory, "lost", own)


def _negative(s: Scene, specimen: Signed) -> Signed:
    return sign_result(s.laboratory, specimen, Result.NEGATIVE, s.now)


def _added(s: Scene, party: Party) -> str | None:
    try:
        add_party(s.node, party.key_leaf)
    except PublicationRefused as refused:
        return refused.fault
    return None


def _ends(s: Scene, leaf: dict[str, Any]) -> str | None:
    try:
        key_ends.end_key(s.node, leaf)
    except PublicationRefused as refused:
        return refused.fault
    return None
