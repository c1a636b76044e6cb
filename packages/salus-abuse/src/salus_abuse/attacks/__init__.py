"""The attacks of the table. Each says what has to be so after it, and looks."""

from salus_abuse.attacks import (
    evidence,
    further,
    logs,
    looking,
    mass,
    papers,
    power,
    reading,
    residents,
    rules,
    setting,
    slips,
    stopping,
)
from salus_abuse.model import ATTACKS

__all__ = [
    "ATTACKS",
    "evidence",
    "further",
    "logs",
    "looking",
    "mass",
    "papers",
    "power",
    "reading",
    "residents",
    "rules",
    "setting",
    "slips",
    "stopping",
]
