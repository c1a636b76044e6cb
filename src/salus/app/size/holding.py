"""For how many people a node weighs, noted in its data folder: whoever has the node open weighs for the same.

It changes with the node's making, or as its server starts: while nobody else has it open, and only where the settings
say another number. Any other command may have been given by a shell whose variables are of another day.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from salus import identity
from salus.app.settings import SettingsRefused
from salus.kernel import SalusError

FILE: Final = "register.json"
LOCK: Final = "register.lock"
log = logging.getLogger("salus.register")


@dataclass(slots=True, kw_only=True)
class Held:
    """For how many people a node weighs; nobody changes that until it is released. `before`: what was said earlier."""

    people: int
    before: int
    _lock: int | None = field(repr=False)

    def release(self) -> None:
        """Let others change it. A node may be closed twice."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def hold(folder: Path, said: int | None, *, notes: bool = False) -> Held:
    """Return for how many people a folder's node weighs: the class of what is said, else of what was said last.

    Where nothing ever was it is a million. Only who `notes` may say something else than before. Raises SettingsRefused
    for anybody else who does, and while the node is open.
    """
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)  # whoever changes it holds it for a moment only
        before = _noted(folder)
        people = before if said is None else identity.class_of(said)
        if people != before and not notes:
            raise _unasked(before, people)
        if people != before:
            _note(folder, lock, before, people)
        return Held(people=people, before=before, _lock=lock)
    except BaseException:
        os.close(lock)
        raise


def _noted(folder: Path) -> int:
    try:
        return identity.class_of(int(json.loads((folder / FILE).read_text("utf-8"))["people"]))
    except FileNotFoundError:
        return identity.PROVEN
    except (OSError, ValueError, KeyError, TypeError, SalusError):
        raise SettingsRefused(f"{folder / FILE} cannot be read; remove it, and say register_people anew") from None


def _note(folder: Path, lock: int, before: int, people: int) -> None:
    """Note another number. The lock is given back while it becomes a stronger one: afterwards it is read once more."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _differs(before, people) from None
    path = folder / FILE
    partial = path.with_name(path.name + ".new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps({"people": people}))
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    fcntl.flock(lock, fcntl.LOCK_SH)
    if (found := _noted(folder)) != people:
        raise _differs(found, people)
    log.warning("weighs for %d people from now on, before for %d", people, before)


def _unasked(before: int, people: int) -> SettingsRefused:
    return SettingsRefused(
        f"register_people: this node weighs for {before:,} people, and here the settings make it {people:,}; leave it"
        " out, or start the server with it: nothing else changes the number"
    )


def _differs(before: int, people: int) -> SettingsRefused:
    return SettingsRefused(
        f"register_people: this node is open and weighs for {before:,} people, and here the settings make it"
        f" {people:,}; leave it out, or stop the server and imports and start with the new number"
    )
