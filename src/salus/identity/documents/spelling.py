"""The one spelling of a document number: half-width, upper case, without spaces, hyphens and what cannot be seen."""

from __future__ import annotations

import unicodedata

from salus.identity.errors import NumberRefused

LONGEST = 64
_HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_SIGNS = {ord(sign): None for sign in f" {_HYPHENS}{_INVISIBLE}()."}
# What keyboards and scanners put for the check character X.
_LOOKS_LIKE_X = {ord("×"): "X", ord("Х"): "X", ord("х"): "X", ord("✕"): "X"}


def canonical(written: str) -> str:
    """Return the canonical spelling; it may still be no number. More than 64 characters are refused."""
    if len(written) > LONGEST:
        raise NumberRefused("a document number has at most 64 characters; check the number")
    if written.isalnum() and written.isascii():
        return written.upper()
    folded = unicodedata.normalize("NFKC", written.translate(_LOOKS_LIKE_X)).strip()
    return folded.translate(_SIGNS).upper()
