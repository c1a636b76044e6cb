"""A process from which others are forked, each of which closes a batch with its witness and dies at one write.

Writes are counted where they happen: each statement and each commit of the database, each file opened to be written,
forced to disk, moved or cut, before it and after it. A child dies by SIGKILL at the n-th of them, or lives to the end.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.transaction import BaseTransaction

from salus.kernel import SystemClock
from salus.keys import Ed25519Signer
from salus.ledger import Gathering, Sequencer, Witness, anchor_leaf, append
from salus.proof import VerifierKey
from salus.storage import Duty, Settings, open_store
from salus.witness import Settings as WitnessSettings
from salus.witness import Witness as Cosigner
from salus.witness import serving
from salus.witness.service import Signer as Cosignatory
from salus.witness.store import Folder

NAME = "witness.example"
ASIDE = re.compile(r"\.new\d*$")


class Dying:
    """Counts the writes of this process and kills it at the chosen one, having said where on `told`."""

    def __init__(self, point: int, torn: bool, told: int) -> None:
        self._left, self._torn, self._told = point, torn, told
        self._turn = threading.RLock()
        self._armed = False
        self._writing = threading.local()

    def arm(self) -> None:
        self._armed = True

    def acknowledge(self, words: list[str]) -> None:
        os.write(self._told, json.dumps({"acknowledged": words}).encode() + b"\n")

    def at(self, where: str, descriptor: int | None = None) -> None:
        """One write; where a file is about to be forced to disk and `torn` is set, half of it was never there."""
        with self._turn:
            if not self._armed:
                return
            self._left -= 1
            if self._left:
                return
            if self._torn and descriptor is not None and where == "before fsync of a file":
                os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
            os.write(self._told, json.dumps({"at": where}).encode() + b"\n")
            os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()

    @contextmanager
    def around(self, what: str, descriptor: int | None = None) -> Iterator[None]:
        self.at(f"before {what}", descriptor)
        yield
        self.at(f"after {what}")

    def install(self) -> None:
        """Put the counting in the way of every write that the log, its files and the witness make."""
        self._wrap(os, "fsync", _forced)
        self._wrap(pathlib.Path, "replace", lambda path, target: f"move of {_place(Path(target))}")
        self._wrap(pathlib.Path, "mkdir", lambda path, *_, **__: "mkdir")
        self._wrap(psycopg.Connection, "execute", self._statement)
        self._wrap(psycopg.Cursor, "copy", self._statement)
        self._wrap(Ed25519Signer, "sign", lambda *_: "signature of the log")
        self._wrap(Cosignatory, "sign", lambda *_: "signature of the witness")
        sys.addaudithook(self._opened)
        commit = BaseTransaction._commit_gen

        def committing(transaction: Any) -> Any:
            if not getattr(self._writing, "now", False):
                return (yield from commit(transaction))
            self._writing.now = False
            with self.around("commit"):
                return (yield from commit(transaction))

        BaseTransaction._commit_gen = committing  # type: ignore[method-assign]

    def _statement(self, _: object, sql: object, *__: object, **___: object) -> str:
        words = str(sql).split()
        if not words or words[0] not in ("insert", "delete", "copy", "update"):
            return ""
        self._writing.now = True
        return " ".join(words[: 2 if words[0] == "copy" else 3])

    def _opened(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Count a file that is opened to be written anew: it is empty then until its content comes."""
        if event == "open" and isinstance(arguments[0], str) and ASIDE.search(arguments[0]):
            self.at("before open")

    def _wrap(self, owner: Any, name: str, what: Callable[..., str]) -> None:
        original = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            label = what(*args, **kwargs)
            if not label:
                return original(*args, **kwargs)
            with self.around(label, args[0] if label == "fsync of a file" else None):
                return original(*args, **kwargs)

        setattr(owner, name, wrapped)


def _forced(descriptor: int) -> str:
    return f"fsync of a {'folder' if stat.S_ISDIR(os.fstat(descriptor).st_mode) else 'file'}"


def _place(target: Path) -> str:
    """A published file by its kind; the witness's head by its own name."""
    if "logs" in target.parts:
        return "the witness's head"
    return "tile" if "tile" in target.parts else target.name


def close_one(asked: dict[str, Any], dying: Dying) -> None:
    """Hand leaves over, close the batch, let the witness cosign over HTTP, publish; again, so that tiles fill up."""
    rng = Random(asked["seed"])
    signer = Ed25519Signer("salus.example/log", Ed25519PrivateKey.from_private_bytes(bytes.fromhex(asked["key"])))
    folder = Folder(Path(asked["witness"]))
    settings = WitnessSettings(data=Path(asked["witness"]), name=NAME, logs=(VerifierKey.of(signer),), port=0)
    cosigner = Cosigner(settings, folder, SystemClock())
    with (
        open_store(Settings(data=Path(asked["data"]), postgres=asked["postgres"])) as store,
        serving._Server(("127.0.0.1", 0), serving._Answering) as server,
    ):
        server.witness = cosigner
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        gathering = Gathering(store, [Witness(key=cosigner.key, url=url)], SystemClock())
        sequencer = Sequencer(store, signer, Path(asked["files"]), SystemClock(), rng)
        dying.arm()
        with store.transaction(Duty.RELAY) as tx:
            leaves = [anchor_leaf("register", size, rng.randbytes(32)) for size in range(1, rng.randint(2, 5))]
            pending = [append(tx, leaf) for leaf in leaves]
        dying.acknowledge([str(one.id) for one in pending])
        sequencer.close_batch(lambda: gathering.gather(10.0))


def main() -> None:
    """For each line of JSON fork one that dies, and answer with what it said and how it ended."""
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            dying = Dying(asked["point"], asked["torn"], writing)
            dying.install()
            try:
                close_one(asked, dying)
            except BaseException as broke:
                os.write(writing, json.dumps({"broke": repr(broke)}).encode() + b"\n")
                os._exit(1)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            said = [json.loads(one) for one in told.read().splitlines()]
        _, status = os.waitpid(child, 0)
        answer = {"killed": os.WIFSIGNALED(status), "said": said}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
