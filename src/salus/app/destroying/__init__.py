"""Destroy keys when it is due, and certify it in the public log."""

from salus.app.destroying.charts import certificate, destroy_chart
from salus.app.destroying.emergencies import AHEAD, destroy_due, overdue
from salus.app.destroying.shown import keep_shown, open_shown
from salus.app.destroying.telling import tell_destructions

__all__ = [
    "AHEAD",
    "certificate",
    "destroy_chart",
    "destroy_due",
    "keep_shown",
    "open_shown",
    "overdue",
    "tell_destructions",
]
