"""Build acceptance rules from their document, run the examples that they came with, and ask what they accept. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from salus.kernel import Invalid, format_instant, parse_instant
from salus.rules.acceptance.lint import KINDS, lint_acceptance
from salus.rules.certlogic import evaluate
from salus.rules.errors import RuleRefused, TableRefused

SETS = ("covid-19", "measles")
"""The acceptance rules that come with this release, by disease. Until they are published they decide nothing."""


class Verdict(StrEnum):
    """What one rule says of a certificate. A rule that cannot be evaluated accepts nothing and is told apart."""

    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not-accepted"
    CANNOT_TELL = "cannot-tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceRule:
    """One rule: about which kind of certificate, in CertLogic, and what it asks for in two languages."""

    name: str
    kind: str
    en: str
    zh: str
    logic: Mapping[str, Any]

    def judge(self, payload: object, at: datetime, value_sets: Mapping[str, Sequence[str]]) -> Verdict:
        """Say whether it accepts a certificate's payload at an instant; only `true` is a yes."""
        external = {"validationClock": format_instant(at), "valueSets": value_sets}
        try:
            found = evaluate(self.logic, {"payload": payload, "external": external})
        except RuleRefused:
            return Verdict.CANNOT_TELL
        return Verdict.ACCEPTED if found is True else Verdict.NOT_ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The acceptance rules of one document, and the lists of codes that it brings for them, by name."""

    rules: tuple[AcceptanceRule, ...]
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def acceptance_of(document: object) -> Acceptance:
    """Build rules from their JSON; TableRefused, with every word of the linter, if they may not be some.

    Each worked example is evaluated too, and has to come out as the document says.
    """
    faults = lint_acceptance(document)
    if faults or not isinstance(document, Mapping):
        raise TableRefused([str(fault) for fault in faults])
    rules = tuple(_rule(one) for one in document["rules"])
    tables = {name: tuple(one["codes"]) for name, one in document.get("tables", {}).items()}
    wrong = [
        f"EXAMPLE-FAILS at rules[{place}].examples[{number}]"
        for place, (rule, one) in enumerate(zip(rules, document["rules"], strict=True))
        for number, example in enumerate(one["examples"])
        if not _holds(rule, example, tables)
    ]
    if wrong:
        raise TableRefused(wrong)
    return Acceptance(rules=rules, tables=tables)


@cache
def _shipped(name: str) -> bytes:
    if name not in SETS:
        raise TableRefused([f"UNKNOWN-WORD: no rules of that name come with this release; there are {SETS}"])
    return (files("salus.rules") / "sets" / "acceptance" / f"{name}.json").read_bytes()


def shipped_acceptance(name: str) -> dict[str, Any]:
    """Return rules that come with this release, with their lists and periods, ready to be put into a document."""
    body: dict[str, Any] = json.loads(_shipped(name))
    return body


def accepts(
    acceptance: Acceptance, payload: object, at: datetime, value_sets: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Verdict]:
    """Return what each rule about the kinds of events in a payload says, by its name; all have to accept.

    Rules read the lists of their own document; `value_sets` are others, for rules that came without theirs.
    """
    held = payload if isinstance(payload, Mapping) else {}
    lists = {**(value_sets or {}), **acceptance.tables}
    return {rule.name: rule.judge(payload, at, lists) for rule in acceptance.rules if held.get(KINDS[rule.kind])}


def _rule(one: Mapping[str, Any]) -> AcceptanceRule:
    told = one["description"]
    return AcceptanceRule(name=one["name"], kind=one["kind"], en=told["en"], zh=told["zh"], logic=one["logic"])


def _holds(rule: AcceptanceRule, example: Mapping[str, Any], tables: Mapping[str, Sequence[str]]) -> bool:
    try:
        at = parse_instant(example["at"])
    except Invalid:
        return False
    found = rule.judge(example["payload"], at, tables)
    return (found is Verdict.ACCEPTED) is example["accepted"] and found is not Verdict.CANNOT_TELL
