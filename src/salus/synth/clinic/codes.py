"""Code systems and the shapes in which the catalogue is written. Pure."""

from __future__ import annotations

from dataclasses import dataclass

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
CVX = "http://hl7.org/fhir/sid/cvx"
UCUM = "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A laboratory test: LOINC code, UCUM unit, reference range, and where abnormal results lie."""

    loinc: str
    en: str
    zh: str
    unit: str
    low: float | None
    high: float | None
    normal: tuple[float, float]
    abnormal: tuple[float, float]
    digits: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Medicine:
    """A medicine: RxNorm ingredient, ATC class, dose in words of both languages, days of supply."""

    rxnorm: str
    atc: str
    en: str
    zh: str
    dose_en: str
    dose_zh: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Illness:
    """A reason to come: codes, whom it befalls, what is measured and prescribed."""

    snomed: str
    icd10: str
    en: str
    zh: str
    weight: int
    ages: tuple[int, int] = (0, 130)
    sex: str | None = None
    chronic: bool = False
    fever: bool = False
    admitted: float = 0.02
    medicines: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    procedure: str | None = None
    note_en: str = ""
    note_zh: str = ""
