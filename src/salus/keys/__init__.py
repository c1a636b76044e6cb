"""The node's secrets: a sealed custodian file, and one wrapped key per chart in a database of its own.

Refuses to hand out a chart key without counting it, and to write any key in the clear.
"""

from salus.keys.custodian import Custodian, Ed25519Signer
from salus.keys.destruction import KEPT_AFTER, Certificate, Destroyed, Destruction, Order, Why, check_order
from salus.keys.errors import (
    ChartKeyMissing,
    CustodianBroken,
    KeyShredded,
    SealBroken,
    TokenSilent,
    WrongPassphrase,
)
from salus.keys.hardware import HardwareToken
from salus.keys.service import KeyService

__all__ = [
    "KEPT_AFTER",
    "Certificate",
    "ChartKeyMissing",
    "Custodian",
    "CustodianBroken",
    "Destroyed",
    "Destruction",
    "Ed25519Signer",
    "HardwareToken",
    "KeyService",
    "KeyShredded",
    "Order",
    "SealBroken",
    "TokenSilent",
    "Why",
    "WrongPassphrase",
    "check_order",
]
