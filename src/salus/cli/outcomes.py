"""Write beside each imported file what was refused in it, or is odd: an OperationOutcome a line, its id the line's.

Made with the first such line, and made anew by each import, which keeps only the warnings of lines that are in already.
What an import that was killed could not say of such lines the next one says.
It says no more of a line than an answer over HTTP.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import orjson

from salus.kernel import Invalid, SalusError
from salus.records import Problem


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
            if _beside(path).is_dir():
                raise OutcomesRefused(f"{_beside(path)} is a folder: move it away from beside {path.name}")
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

    def begin(self, path: Path, known: Collection[int]) -> Collection[int]:
        """Forget what an import before said of a file, but for the warnings of lines that are in: these stay true.

        Returns of which lines there are such. Raises OutcomesRefused where the file of outcomes cannot be changed; then
        nothing more has gone in.
        """
        if not _beside(path).exists():
            return ()
        kept, warned_of = _beside(path).with_suffix(".kept"), set[int]()
        try:
            with kept.open("wb") as file:
                for line, told in _warnings(_beside(path), known):
                    warned_of.add(line)
                    file.write(told)
            if warned_of:
                kept.replace(_beside(path))
                self._open[path] = _beside(path).open("ab")
            else:
                kept.unlink()
                _beside(path).unlink(missing_ok=True)
        except OSError as broken:
            raise _cannot(path, broken) from None
        return warned_of

    def tell(self, path: Path, line: int, error: SalusError) -> None:
        """Say why a line was refused. Raises OutcomesRefused where that cannot be written, so that nothing is lost."""
        from salus.web import issues_of  # noqa: PLC0415  loads for most of a second; most imports refuse nothing

        self._say(path, line, issues_of(error))

    def warn(self, path: Path, line: int, odd: Sequence[Problem]) -> None:
        """Say what is odd in a line that was taken in. Raises OutcomesRefused where that cannot be written."""
        from salus.web import doubtful  # noqa: PLC0415  as above

        self._say(path, line, [doubtful(one) for one in odd])

    def _say(self, path: Path, line: int, issues: Sequence[dict[str, Any]]) -> None:
        told = {"resourceType": "OperationOutcome", "id": f"line-{line}", "issue": issues}
        try:
            self._write(path, orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
        except OSError as broken:
            raise _cannot(path, broken) from None

    def _write(self, path: Path, told: bytes) -> None:
        if path not in self._open:
            self._open[path] = _beside(path).open("wb")
        self._open[path].write(told)
        self._open[path].flush()


def _warnings(file: Path, known: Collection[int]) -> Iterator[tuple[int, bytes]]:
    """Yield what an import before said of lines that are in. A line that is cut short says nothing."""
    try:
        with file.open("rb") as before:
            for told in before:
                line = _warned_of(told)
                if line in known:
                    yield line, told
    except OSError:
        return


def _warned_of(told: bytes) -> int:
    """Return of which line a whole line of outcomes warns; 0, which is none, where it warns of nothing."""
    try:
        read = orjson.loads(told)
        warned = {one["severity"] for one in read["issue"]} == {"warning"}
        return int(read["id"].removeprefix("line-")) if warned and told.endswith(b"\n") else 0
    except (ValueError, KeyError, TypeError, AttributeError):
        return 0


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
