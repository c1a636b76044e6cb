"""Which characters a message is written in (MSH-18, table 0211), and its text. Guesses nothing."""

from __future__ import annotations

import re

from salus.records.v2.errors import DATATYPE, UNKNOWN_VALUE, V2Refused

# Table 0211 and how senders write it, without spaces and hyphens. GBK and GB 2312 are subsets of GB 18030.
CHARSETS = {
    "": "ascii",
    "ASCII": "ascii",
    "8859/1": "iso-8859-1",
    "UNICODEUTF8": "utf-8",
    "UTF8": "utf-8",
    "GB18030": "gb18030",
    "GB180302000": "gb18030",
    "GBK": "gb18030",
    "GB2312": "gb18030",
}
_FIELD = 17  # MSH-18 counted from MSH-2, which follows the first separator
_LINE_END = re.compile(rb"[\r\n]")
_BOM = b"\xef\xbb\xbf"
_HELP = "write UNICODE UTF-8, GB18030, ASCII or 8859/1 there"


def decode(raw: bytes) -> tuple[str, str]:
    """Return a message's text and the Python name of its encoding.

    MSH itself can be read only once its encoding is known: GB 18030 has bytes in its characters that look like
    separators. So each encoding is tried on MSH, and the one counts under which MSH-18 names it. Raises V2Refused.
    """
    raw = raw.removeprefix(_BOM)
    head = _LINE_END.split(raw, maxsplit=1)[0]
    named = False
    for encoding in ("utf-8", "gb18030", "iso-8859-1"):
        try:
            told = _told(head.decode(encoding))
        except UnicodeDecodeError:
            continue
        found = CHARSETS.get(re.sub(r"[\s-]", "", told).upper())
        named = named or found is not None
        if found == encoding or (found == "ascii" and head.isascii()):
            return _text(raw, found), found
    if named:
        raise V2Refused(f"MSH-18 names an encoding in which MSH is not written; {_HELP}", DATATYPE, "MSH^1^18")
    raise V2Refused(f"MSH-18 names an encoding that is not read here; {_HELP}", UNKNOWN_VALUE, "MSH^1^18")


def _told(head: str) -> str:
    """Return the first repetition of MSH-18 as it stands."""
    if len(head) < 5:
        return ""
    fields = head[4:].split(head[3])
    if len(fields) < _FIELD:
        return ""
    repetition = fields[0][1:2]
    return fields[_FIELD - 1].split(repetition)[0] if repetition else fields[_FIELD - 1]


def _text(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        shown = "ASCII, which an empty MSH-18 means" if encoding == "ascii" else encoding.upper()
        raise V2Refused(f"byte {error.start} is not {shown}; {_HELP}, as it is", DATATYPE, "MSH^1^18") from None
