"""The controls that hold the promises, and how each is taken away in a process of its own; this package alone can.

Nothing in `salus` knows of it: a control goes by replacing a name inside it while the process lasts. Without all of a
set that an attack names, the attack has to be missed; otherwise that it was stopped would prove nothing.
"""

# Whoever takes a control away replaces what nobody may replace.
# mypy: disable-error-code="attr-defined, assignment, method-assign, misc"
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any

from salus_abuse.further_controls import FURTHER


class _Anything:
    """Equal to whatever set it is held against: no field is unknown."""

    def __rxor__(self, other: object) -> set[str]:
        return set()


def _marks_taken_in() -> None:
    from salus.records.intake import attempts

    attempts.measures_in = lambda value: []


def _guesses_uncounted() -> None:
    from salus.web import attempts

    attempts.names_a_measure = lambda path: False


def _rows_believed() -> None:
    """A node that shows what a row says, without recomputing, and whoever signed."""
    import json

    from salus.healthcode.measures import filing, service
    from salus.kernel import parse_instant
    from salus.rules import Clause, Measure, Recomputed

    def believed(raw: bytes, trust: object, at: object, **_: object) -> Recomputed:
        file = json.loads(raw)
        told = file["openings"][file["decision"]["commitment"]]["decision"]
        starts, ends = parse_instant(told["starts"]), parse_instant(told["ends"])
        clause = Clause(en="x", zh="x")
        return Recomputed(
            measure=Measure(told["gives"]), fault=None, text="", clause=clause, starts=starts, ends=ends, proved_at=ends
        )

    service.recompute = believed
    filing.signer_of = lambda keys, *_: keys[0]


def _openings_unsealed() -> None:
    """Openings that lie in the clear are read like sealed ones."""
    import json

    from salus.healthcode.measures import filing, sealing, service

    sealed = sealing.unseal

    def unseal(key: bytes, place: bytes, row: bytes) -> dict[str, Any] | None:
        if row[:1] == b"{":
            found: dict[str, Any] = json.loads(row)
            return found
        return sealed(key, place, row)

    sealing.unseal = filing.unseal = service.unseal = unseal


def _rows_unaudited() -> None:
    from salus.app import checking

    checking.CHECKS = tuple(one for one in checking.CHECKS if one is not checking.measures_agree)


def _reuse_unaudited() -> None:
    from salus.healthcode.measures import verifying

    verifying._reused = lambda decisions: iter(())


def _register_unaudited() -> None:
    from salus.app import checking

    checking.CHECKS = tuple(one for one in checking.CHECKS if one is not checking.register_agrees)


def _results_without_specimens() -> None:
    from salus.app import measures as journey
    from salus.healthcode import measures
    from salus.healthcode.measures import service

    def chart(*_: Any) -> int:
        return 0

    def take(tx: Any, keys: object, signed: Any, *_: Any) -> str:
        return str(service.commitment_of(signed.opening))

    measures.specimen_chart = chart
    measures.take_result = take
    journey.measures = measures


def _evidence_holds_anything() -> None:
    from salus.web import evidence

    evidence.FIELDS = _Anything()


def _places_stay() -> None:
    import re

    from salus.records.fhir import walk

    walk._PLACE_WORDS = walk._GEO_URI = re.compile(r"(?!)")


def _no_notice() -> None:
    from salus.rules.publishing import model

    model.RULES_NOTICE = timedelta(0)


def _flash_life() -> None:
    from salus.rules.publishing import model

    model.LEAST_LIFE = timedelta(0)


def _few_signers() -> None:
    from salus.rules.publishing import model

    model.SIGNERS = model.ORGANISATIONS = 1


def _negatives_release_nothing() -> None:
    from salus.rules import service

    service._releases = lambda *_: False
    _examples_unrun()


def _examples_unrun() -> None:
    """A table's worked examples would notice first."""
    from salus.rules.tables import reading

    reading._holds = lambda *_: True


def _measures_do_not_end() -> None:
    from salus.rules import service

    over = service._over

    def unending(*given: Any) -> Any:
        found = over(*given)
        return None if found is service.Why.LAPSED else found

    service._over = unending
    _examples_unrun()


def _proofs_do_not_age() -> None:
    from salus.rules.recomputing import recompute

    recompute.PROOF_AGE = timedelta(days=365)


def _one_witness_is_enough() -> None:
    from salus.proof import trust

    trust.majority = lambda count: 1


def _one_body_witnesses() -> None:
    from salus.proof import trust
    from salus.rules.recomputing import recompute

    recompute.WITNESSING = 1
    distinct = trust._distinct
    trust._distinct = lambda what, values: None if what == "organisations" else distinct(what, values)


