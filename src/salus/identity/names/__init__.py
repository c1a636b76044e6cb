"""Names as Chinese and foreign systems write them, and keys by which writings are compared. Pure; refuses no text."""

from salus.identity.names.machine import halves, machine_letters
from salus.identity.names.model import Name, NameDoubt, agree, may_be_cut, turned
from salus.identity.names.reading import read_name

__all__ = ["Name", "NameDoubt", "agree", "halves", "machine_letters", "may_be_cut", "read_name", "turned"]
