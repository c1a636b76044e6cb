"""People as the registers of several senders hold them: rows with mistakes, and apart from them the truth."""

from salus.synth.register.model import Record
from salus.synth.register.names import Alike
from salus.synth.register.records import SOURCES, Records, records

__all__ = ["SOURCES", "Alike", "Record", "Records", "records"]
