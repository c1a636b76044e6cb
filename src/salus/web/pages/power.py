"""The public page of power, for anybody, and the auditor's page of what the node finds about itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

import orjson
from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.app import Node, Ordered, Powers, Published
from salus.appeals import Tally
from salus.kernel import Role
from salus.rules import PartyKeyEnd
from salus.web.gate import in_thread
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words, naming
from salus.web.views import Address, Words
from salus.web.views.power import (
    AttemptLine,
    Audit,
    Contests,
    DetectorLine,
    DisclosureLine,
    FindingLine,
    GlassLine,
    GracedPlace,
    GraceLine,
    InForce,
    OrderLine,
    ParkedLine,
    PartyLine,
    Power,
    RuleUse,
    ShredCounts,
    VoidLine,
    WitnessLine,
)

_GLASS_DAYS = timedelta(days=30)
_FEWEST_ALONE = 5


@paged
async def power(visit: Visit) -> Response:
    """Show who can do what, and how often it was done, counted from the public log."""
    node, now = visit.gate.node, visit.gate.node.clock.now()
    found = await in_thread(visit.gate, lambda: app.powers(node))
    view = Power(
        size=found.size,
        contests=_contests(found.contests),
        publications=tuple(_published(one, one.counts and one.starts <= now < one.ends) for one in found.publications),
        orders=tuple(_ordered(one, one.starts <= now < one.ends) for one in found.orders),
        parties=_parties(found),
        specimens=found.specimens,
        results=found.results,
        rules=_rules(found),
        attempts=tuple(
            AttemptLine(day=one.day, kind=one.kind, count=one.count, logged=one.logged) for one in found.attempts
        ),
        voids=found.voids,
        voided=tuple(VoidLine(month=one.month, reason=one.reason, count=one.count) for one in found.voided),
        disclosures=tuple(
            DisclosureLine(index=one.index, signers=one.signers, notice=one.notice, told=one.notice <= now)
            for one in found.disclosures
        ),
        shredded=ShredCounts(charts=found.shredded["chart"], emergencies=found.shredded["emergency"]),
        glass=_glass(found, node),
        commands=_commands(node),
        graces=tuple(
            GraceLine(index=one.index, places=one.places, digest=one.digest, ends=one.ends) for one in found.graces
        ),
        graced=await in_thread(visit.gate, lambda: _graced(node)),
        detectors=_detectors(),
        **_tasks(node),
    )
    return visit.show(view)


def _graced(node: Node) -> tuple[GracedPlace, ...]:
    """Tell each place that an upgrade let stay open, as the list that the log's digest is of tells it."""
    told = []
    for one in sorted(node.grace.places if node.grace else (), key=lambda one: one.facility):
        place = node.facility(one.facility)
        listed = ", ".join((one.facility, one.organisation, one.kind, one.county))
        until, admitted = node.graced_until(place), node.admitted(place)
        told.append(GracedPlace(name=facility_words(node, one.facility), listed=listed, until=until, admitted=admitted))
    return tuple(told)


def _glass(found: Powers, node: Node) -> tuple[GlassLine, ...]:
    """Add up the last 30 days by organisation; those that opened fewer than five stand together."""
    since, named = node.clock.now().date() - _GLASS_DAYS, naming(node)
    opened: Counter[str] = Counter()
    unreviewed: Counter[str] = Counter()
    for one in found.glass:
        if one.day >= since:
            opened[one.organisation] += one.opened
            unreviewed[one.organisation] += one.unreviewed
    few = [name for name, count in opened.items() if count < _FEWEST_ALONE]
    lines = [
        GlassLine(organisation=named(name), opened=count, unreviewed=unreviewed[name])
        for name, count in opened.most_common()
        if name not in few
    ]
    if few:
        together = [sum(counts[name] for name in few) for counts in (opened, unreviewed)]
        lines.append(GlassLine(organisation=None, opened=together[0], unreviewed=together[1]))
    return tuple(lines)


def _commands(node: Node) -> tuple[str, ...]:
    """Count again. How contests stand is judged by the times of witnesses, so that it takes some."""
    url, keys = node.settings.public_url, _keys(node)
    verify = f"salus ledger verify {url}/log {keys}"
    if not node.trust or not node.trust.witnesses:
        return (verify,)
    return (
        verify,
        f"curl -O {url}{Address.ANSWERS}",
        f"salus ledger appeals {url}/log --answers answers.json {keys}",
    )


