"""What is attached to a resource: plain text and JSON are read; whatever else it is counts as every class. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from salus.access.consent import EVERY_CLASS
from salus.records.sensitivity.table import classes_of_text

_EVERY = int(EVERY_CLASS)
_JSON = {"application/json", "application/fhir+json"}
_CHARSETS = {"", "utf-8", "utf8", "us-ascii", "ascii"}
# Text of another encoding, or of a format that escapes characters, shows itself by these.
_UNPRINTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


def is_attachment(node: Mapping[str, Any]) -> bool:
    """Tell whether an object is an attachment: not the samples of a curve, and no signature."""
    return "contentType" in node or (isinstance(node.get("data"), str) and not node.keys() & {"origin", "who", "when"})


def classes_of_attached(content: Mapping[str, Any], inside: Callable[[Any], int]) -> int:
    """Return the classes of an attachment: those of its text where it can be read, else every class.

    `inside` reads what JSON holds.
    """
    if not content.get("data"):
        return _EVERY if content.get("url") else 0
    kind, _, parameters = str(content.get("contentType", "")).lower().partition(";")
    charset = parameters.partition("charset=")[2].partition(";")[0].strip(" \"'")
    kind = kind.strip()
    if charset not in _CHARSETS or not (kind == "text/plain" or kind in _JSON):
        return _EVERY
    try:
        text = base64.b64decode(str(content["data"])).decode("utf-8")
        if kind in _JSON:
            return inside(orjson.loads(text))
    except (binascii.Error, ValueError):
        return _EVERY
    return _EVERY if _UNPRINTED.search(text) else classes_of_text(text)
