"""The identity code: one random, replaceable identifier for care. It says nothing about its holder.

Refuses to hold or show a status: there is no column, function or field for one.
"""

from salus.healthcode.errors import CodeUnknown
from salus.healthcode.picture import qr_svg
from salus.healthcode.service import SIGNING_KEY, code_of, issued_at, issuer_keys, replace, resolve

__all__ = ["SIGNING_KEY", "CodeUnknown", "code_of", "issued_at", "issuer_keys", "qr_svg", "replace", "resolve"]
