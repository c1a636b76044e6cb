"""Secrets that nobody else has, every form in which they could lie in a file, and a search for all of them at once."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from urllib.parse import quote, quote_plus

from salus.identity.model import check_character

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Secrets:
    """One thousand things that must never lie anywhere in the clear. No two are alike."""

    chinese: tuple[str, ...]
    latin: tuple[str, ...]
    numbers: tuple[str, ...]
    phones: tuple[str, ...]
    identifiers: tuple[str, ...]
    diagnoses: tuple[str, ...]
    passwords: tuple[str, ...]

    def all(self) -> tuple[str, ...]:
        """Return them all."""
        named = (self.chinese, self.latin, self.numbers, self.phones, self.identifiers, self.diagnoses, self.passwords)
        return tuple(secret for group in named for secret in group)


def invent(rng: Random) -> Secrets:
    """Invent secrets: long enough that random bytes do not spell one by chance."""
    return Secrets(
        chinese=_distinct(200, lambda: "欧阳" + "".join(_character(rng) for _ in range(3))),
        latin=_distinct(200, lambda: _word(rng, 9).capitalize()),
        numbers=_distinct(200, lambda: _number(rng)),
        phones=_distinct(150, lambda: "199" + "".join(rng.choices("0123456789", k=8))),
        identifiers=_distinct(150, lambda: f"mrn-{_word(rng, 10)}"),
        diagnoses=_distinct(50, lambda: f"{_word(rng, 8)} {_word(rng, 9)} 综合征{_character(rng)}{_character(rng)}"),
        passwords=_distinct(50, lambda: _word(rng, 6) + "!" + _word(rng, 6).upper() + "7"),
    )


def _distinct(count: int, make: object) -> tuple[str, ...]:
    found: dict[str, None] = {}
    while len(found) < count:
        found[make()] = None  # type: ignore[operator]
    return tuple(found)


def _word(rng: Random, length: int) -> str:
    return "".join(rng.choices(_LETTERS, k=length))


def _character(rng: Random) -> str:
    """Return a Chinese character; none with the byte 0A in UTF-16, at which a line-wise search would cut it."""
    while True:
        code = rng.randint(0x4E00, 0x9FA5)
        if 0x0A not in divmod(code, 256):
            return chr(code)


def _number(rng: Random) -> str:
    """Return a valid identity number of an area that is assigned to nobody."""
    born = date(1940, 1, 1) + timedelta(days=rng.randrange(28_000))
    digits = f"{rng.randint(900000, 999999)}{born:%Y%m%d}{rng.randint(0, 999):03}"
    return digits + check_character(digits)


def forms(secret: str) -> frozenset[bytes]:
    """Return every form in which a secret could lie in a file: letters' case, character sets, escapes, base64, hex."""
    found: set[bytes] = set()
    for text in {secret, secret.lower(), secret.upper()}:
        raw = text.encode()
        found |= {raw, text.encode("utf-16-le"), text.encode("utf-16-be")}
        written = (raw.hex(), raw.hex().upper(), quote(text), quote_plus(text), quote(text).lower())
        found |= {form.encode() for form in written}
        if not text.isascii():
            escaped = "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in text)
            found |= {escaped.encode(), escaped.upper().replace("\\U", "\\u").encode()}
        for encode in (b64encode, urlsafe_b64encode):
            found |= {_within(encode(bytes(ahead) + raw), ahead, len(raw)) for ahead in range(3)}
    return frozenset(found)


def _within(encoded: bytes, ahead: int, length: int) -> bytes:
    """Return the base64 characters that depend on nothing but the secret, `ahead` bytes into a group of three."""
    return encoded[-(-ahead * 8 // 6) : (ahead + length) * 8 // 6]


def leaks(secrets: Iterable[str], places: Iterable[Path], patterns: Path) -> list[tuple[Path, str, bytes]]:
    """Search every byte of all files below `places`; return file, secret and form. `patterns` is a file to write."""
    wanted = {form: secret for secret in secrets for form in forms(secret)}
    assert not any(b"\n" in form or len(form) < 8 for form in wanted)
    patterns.write_bytes(b"\n".join(wanted))
    files = sorted(file for place in places for file in _files(place) if file != patterns)
    return [(path, wanted[form], form) for path in _matching(patterns, files) for form in _matches(patterns, path)]


def _files(place: Path) -> Iterator[Path]:
    yield from (path for path in place.rglob("*") if path.is_file()) if place.is_dir() else (place,)


def _matching(patterns: Path, files: list[Path]) -> list[Path]:
    """Return the files with a match. grep finds thousands of strings in one pass; Python would need one pass each."""
    matching: list[Path] = []
    for start in range(0, len(files), 1000):
        told = _grep(patterns, "--files-with-matches", "--null", "--", *map(str, files[start : start + 1000]))
        matching += [Path(name.decode()) for name in told.split(b"\0") if name]
    return matching


def _matches(patterns: Path, path: Path) -> list[bytes]:
    """Return which patterns a file holds."""
    return sorted({match for match in _grep(patterns, "--only-matching", "--", str(path)).split(b"\n") if match})


def _grep(patterns: Path, *what: str) -> bytes:
    grep = shutil.which("grep")
    assert grep, "install grep"
    command = [grep, "--binary-files=text", "--fixed-strings", "--no-filename", f"--file={patterns}", *what]
    told = subprocess.run(command, capture_output=True, env={"LC_ALL": "C"}, check=False)
    assert told.returncode in (0, 1), told.stderr.decode()
    return told.stdout
