"""Logs as static files, written without a node, cosigned by witnesses made from seeds, and served by any web server."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

from salus.ledger import Leaf, anchor_leaf, node_leaf
from salus.proof import VerifierKey, leaf_hash, root
from salus.proof.tiles import CHECKPOINT_PATH, KEY_PATH, TileName, edge_of, grow, join_entries
from witness_keys import LOG, WITNESSES, SeededSigner, cosigned

KEY = VerifierKey.of(LOG)
NOON = datetime(2031, 3, 1, 12, tzinfo=UTC)
THREE: Mapping[int, datetime] = dict.fromkeys(range(3), NOON)


def leaves(count: int, mark: int = 0) -> list[bytes]:
    """Make the entries of a log; logs of another mark differ from the second entry on."""
    return [
        node_leaf("demo", "node").encoded,
        *(anchor_leaf("register", number, bytes([mark]) * 32).encoded for number in range(1, count)),
    ]


def witness_leaf(signer: SeededSigner, organisation: str) -> bytes:
    """Say whose a witness is."""
    key = base64.b64encode(signer.public_key).decode()
    body = {"party": signer.name.partition("/")[2], "organisation": organisation, "duty": "witness", "key": key}
    return Leaf(kind="party-key", body=body).encoded


def write_log(
    folder: Path, entries: Sequence[bytes], steps: Sequence[int] = (), times: Mapping[int, datetime] = THREE
) -> Path:
    """Write the log of these entries as if it had grown in steps, cosigned by the witnesses with these numbers."""
    tiles: dict[TileName, bytes] = {}
    hashes = [leaf_hash(entry) for entry in entries]
    edges = [0, *steps, len(entries)]
    for start, end in pairwise(edges):
        edge = {name.level: tiles[name] for name in edge_of(start) if name.level is not None}
        tiles |= grow(start, edge, hashes[start:end])
    files = {name.path: content for name, content in tiles.items()}
    for name in tiles:
        if name.level == 0:
            bundle = TileName(level=None, index=name.index, width=name.width)
            files[bundle.path] = join_entries(entries[name.first : name.first + name.width])
    files[KEY_PATH] = f"{KEY}\n".encode()
    files[CHECKPOINT_PATH] = cosigned(len(entries), root(hashes), times).encode()
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


class Counting(SimpleHTTPRequestHandler):
    """Any static web server; it counts what is asked of it."""

    asked: list[str]

    def __init__(self, *args: object, asked: list[str], directory: str) -> None:
        self.asked = asked
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder; yield its address and the list of paths that were asked for."""
    asked: list[str] = []
    handler = partial(Counting, directory=str(folder), asked=asked)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


__all__ = ["KEY", "NOON", "THREE", "WITNESSES", "leaves", "served", "witness_leaf", "write_log"]
