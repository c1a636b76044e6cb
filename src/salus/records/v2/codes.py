"""Code tables of HL7 v2 as FHIR has them, after HL7's v2-to-FHIR mapping 1.0; what it leaves open, we chose."""

from __future__ import annotations

V2 = "http://terminology.hl7.org/CodeSystem/v2-"
V3 = "http://terminology.hl7.org/CodeSystem/v3-"

# Table 0001. A (ambiguous) and O are other; N (not applicable) and U are unknown.
SEXES = {"F": "female", "M": "male", "O": "other", "A": "other", "U": "unknown", "N": "unknown"}
# GB/T 2261.1, which many senders write instead.
SEXES |= {"1": "male", "2": "female", "0": "unknown", "9": "other", "男": "male", "女": "female"}

# Table 0004 to v3 ActCode; the others stay codes of table 0004.
CLASSES = {
    "E": ("EMER", "emergency"),
    "I": ("IMP", "inpatient encounter"),
    "O": ("AMB", "ambulatory"),
    "P": ("PRENC", "pre-admission"),
}
# Table 0085.
OBSERVATION_STATUS = {
    "A": "amended",
    "B": "final",
    "C": "corrected",
    "D": "entered-in-error",
    "F": "final",
    "I": "registered",
    "N": "cancelled",
    "P": "preliminary",
    "R": "preliminary",
    "S": "preliminary",
    "U": "final",
    "V": "final",
    "W": "entered-in-error",
    "X": "cancelled",
}
# Table 0123.
REPORT_STATUS = {
    "A": "partial",
    "C": "corrected",
    "F": "final",
    "I": "registered",
    "M": "partial",
    "O": "registered",
    "P": "preliminary",
    "R": "partial",
    "S": "registered",
    "X": "cancelled",
}
# Table 0078: codes that v3 ObservationInterpretation has as well; arrows are what analysers print.
INTERPRETATIONS = frozenset(
    "L H LL HH N A AA S R I MS VS U D B W < > POS NEG DET ND IND RR WR NR E CAR EXP HX LX HU LU".split()
)
ARROWS = {"↑": "H", "↓": "L", "↑↑": "HH", "↓↓": "LL"}
# Table 0396 and what senders write; local systems lie in the facility's own namespace.
SYSTEMS = {
    "LN": "http://loinc.org",
    "LOINC": "http://loinc.org",
    "SCT": "http://snomed.info/sct",
    "SNM": "http://snomed.info/sct",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "ICD10": "http://hl7.org/fhir/sid/icd-10",
    "ICD-10": "http://hl7.org/fhir/sid/icd-10",
    "UCUM": "http://unitsofmeasure.org",
    "ISO+": V2 + "0960",
}
# Table 0201 and 0202: what a telephone is for, and what it is.
PHONE_USES = {"PRN": "home", "ORN": "home", "WPN": "work", "VHN": "home", "PRS": "mobile", "EMR": "home"}
PHONE_SYSTEMS = {"PH": "phone", "CP": "phone", "FX": "fax", "BP": "pager", "Internet": "email", "INTERNET": "email"}
# Table 0190.
ADDRESS_USES = {"H": "home", "B": "work", "O": "work", "C": "temp", "BA": "old", "M": None, "P": "home", "L": None}
# Table 0200 and 0465.
NAME_USES = {"L": "official", "D": "usual", "N": "nickname", "A": "anonymous", "B": "maiden", "M": "maiden", "S": None}
WRITINGS = {"A": "ABC", "I": "IDE", "P": "SYL"}
WRITTEN_AS = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
