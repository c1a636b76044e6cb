"""Before anything else: who may sign what, and the rules, signed by several and published with notice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from salus import app, parties
from salus.cli.actors import admission_document, declaration_document, emergency_document, rules_document, signatures_of
from salus.cli.story.stage import DISEASE, SIGNING, Stage
from salus.rules import MOST_ADMITTED, Document, Licence, PublicationKind, Published, Venue

LEAD = timedelta(days=6)
"""How long before the country's present day a demo begins: rules count 72 hours after they are published."""
_NOTICE = timedelta(hours=73)
_ADMITTED = timedelta(days=5 * 365)
VENUE = Venue.CARE_HOME


def open_rules(stage: Stage) -> None:
    """Publish what is not alive, and let the time of notice pass; say what was done."""
    if stage.alive(PublicationKind.RULES, stage.now) and stage.alive(PublicationKind.EMERGENCY, stage.now):
        stage.say("rules, emergency and declaration are in force from an earlier run")
        return
    signers = stage.signers()
    for party in (*signers, *stage.places()):
        app.add_party(stage.node, party.key_leaf)
    app.close_batch(stage.node)
    before = stage.before()
    if before and set(before.signers) & {one.name for one in signers[:2]}:
        signers.reverse()  # most who sign a renewal did not sign the emergency before it
    signers = signers[:SIGNING]
    admissions = list(_admissions(stage))
    for document in (*_documents(stage, before), *admissions):
        app.publish(stage.node, document, signatures_of(document, signers))
    app.close_batch(stage.node)
    bodies = len({one.organisation for one in signers})
    stage.say(
        f"rules for {DISEASE}, an emergency of 30 days and a declaration for doors of kind {VENUE}: signed by"
        f" {len(signers)} of {bodies} organisations, logged, cosigned; rules count after 72 hours of notice"
    )
    if admissions:
        told = sum(len(one.body["facilities"]) for one in admissions)
        stage.say(
            f"{told} places of care, laboratories and sampling sites admitted by the same {len(signers)}, each with its"
            " class of licence: from then on none that the log does not name reads a code or makes evidence"
        )
    stage.advance(LEAD)
    app.close_batch(stage.node)
    stage.say(f"{LEAD.days} days pass (`salus demo advance` moves the clock of a demo and of its witnesses)")


def _admissions(stage: Stage) -> Iterator[Document]:
    """Yield the admission of all places, unless one counts already: as many documents as it takes."""
    if stage.alive(PublicationKind.ADMISSION, stage.now):
        return
    known = [one for one in parties.facilities(stage.node.store) if one.kind.value in set(Licence)]
    starts = stage.now + _NOTICE
    for number, some in enumerate(range(0, len(known), MOST_ADMITTED), 1):
        chosen = known[some : some + MOST_ADMITTED]
        yield admission_document(f"places-{number}", chosen, starts, starts + _ADMITTED)


def _documents(stage: Stage, before: Published | None) -> list[Document]:
    now, starts = stage.now, stage.now + _NOTICE
    version = 1 + len(app.powers(stage.node).publications)
    emergency = emergency_document(
        DISEASE,
        now + timedelta(hours=1),
        now + timedelta(days=30),
        en="An outbreak of a respiratory illness.",
        zh="一种呼吸道疾病正在流行。",
        version=version,
        renews=before.document.digest if before else None,
    )
    declaration = declaration_document(
        "care-homes",
        now + timedelta(hours=25),
        now + timedelta(days=30),
        venues=[str(VENUE)],
        wants=["vaccination", "test"],
        region="country",
        version=version,
    )
    return [emergency, rules_document(DISEASE, starts, starts + timedelta(days=60), version=version), declaration]
