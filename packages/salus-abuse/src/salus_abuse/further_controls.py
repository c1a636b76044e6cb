"""More of the controls, and how each is taken away: of reading, of papers, of what ends, of doors and settings."""

# Whoever takes a control away replaces what nobody may replace.
# mypy: disable-error-code="attr-defined, assignment, method-assign, misc, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module as module
from typing import Any


def unchecked(name: str) -> None:
    """Take one of the node's own checks out of those that it runs."""
    from salus.app import checking

    left = tuple(one for one in checking.CHECKS if one.__name__ != name)
    assert len(left) < len(checking.CHECKS)
    checking.CHECKS = left


def _vetoes_unheeded() -> None:
    from salus.rules.publishing import checking

    checking.check_not_vetoed = lambda *given: None


def _operators_admit() -> None:
    from salus.app.node import Node

    Node.admitted = lambda *_: True


def _glass_unbounded() -> None:
    from salus.access.glass import service

    service.why_off = lambda *_: None


def _openings_uncounted() -> None:
    from salus.access.glass import service

    service.publish_openings = lambda *_: 0


def _orphans_uncounted() -> None:
    from salus.access import service

    service.orphans = lambda *_: []


def _one_word_for_a_day() -> None:
    from salus.access import service

    service.UNCONFIRMED_LASTS = timedelta(hours=20)


def _shares_go_on() -> None:
    from salus.healthcode.sharing import model

    model.Share.holds = model.Share.stands = lambda share, at: True


def _machines_first() -> None:
    """The register of reads page by page, whoever looked: twelve at a time, as it was once."""
    from salus.access.folding import store

    told = store._BY_PEOPLE
    store._BY_PEOPLE = told.replace(f"and reader_role not in {store._SOFTWARE}", "")
    assert told != store._BY_PEOPLE


def _ended_keys_sign() -> None:
    from salus.codec.certificates import verdict

    verdict._within_limits = lambda *_: None


def _one_certificate_for_all_doors() -> None:
    from salus.healthcode import certificates
    from salus.healthcode.certificates import service

    once = service.once

    def same(*given: Any, **more: Any) -> Any:
        found = once(*given, **more)
        return found[:1] * len(found)

    certificates.once = service.once = same


def _anybody_voids() -> None:
    from salus.app import certificates as journey
    from salus.healthcode import certificates
    from salus.storage import Duty

    def void(node: Any, who: Any, certificate_id: Any) -> None:
        with node.store.transaction(Duty.CARE) as tx:
            certificates.void_parted(tx, [certificate_id], node.clock.now())

    journey.void_certificate = void


def _outliers_unaudited() -> None:
    """In the auditor's own program."""
    from salus_audit.judging import laboratories

    laboratories._bursts = lambda *_: None


def _ended_parties_sign() -> None:
    from salus.rules import PartyKey

    PartyKey.ended = lambda *_: False


def _ended_parties_unaudited() -> None:
    """In the auditor's own program."""
    from salus_audit import auditing

    auditing.judge_late = lambda *_: None


def _anybodys_signature() -> None:
    from salus.healthcode.measures import publications

    def signer_of(keys: Any, party: str, duty: str, *_: Any) -> Any:
        return next((one for one in keys if (one.key.party, one.key.duty) == (party, duty)), None)

    publications.signer_of = signer_of


def _any_log_is_believed() -> None:
    """A head is believed that any log signed, under any witnesses, beside those of the own log."""
    from datetime import UTC, datetime

    from salus.proof import Checkpoint, LeafProof, Note, ProofError
    from salus.proof.cosignature import TIME_BYTES
    from salus.proof.note import decode
    from salus.proof.trust import Cosigned

    real = LeafProof.check

    def check(proof: LeafProof, entry: bytes, trust: Any) -> Any:
        try:
            return real(proof, entry, trust)
        except ProofError:
            return theirs(proof, trust)

    def theirs(proof: LeafProof, trust: Any) -> Any:
        note = Note.parse(proof.checkpoint)
        origin, size, root = note.text.split("\n")[:3]
        at = datetime.fromtimestamp(int.from_bytes(note.signatures[-1].value[:TIME_BYTES]), UTC)
        head = Checkpoint(origin=origin, size=int(size), root=decode(root, "root"), note=proof.checkpoint)
        bodies = frozenset(one.organisation for one in trust.witnesses)
        times = {one.name: at for one in note.signatures[1:]}
        return Cosigned(checkpoint=head, times=times, at=at, as_of=at, organisations=bodies)

    LeafProof.check = check


