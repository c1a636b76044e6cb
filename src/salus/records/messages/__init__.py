"""Messages that were taken: answered again as before, found with what they are about, noted with what they wrote."""

from salus.records.intake.numbering import locks
from salus.records.messages.model import Before, Marked
from salus.records.messages.service import before, guard, known, mark, note

__all__ = ["Before", "Marked", "before", "guard", "known", "locks", "mark", "note"]
