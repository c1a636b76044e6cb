"""Write beside each imported file why lines of it were refused: one OperationOutcome a line, its id the line's number.

Made when the first line is refused, and made anew by each import. It says no more of a line than an answer over HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

import orjson

from salus.kernel import Invalid, SalusError


class OutcomesRefused(Invalid):
    """The file of outcomes cannot be written. What was taken in stays in; the same command goes on from there."""

    code = "SALUS-A013"


class Outcomes:
    """The files of outcomes of one import. Use it as a context manager."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._open: dict[Path, IO[bytes]] = {}
        self._files = files

    def __enter__(self) -> Outcomes:
        given = {path.resolve() for path in self._files}
        for path in self._files:
            if _beside(path).resolve() in given:
                raise OutcomesRefused(f"{_beside(path)} is to be imported: move it away from beside {path.name}")
            try:
                _beside(path).unlink(missing_ok=True)
            except OSError as error:
                raise _cannot(path, error) from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for path, file in self._open.items():
            try:
                file.close()
            except OSError as broken:
                if error is None:
                    raise _cannot(path, broken) from None

    @property
    def written(self) -> list[Path]:
        """The files that were written."""
        return [_beside(path) for path in self._open]

    def tell(self, path: Path, line: int, error: SalusError) -> None:
        """Say why a line was refused. Raises OutcomesRefused where that cannot be written, so that nothing is lost."""
        from salus.web import issues_of, outcome  # noqa: PLC0415  loads for most of a second; most imports refuse nothing

        told = {"resourceType": "OperationOutcome", "id": f"line-{line}"} | outcome(issues_of(error))
        try:
            if path not in self._open:
                self._open[path] = _beside(path).open("wb")
            self._open[path].write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
            self._open[path].flush()
        except OSError as broken:
            raise _cannot(path, broken) from None


def imported(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return which files are to be imported, and those left out: files of outcomes of others that were given."""
    written = {_beside(path).resolve() for path in files}
    left_out = [path for path in files if path.resolve() in written]
    return [path for path in files if path not in left_out], left_out


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.outcomes.ndjson")


def _cannot(path: Path, error: OSError) -> OutcomesRefused:
    return OutcomesRefused(
        f"{_beside(path)} cannot be written: {error.strerror}; what was taken in stays, make room and import again"
    )
