"""Acceptance rules as a published document: which certificates are good enough in a region, for one disease. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from json import loads
from typing import Any, Final

from salus.rules.acceptance.reading import Acceptance, Verdict, acceptance_of, accepts
from salus.rules.errors import PublicationRefused
from salus.rules.publishing.model import REGION, Document, PublicationKind
from salus.rules.tables.lint import is_disease

BODY: Final = frozenset({"region", "disease", "tables", "periods", "rules"})
COUNTRY: Final = "country"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionRules:
    """What a region asks of certificates of one disease. Counts for starts <= t < ends.

    `region` is `country` or the six digits of a province, prefecture or county.
    """

    region: str
    disease: str
    name: str
    version: int
    digest: str
    acceptance: Acceptance
    starts: datetime
    ends: datetime

    @classmethod
    def of(cls, document: Document) -> RegionRules:
        """Read the document of a region's rules.

        Raises PublicationRefused if it says anything else, and TableRefused with the words of the linter.
        """
        body = document.body
        if document.kind is not PublicationKind.ACCEPTANCE or set(body) != BODY:
            raise PublicationRefused("FORM", f"acceptance rules have exactly the fields {sorted(BODY)}")
        region, disease = body["region"], body["disease"]
        if not isinstance(region, str) or not REGION.fullmatch(region):
            raise PublicationRefused("FORM", "a region is country, or six digits")
        if not is_disease(disease):
            raise PublicationRefused("FORM", "acceptance rules name one disease, in small letters")
        return cls(
            region=region,
            disease=disease,
            name=document.name,
            version=document.version,
            digest=document.digest,
            acceptance=_acceptance(document.encoded),
            starts=document.starts,
            ends=document.ends,
        )

    def accept(self, payload: Mapping[str, Any], at: datetime) -> bool:
        """Tell whether a certificate's facts are good enough: some rule is about them, and all that are accept."""
        answers = accepts(self.acceptance, payload, at).values()
        return bool(answers) and all(one is Verdict.ACCEPTED for one in answers)


def rules_for(rules: Iterable[RegionRules], region: str, at: datetime) -> Mapping[str, RegionRules]:
    """Return the rules that are alive for a region, by disease; empty if there are none.

    They are those of the narrowest region around it that has any. Of several the last to start counts, of equal ones
    the one of the greater digest.
    """
    alive = sorted(
        (one for one in rules if one.starts <= at < one.ends), key=lambda one: (one.starts, one.digest)
    )  # fmt: skip
    for around in regions_around(region) if alive else ():
        found = {one.disease: one for one in alive if one.region == around}
        if found:
            return found
    return {}


def regions_around(region: str) -> tuple[str, ...]:
    """Return a region and those that contain it, the narrowest first (GB/T 2260: province, prefecture, county)."""
    if region == COUNTRY:
        return (COUNTRY,)
    return tuple(dict.fromkeys((region, region[:4] + "00", region[:2] + "0000", COUNTRY)))


@lru_cache(maxsize=64)
def _acceptance(encoded: bytes) -> Acceptance:
    """Build the rules of a document's bytes; the examples are run once."""
    body = loads(encoded)["body"]
    return acceptance_of({name: body[name] for name in ("tables", "periods", "rules")})