def _witnesses_sign_forks() -> None:
    """In the witnesses' own processes: they sign whatever head the log signed."""
    from salus.witness import service

    service._grown = lambda *_: None


def _proofs_unchecked() -> None:
    """A leaf is believed on its word: its head is looked at, not whether it stands under it."""
    from salus.proof import LeafProof

    def check(proof: LeafProof, entry: bytes, trust: Any) -> Any:
        return trust.open(proof.checkpoint)

    LeafProof.check = check


def _bodies_in_the_clear() -> None:
    """Bodies are kept as they came, under the marks of sealed ones."""
    from salus.records import sealing

    real = sealing._open

    def seal(key: bytes, resource_key: int, version: int, body: bytes) -> bytes:
        return b"\xff" * 32 + body

    def opened(cipher: Any, resource_key: int, version: int, sealed: bytes) -> bytes:
        return sealed[32:] if sealed[:32] == b"\xff" * 32 else real(cipher, resource_key, version, sealed)

    sealing._open, sealing.seal = opened, seal


def _late_answers_count() -> None:
    """Both that hold it: how a contest stands here, and what whoever recomputes a file believes."""
    from salus import appeals
    from salus.appeals.contests import tally
    from salus.rules.recomputing import recompute

    appeals.standing = tally.standing = lambda *_: appeals.Standing.WAITING

    def read_on(reading: Any, file: Any, *_: Any) -> None:
        if "appeal" in file:
            reading.opening(file["appeal"]["opened"]["leaf"]["appeal"], "appeal")

    recompute._appeal = read_on


def _policy(change: Callable[[str], str]) -> None:
    from salus.access.policy import engine

    told = engine.policy_text()
    changed = change(told)
    assert changed != told
    engine.policy_text = lambda: changed


def _own_judges() -> None:
    from salus import appeals
    from salus.appeals.contests import service

    _policy(lambda told: told.replace("&& context.independent", ""))
    appeals.independent = service.independent = lambda *_: True


def _nothing_is_closed() -> None:
    from salus.access.consent import service

    service.closed_by = lambda forbids: 0


def _links_bring_measures() -> None:
    from salus.app import measures

    def every(tx: Any, node: Any, who: Any) -> Any:
        return measures.charts_of(tx, node.resident_key(tx, who.resident))

    measures._own_charts = every


def _rules_unlinted() -> None:
    from salus.rules.tables import lint, reading

    lint.lint = reading.lint = lambda table: ()


CONTROLS: Mapping[str, Callable[[], None]] = {
    "marks-refused": _marks_taken_in,
    "guesses-counted": _guesses_uncounted,
    "rows-recomputed": _rows_believed,
    "openings-sealed": _openings_unsealed,
    "rows-audited": _rows_unaudited,
    "reuse-audited": _reuse_unaudited,
    "register-audited": _register_unaudited,
    "specimen-first": _results_without_specimens,
    "evidence-form-closed": _evidence_holds_anything,
    "places-taken-out": _places_stay,
    "notice": _no_notice,
    "least-life": _flash_life,
    "signers": _few_signers,
    "negatives-release": _negatives_release_nothing,
    "measures-end": _measures_do_not_end,
    "proofs-age": _proofs_do_not_age,
    "quorum": _one_witness_is_enough,
    "witnesses-independent": _one_body_witnesses,
    "witnesses-refuse-forks": _witnesses_sign_forks,
    "proofs-checked": _proofs_unchecked,
    "bodies-sealed": _bodies_in_the_clear,
    "late-answers-end": _late_answers_count,
    "others-judge": _own_judges,
    "classes-closed": _nothing_is_closed,
    "own-number-only": _links_bring_measures,
    "rules-linted": _rules_unlinted,
    **FURTHER,
}


def take_away(names: Iterable[str]) -> None:
    """Take controls away for as long as this process lasts, wherever a loaded module holds what is replaced."""
    chosen = [*names]
    if not chosen:
        return
    import_module("salus.web")  # with it everything that a node loads
    before = _held()
    for name in chosen:
        CONTROLS[name]()
    for (title, name), new in _held().items():
        old = before.get((title, name), new)
        if old is not new and callable(old):
            for loaded in _modules():
                if vars(loaded).get(name) is old:
                    setattr(loaded, name, new)


def _modules() -> list[Any]:
    import sys

    return [one for title, one in sys.modules.items() if title == "salus" or title.startswith("salus.")]


def _held() -> dict[tuple[str, str], Any]:
    return {(one.__name__, name): held for one in _modules() for name, held in vars(one).items()}
