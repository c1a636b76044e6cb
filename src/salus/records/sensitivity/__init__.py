"""Which resources are sensitive: codes, words and labels as data, and who takes on whose classes. Pure."""

from salus.records.sensitivity.holding import held, lends, taken_on
from salus.records.sensitivity.table import classes_of_code, classes_of_label, classes_of_text, rows

__all__ = ["classes_of_code", "classes_of_label", "classes_of_text", "held", "lends", "rows", "taken_on"]
