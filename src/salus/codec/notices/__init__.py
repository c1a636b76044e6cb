"""Notices sealed to one care facility: shown to a clinician there, and to everybody else each like any other.

A notice without a measure has the size and form of one with a measure, and proves nothing: anybody can make one.
"""

from salus.codec.notices.keys import NoticeKeys, read_notice_keys, write_notice_keys
from salus.codec.notices.sealing import (
    LONGEST_SHOWING,
    MAGIC,
    SEALED_OCTETS,
    OpenedNotice,
    is_notice,
    key_month,
    open_notice,
    seal_notice,
)

__all__ = [
    "LONGEST_SHOWING",
    "MAGIC",
    "SEALED_OCTETS",
    "NoticeKeys",
    "OpenedNotice",
    "is_notice",
    "key_month",
    "open_notice",
    "read_notice_keys",
    "seal_notice",
    "write_notice_keys",
]
