"""R4's invariants, compiled from HL7's FHIRPath into Python, and the rules that R4 says in words. Pure."""

from salus.records.fhir.invariants.visiting import Breach, breaches, compiled, in_words_and_by_hand, rules

__all__ = ["Breach", "breaches", "compiled", "in_words_and_by_hand", "rules"]