def _any_purpose_is_care() -> None:
    """A purpose that there is not is read as treatment."""
    from salus.kernel import Purpose
    from salus.parties.tokens import issuer

    issuer.Purpose = lambda text: Purpose(text) if text in set(Purpose) else Purpose.TREAT


def _nobody_needs_a_key() -> None:
    """Whoever sends no token is the hospital."""
    from salus.kernel import Purpose, Role
    from salus.parties import principal
    from salus.parties.tokens import issuer
    from salus.web.fhir import requests

    bearer, authenticate = requests.bearer, issuer.authenticate

    def nobody(request: Any) -> str:
        return bearer(request) if request.headers.get("authorization") else "nobody"

    def hospital(store: Any, of: Any, token: str, at: Any) -> Any:
        if token != "nobody":
            return authenticate(store, of, token, at)
        return principal(Role.HOSPITAL_SYSTEM, "nobody", facility="H1", purpose=Purpose.TREAT)

    requests.bearer, issuer.authenticate = nobody, hospital


def _listens_anywhere() -> None:
    from salus.app import settings

    settings._loopback = lambda host: True


def _settings_passed_over() -> None:
    from salus.app import settings

    settings._from_file = lambda path, known: {}


def _policy_unchecked() -> None:
    from types import SimpleNamespace

    from salus.access.policy import engine

    real = engine.cedarpy
    passed = SimpleNamespace(validation_passed=True, errors=[])
    names = ("PolicySet", "Schema", "Entities", "Decision", "is_authorized", "policies_to_json_str")
    engine.cedarpy = SimpleNamespace(
        validate_policies=lambda *_: passed, **{name: getattr(real, name) for name in names}
    )


def _any_field_of_an_order() -> None:
    from salus.command.orders import model, service

    def known(told: Mapping[str, str]) -> dict[str, str]:
        return {name: text for name, text in told.items() if name in model.ORDER_FIELDS}

    read = service._read
    model.check_fields = service.check_fields = lambda given: None
    service._read = lambda told, *given: read(known(told), *given)


def _people_named_in_orders() -> None:
    from salus.command.orders import model

    model.holds_a_number = lambda *_: False


def _no_cap_of_a_case() -> None:
    from salus.rules.recomputing import attesting

    attesting.MOST_OF_A_CASE = 10_000


def _slips_of_no_case() -> None:
    from salus.healthcode.slips import service

    service.case_of = lambda *_: None


def _no_word_asked() -> None:
    """By the desk and by whoever reads a slip: any signature passes for the word's."""
    from salus.rules.recomputing import wording

    wording.signed_by = lambda *_: True


def _words_unaudited() -> None:
    """In the auditor's own program."""
    from salus_audit.judging import exposures

    exposures._worded_by_case = lambda *_: True


def _exposures_restrain() -> None:
    from dataclasses import replace

    from salus.rules import Measure
    from salus.rules.tables import exposed

    advising = exposed.due

    def due(*given: Any) -> Any:
        found = advising(*given)
        return found if found.measure is Measure.NONE else replace(found, measure=Measure.PRECAUTION)

    exposed.due = due


def _any_desk_hands_exposures_over() -> None:
    from salus.access.policy import engine

    told = engine.policy_text()
    before, after = told.split('action == Action::"hand-exposures-over"')
    changed = f'{before}action == Action::"hand-exposures-over"{after.replace("&& context.own_facility", "", 1)}'
    assert changed != told
    engine.policy_text = lambda: changed


def _grace_for_ever() -> None:
    module("salus.app.grace.standing").CLOSES = datetime(9999, 1, 1, tzinfo=UTC)


def _grace_at_any_time() -> None:
    """The log may have shown long ago that the node was brought forward."""
    standing = module("salus.app.grace.standing")
    standing._since = lambda *_: None


def _grace_unaudited() -> None:
    """In the auditor's own program."""
    from salus_audit.judging import counts

    counts.judge_grace = lambda *_: None


def _spellings_count() -> None:
    from salus.access.disclosing import model

    model.spelt = lambda text: str(text)


