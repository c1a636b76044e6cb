"""Say why a CSV file of people could not be read: its encoding, or the first line with too few or too many fields.

Asked only of files that were not read. No text repeats what stands in the file.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_DELIMITERS = (",", ";", "\t", "|")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_CHINESE = "gb18030"


def fault_of(path: Path, wanted: Collection[str]) -> str | None:
    """Return what is wrong and what to do, or None where it is something else. `wanted` are columns of the header."""
    return _encoding(path) or _odd_line(path, wanted)


def _encoding(path: Path) -> str | None:
    with path.open("rb") as file:
        if file.read(2) in _WIDE:
            return "is UTF-16; save it as UTF-8"
    line = _unreadable_line(path, "utf-8")
    if line is None:
        return None
    if _unreadable_line(path, _CHINESE) is None:
        return (
            f"is not UTF-8 from line {line} on, and may be GB18030 (GBK); save it as UTF-8, as with"
            " iconv -f GB18030 -t UTF-8"
        )
    return f"is not UTF-8: line {line} has bytes that are none; save it as UTF-8"


def _unreadable_line(path: Path, encoding: str) -> int | None:
    """Return the number of the first line that is not in an encoding."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return number
    return None


def _odd_line(path: Path, wanted: Collection[str]) -> str | None:
    with suppress(csv.Error), path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        delimiter = next((one for one in _DELIMITERS if set(wanted) <= _fields(first, one)), None)
        if delimiter is None:
            return None
        file.seek(0)
        rows = csv.reader(file, delimiter=delimiter, strict=True)
        header, begins = next(rows), rows.line_num + 1
        for row in rows:
            if row and len(row) != len(header):
                return (
                    f"has {len(row)} fields in line {begins} and {len(header)} columns; fill that line up, or put what"
                    " holds a delimiter in quotes"
                )
            begins = rows.line_num + 1
    return None


def _fields(line: str, delimiter: str) -> set[str]:
    return set(next(csv.reader([line], delimiter=delimiter), ()))
