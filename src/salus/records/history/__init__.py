"""Every version of every resource, those that say that it was deleted too. Nothing here is ever changed."""

from salus.records.history.asking import MOST_COUNT, parse_history
from salus.records.history.model import Past, Place, Since, Version
from salus.records.history.service import (
    complete_until,
    fetch_deleted,
    fetch_versions,
    history_cursor,
    of_facility,
    of_instance,
)

__all__ = [
    "MOST_COUNT",
    "Past",
    "Place",
    "Since",
    "Version",
    "complete_until",
    "fetch_deleted",
    "fetch_versions",
    "history_cursor",
    "of_facility",
    "of_instance",
    "parse_history",
]
