"""Telephones that sign a resident's code anew every 30 seconds. Of what was shown it keeps only the latest step."""

from salus.healthcode.phones.errors import KeyRefused, PhonesFull, PhoneUnknown
from salus.healthcode.phones.model import MOST_PHONES, TOKEN_LASTS, Phone, Presented, Token
from salus.healthcode.phones.service import phones, present, register, remove, remove_all, token

__all__ = [
    "MOST_PHONES",
    "TOKEN_LASTS",
    "KeyRefused",
    "Phone",
    "PhoneUnknown",
    "PhonesFull",
    "Presented",
    "Token",
    "phones",
    "present",
    "register",
    "remove",
    "remove_all",
    "token",
]
