"""Ask a region's published acceptance rules about a certificate: its fact, in the words that such rules read.

A certificate of ours says neither vaccine nor doses; rules that insist on them accept none of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Protocol

from salus.codec.certificates.model import CertificateKind, Disease
from salus.kernel import format_instant
from salus.rules import RegionRules, rules_for
from salus.rules.acceptance import Verdict, accepts

TARGETS: Mapping[Disease, str] = MappingProxyType(
    {
        Disease.COVID_19: "840539006",
        Disease.INFLUENZA: "6142004",
        Disease.MEASLES: "14189004",
        Disease.POLIOMYELITIS: "398102009",
        Disease.YELLOW_FEVER: "16541001",
        Disease.HEPATITIS_B: "66071002",
        Disease.VARICELLA: "38907003",
        Disease.PNEUMOCOCCAL: "16814004",
        Disease.TUBERCULOSIS: "56717001",
        Disease.HUMAN_PAPILLOMAVIRUS: "240532009",
        Disease.CHOLERA: "63650001",
    }
)
"""Diseases as SNOMED CT codes, which is how the EU's value sets name what a certificate is about."""
NOT_DETECTED = "260415000"


class Fact(Protocol):
    """What rules are asked about: a certificate of ours, or the fact of another issuer's."""

    @property
    def kind(self) -> CertificateKind:
        """What happened."""

    @property
    def disease(self) -> Disease:
        """Of which disease."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def day(self) -> date:
        """On which civil day."""


def payload_for_rules(certificate: Fact) -> dict[str, Any]:
    """Return a certificate's fact as rules read it: what it is about, and when; of a test that nothing was found."""
    target, day = TARGETS[certificate.disease], certificate.day.isoformat()
    if certificate.kind is CertificateKind.VACCINATION:
        return {"v": [{"tg": target, "dt": day}]}
    if certificate.kind is CertificateKind.RECOVERY:
        return {"r": [{"tg": target, "fr": day}]}
    return {"t": [{"tg": target, "sc": format_instant(certificate.at), "tr": NOT_DETECTED}]}


def answers_of(payload: object, rules: Iterable[RegionRules], region: str, at: datetime) -> dict[str, Verdict]:
    """Return what a region's rules say of a certificate of another issuer, by the rule's name; nothing where none live.

    Where none of those that live is about its disease and kind, `region` does not accept it.
    """
    alive = rules_for(rules, region, at)
    words = [one.word for one, code in TARGETS.items() if code in _targets(payload)]
    found = alive.get(words[0]) if len(words) == 1 else None
    answers = accepts(found.acceptance, payload, at.replace(microsecond=0)) if found else {}
    return answers or ({"region": Verdict.NOT_ACCEPTED} if alive else {})


def _targets(payload: object) -> set[object]:
    """What the events of a payload are about."""
    groups = [payload.get(name) for name in ("v", "t", "r")] if isinstance(payload, Mapping) else []
    events = [event for group in groups if isinstance(group, list | tuple) for event in group]
    return {event["tg"] for event in events if isinstance(event, Mapping) and isinstance(event.get("tg"), str)}


def accepted(certificate: Fact, rules: Iterable[RegionRules], region: str, at: datetime) -> bool:
    """Tell whether a certificate is good enough for a region at an instant.

    Where no rules are alive it is. Where some are, those of its disease have to accept it; the clock that they read has
    whole seconds.
    """
    alive = rules_for(rules, region, at)
    if not alive:
        return True
    found = alive.get(certificate.disease.word)
    return found is not None and found.accept(payload_for_rules(certificate), at.replace(microsecond=0))