def _tasks(node: Node) -> dict[str, tuple[str, ...]]:
    """Three command lines each: copy the log, be a witness of it, audit it."""
    log, key, keys = f"{node.settings.public_url}/log", f"'{node.sequencer.key}'", _keys(node)
    return {
        "mirror": (
            "pip install salus",
            f"salus ledger mirror {log} mirror/log {keys}",
            "python3 -m http.server --directory mirror 8080",
        ),
        "witness": (
            "pip install salus",
            f"salus witness --data witness --name witness.example --log-vkey {key} --port 8100",
            "curl http://127.0.0.1:8100/vkey",
        ),
        "audit": (
            "pip install salus-audit",
            f"curl -O {log}/checkpoint",
            f"salus-audit {log} {keys} --since checkpoint",
        ),
    }


def _keys(node: Node) -> str:
    owned = [f"--witness '{one.owned}'" for one in (node.trust.witnesses if node.trust else ())]
    return " ".join([f"--vkey '{node.sequencer.key}'", *owned])


def _detectors() -> tuple[DetectorLine, ...]:
    told: dict[tuple[str, int], list[Words]] = {}
    for one in app.watched():
        told.setdefault((one.version, one.least), []).append(Words(en=one.en, zh=one.zh))
    return tuple(
        DetectorLine(version=version, least=least, series=tuple(series)) for (version, least), series in told.items()
    )


def _contests(found: Tally) -> Contests:
    return Contests(opened=found.opened, stood=found.stood, ended=found.ended, waiting=found.waiting, late=found.late)


def _parties(found: Powers) -> tuple[PartyLine, ...]:
    ends = defaultdict[bytes, list[PartyKeyEnd]](list)
    for end in found.ends:
        ends[end.key].append(end)
    lines = []
    for one in found.parties:
        mine = ends.get(one.key, ()) if one.duty != "issuer" else ()  # an issuer's ends by a trust list
        later = one.duty == "ombudsman"  # whose key goes on for a while when others end it
        told = ((end.counts_from if later else end.logged_at, end.reason) for end in mine)
        ended, reason = min(told, default=(None, None))
        lines.append(
            PartyLine(
                party=one.party,
                organisation=one.organisation,
                duty=one.duty,
                key=one.key,
                index=one.index,
                ended=ended,
                reason=reason,
            )
        )
    return tuple(lines)


def _rules(found: Powers) -> tuple[RuleUse, ...]:
    names = {one.digest: f"{one.name} {one.version}" for one in found.publications}
    ordered = sorted(found.decisions.items(), key=lambda pair: -pair[1])
    return tuple(RuleUse(digest=digest, name=names.get(digest), decisions=count) for digest, count in ordered)


def _ordered(one: Ordered, live: bool) -> OrderLine:
    return OrderLine(
        order=one.order,
        organisations=one.organisations,
        starts=one.starts,
        ends=one.ends,
        index=one.index,
        live=live,
    )


def _published(one: Published, live: bool) -> InForce:
    return InForce(
        kind=one.kind,
        name=one.name,
        version=one.version,
        starts=one.starts,
        ends=one.ends,
        signers=one.signers,
        document=f"/log/published/{one.digest.hex()}.json",
        index=one.index,
        live=live,
        counts=one.counts,
        vetoed=one.vetoed,
    )


@paged
async def answers(visit: Visit) -> Response:
    """Give the proofs of when witnesses first vouched for each contest and answer, with which anybody counts again."""
    node = visit.gate.node
    found = await in_thread(visit.gate, lambda: app.answer_proofs(node))
    return Response(orjson.dumps({"salus": "answers/1", "answers": found}), 200, media_type="application/json")


@paged
async def audit(visit: Visit) -> Response:
    """Show an auditor the node's own checks, its log, its witnesses, and what waits for a person."""
    visit.principal(Role.AUDITOR)
    node = visit.gate.node
    found = await in_thread(visit.gate, lambda: app.audited(node))
    view = Audit(
        findings=tuple(FindingLine(code=one.code, item=one.item, text=one.text) for one in found.findings),
        size=found.size,
        root=found.root,
        signed=found.signed,
        quorum=found.quorum,
        vouched=found.vouched,
        witnesses=tuple(
            WitnessLine(name=one.name, organisation=one.organisation, at=one.at) for one in found.witnesses
        ),
        parked=tuple(ParkedLine(number=number, kind=kind, code=code) for number, kind, code in found.parked),
        registered=found.registered,
        unwrapped=found.unwrapped,
        orphans=tuple((facility_words(node, name), count) for name, count in found.orphans),
        command=f"salus ledger verify {node.settings.public_url}/log --vkey '{node.sequencer.key}'",
    )
    return visit.show(view)


ROUTES = [
    Route(Address.POWER, power, methods=["GET"], name="power"),
    Route(Address.ANSWERS, answers, methods=["GET"], name="answers"),
    Route(Address.AUDIT, audit, methods=["GET"], name="audit"),
]
