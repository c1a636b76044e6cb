"""What arrives of each facility, counted: which elements of the core data set, how late, what is refused or repeated.

It opens no body and names nobody; what is counted is told by the event of each acceptance.
"""

from salus.records.arriving.core import core_set, elements, sharings
from salus.records.arriving.model import Arrivals, Connection, Element, Sharing, TurnedAway, quantile
from salus.records.arriving.service import (
    REMEMBERED,
    Reason,
    arrivals,
    connections,
    count,
    forget_sent,
    reasons,
    turn_away,
    turned_away,
)
from salus.records.arriving.telling import told

__all__ = [
    "REMEMBERED",
    "Arrivals",
    "Connection",
    "Element",
    "Reason",
    "Sharing",
    "TurnedAway",
    "arrivals",
    "connections",
    "core_set",
    "count",
    "elements",
    "forget_sent",
    "quantile",
    "reasons",
    "sharings",
    "told",
    "turn_away",
    "turned_away",
]