def _rows_of_disclosures_believed() -> None:
    """What a row says is carried out, whether or not witnesses have seen it in the log."""
    module("salus.app.disclosing.carrying_out")._check_seen = lambda *_: None


def _courts_unaudited() -> None:
    """In the auditor's own program."""
    from salus_audit import auditing

    auditing.judge_disclosures = lambda *_: None


def _small_figures_shown() -> None:
    from salus.records.population import publishing

    publishing.hidden = lambda *_: set()


def _nothing_hidden_beside() -> None:
    from salus.records.population import hiding

    hiding._beside = lambda *_: set()


def _complements_anew() -> None:
    from salus.records.population import publishing

    publishing._staying = lambda *_: set()


def _figures_of_now() -> None:
    """A month's figures are counted anew whenever somebody asks."""
    from salus.app import population
    from salus.records import population as register
    from salus.records.population import publishing

    def anew(tx: Any, month: Any, counties: Any) -> Any:
        told = register.denominators(tx, month, counties), register.changes(tx, month, counties)
        return publishing.publish(*told, None)

    population.figures_of = anew


def _figures_move_by_one() -> None:
    from salus.records.population import publishing

    publishing._stepped = lambda count, last: count


def _contacts_without_end() -> None:
    """In the auditor's own program."""
    from salus_audit.judging import exposures

    exposures.MOST_OF_A_CASE = 10**6


def _one_investigator_is_enough() -> None:
    """In the auditor's own program."""
    from salus_audit.judging import exposures

    exposures._people, exposures._organisations = lambda signers: 2, lambda signers: {"one", "another"}


def _anybody_ends_a_case() -> None:
    from salus.healthcode import slips

    slips.check_end = lambda *_: None


def _ends_unaudited() -> None:
    """In the auditor's own program."""
    from salus_audit.judging import ended

    ended._fault = lambda *_: None


FURTHER: Mapping[str, Callable[[], None]] = {
    "vetoes-heeded": _vetoes_unheeded,
    "quorum-admits": _operators_admit,
    "glass-budgets": _glass_unbounded,
    "openings-counted": _openings_uncounted,
    "orphans-counted": _orphans_uncounted,
    "unconfirmed-ends": _one_word_for_a_day,
    "shares-end": _shares_go_on,
    "people-first": _machines_first,
    "ended-keys-refused": _ended_keys_sign,
    "certificates-once": _one_certificate_for_all_doors,
    "voids-audited": lambda: unchecked("voids_agree"),
    "own-certificates-only": _anybody_voids,
    "shred-audited": lambda: unchecked("keys_destroyed"),
    "outliers-audited": _outliers_unaudited,
    "evidence-signed": _anybodys_signature,
    "key-ends-heeded": _ended_parties_sign,
    "key-ends-audited": _ended_parties_unaudited,
    "own-log-only": _any_log_is_believed,
    "purposes-closed": _any_purpose_is_care,
    "doors-locked": _nobody_needs_a_key,
    "loopback-only": _listens_anywhere,
    "settings-closed": _settings_passed_over,
    "policy-checked": _policy_unchecked,
    "order-form-closed": _any_field_of_an_order,
    "people-not-named": _people_named_in_orders,
    "contact-cap": _no_cap_of_a_case,
    "slips-need-a-case": _slips_of_no_case,
    "word-asked": _no_word_asked,
    "words-audited": _words_unaudited,
    "exposures-advise": _exposures_restrain,
    "disease-control-desks": _any_desk_hands_exposures_over,
    "grace-closes": _grace_for_ever,
    "grace-first": _grace_at_any_time,
    "grace-audited": _grace_unaudited,
    "signers-spelt": _spellings_count,
    "disclosure-seen": _rows_of_disclosures_believed,
    "disclosures-audited": lambda: unchecked("disclosures_agree"),
    "courts-audited": _courts_unaudited,
    "small-figures-hidden": _small_figures_shown,
    "beside-hidden": _nothing_hidden_beside,
    "figures-once": _figures_of_now,
    "hidden-stays": _complements_anew,
    "figures-by-steps": _figures_move_by_one,
    "contacts-capped": _contacts_without_end,
    "slips-cosigned": _one_investigator_is_enough,
    "ends-by-the-involved": _anybody_ends_a_case,
    "ends-audited": _ends_unaudited,
}
