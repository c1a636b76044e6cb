"""Build acceptance rules from their document, run the examples that they came with, and ask what they accept. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from salus.kernel import format_instant, parse_instant
from salus.rules.acceptance.lint import KINDS, lint_acceptance
from salus.rules.certlogic import evaluate
from salus.rules.errors import RuleRefused, TableRefused


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
    """The acceptance rules of one document."""

    rules: tuple[AcceptanceRule, ...]


def acceptance_of(document: object) -> Acceptance:
    """Build rules from their JSON; TableRefused, with every word of the linter, if they may not be some.

    Each worked example is evaluated too, and has to come out as the document says.
    """
    faults = lint_acceptance(document)
    if faults or not isinstance(document, Mapping):
        raise TableRefused([str(fault) for fault in faults])
    rules = tuple(_rule(one) for one in document["rules"])
    wrong = [
        f"EXAMPLE-FAILS at rules[{place}].examples[{number}]"
        for place, (rule, one) in enumerate(zip(rules, document["rules"], strict=True))
        for number, example in enumerate(one["examples"])
        if not _holds(rule, example)
    ]
    if wrong:
        raise TableRefused(wrong)
    return Acceptance(rules=rules)


def accepts(
    acceptance: Acceptance, payload: object, at: datetime, value_sets: Mapping[str, Sequence[str]]
) -> dict[str, Verdict]:
    """Return what each rule about the kinds of events in a payload says, by its name; all have to accept."""
    held = payload if isinstance(payload, Mapping) else {}
    return {rule.name: rule.judge(payload, at, value_sets) for rule in acceptance.rules if held.get(KINDS[rule.kind])}


def _rule(one: Mapping[str, Any]) -> AcceptanceRule:
    told = one["description"]
    return AcceptanceRule(name=one["name"], kind=one["kind"], en=told["en"], zh=told["zh"], logic=one["logic"])


def _holds(rule: AcceptanceRule, example: Mapping[str, Any]) -> bool:
    found = rule.judge(example["payload"], parse_instant(str(example["at"])), {})
    return (found is Verdict.ACCEPTED) is example["accepted"] and found is not Verdict.CANNOT_TELL
