"""Checking a log from its files: whatever is lost, cut or changed is found and named, in a folder and over the web."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.keys import Ed25519Signer
from salus.ledger import NoLog, anchor_leaf, node_leaf, verify_directory
from salus.proof import ProofError, VerifierKey, leaf_hash, root, sign_checkpoint
from salus.proof.tiles import CHECKPOINT_PATH, KEY_PATH, TileName, edge_of, grow, join_entries

SIGNER = Ed25519Signer("salus.example/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))
KEY = VerifierKey.of(SIGNER)
SIZE = 700


def leaves(count: int) -> list[bytes]:
    rest = (anchor_leaf("register", size, bytes([size % 256]) * 32) for size in range(1, count))
    return [leaf.encoded for leaf in (node_leaf("demo", "node"), *rest)]


def write_log(folder: Path, entries: list[bytes], *, first_step: int = 300) -> None:
    """Write a log that grew in two steps, without a sequencer."""
    tiles: dict[TileName, bytes] = {}
    hashes = [leaf_hash(entry) for entry in entries]
    for start, end in ((0, first_step), (first_step, len(entries))):
        edge = {name.level: tiles[name] for name in edge_of(start)}
        tiles |= grow(start, edge, hashes[start:end])  # type: ignore[arg-type]
    files = {name.path: content for name, content in tiles.items()}
    for name in tiles:
        if name.level == 0:
            bundle = TileName(level=None, index=name.index, width=name.width)
            files[bundle.path] = join_entries(entries[name.first : name.first + name.width])
    files[KEY_PATH] = f"{KEY}\n".encode()
    files[CHECKPOINT_PATH] = sign_checkpoint(len(entries), root(hashes), SIGNER).note.encode()
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_log(tmp_path, leaves(SIZE))
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    yield from served(partial(QuietFiles, directory=str(folder)))


class QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


def served(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def codes(place: Path | str) -> list[str]:
    return [finding.code for finding in verify_directory(place, KEY).findings]


def flip(path: Path, place: int = 0) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)


def test_a_whole_log_has_no_findings_and_the_report_says_what_was_checked(folder: Path) -> None:
    report = verify_directory(folder, str(KEY))

    assert report.good
    assert report.key_given
    assert report.node == node_leaf("demo", "node")
    assert report.as_json()["size"] == SIZE
    assert report.as_json()["findings"] == []
    assert report.files > 9


def test_without_a_key_the_published_one_is_taken_and_the_report_says_so(folder: Path) -> None:
    report = verify_directory(folder)

    assert report.good
    assert report.key == str(KEY)
    assert not report.key_given


def test_a_log_is_checked_over_the_web_as_in_a_folder(folder: Path, address: str) -> None:
    assert verify_directory(address, KEY).good
    flip(folder / "tile/0/000")

    assert codes(address + "/") == codes(folder) == ["LOG-TILE"]


def test_a_log_that_only_grew_begins_with_the_checkpoint_of_an_earlier_day(folder: Path) -> None:
    hashes = [leaf_hash(entry) for entry in leaves(SIZE)]
    kept = [sign_checkpoint(size, root(hashes[:size]), SIGNER).note for size in (0, 1, 256, 300, SIZE)]

    assert [verify_directory(folder, KEY, since).good for since in kept] == [True] * 5


def test_a_log_that_was_rewritten_or_cut_is_caught_by_the_checkpoint_of_an_earlier_day(folder: Path) -> None:
    forked = sign_checkpoint(300, root([leaf_hash(b"another past")] * 300), SIGNER).note
    longer = sign_checkpoint(SIZE + 1, bytes(32), SIGNER).note
    others = sign_checkpoint(1, bytes(32), Ed25519Signer(SIGNER.name, Ed25519PrivateKey.generate())).note
    found = [verify_directory(folder, KEY, kept).findings for kept in (forked, longer, others, "", "no note")]

    assert [[one.code for one in each] for each in found] == [
        ["LOG-FORK"],
        ["LOG-SHRUNK"],
        ["LOG-KEPT"],
        ["LOG-KEPT"],
        ["LOG-KEPT"],
    ]


LOST = {
    "checkpoint": ["LOG-MISSING"],
    "tile/0/001": ["LOG-MISSING"],
    "tile/0/002.p/188": ["LOG-MISSING"],
    "tile/1/000.p/2": ["LOG-MISSING"],
    "tile/entries/001": ["LOG-MISSING"],
    "tile/entries/002.p/188": ["LOG-MISSING"],
}


@pytest.mark.parametrize("path", LOST)
def test_a_missing_file_is_named(folder: Path, path: str) -> None:
    (folder / path).unlink()

    report = verify_directory(folder, KEY)
    assert [finding.code for finding in report.findings] == LOST[path]
    assert report.findings[0].where == path


def test_without_tile_and_bundle_the_root_cannot_be_recomputed(folder: Path) -> None:
    (folder / "tile/0/001").unlink()
    (folder / "tile/entries/001").unlink()

    assert codes(folder) == ["LOG-MISSING", "LOG-MISSING", "LOG-ROOT"]


def test_a_missing_published_key_is_named_only_where_it_is_needed(folder: Path) -> None:
    (folder / KEY_PATH).unlink()

    assert verify_directory(folder, KEY).good
    assert [finding.where for finding in verify_directory(folder).findings] == [KEY_PATH]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("checkpoint", ["LOG-SIGNATURE"]),
        ("tile/0/001", ["LOG-TRUNCATED"]),
        ("tile/0/002.p/188", ["LOG-TRUNCATED"]),
        ("tile/1/000.p/2", ["LOG-TRUNCATED"]),
        ("tile/entries/000", ["LOG-TRUNCATED"]),
        ("tile/entries/001.p/44", ["LOG-TRUNCATED"]),
        ("tile/0/001.p/44", ["LOG-TRUNCATED"]),
    ],
)
def test_a_file_cut_short_is_named(folder: Path, path: str, found: list[str]) -> None:
    content = (folder / path).read_bytes()
    (folder / path).write_bytes(content[:-1])

    report = verify_directory(folder, KEY)
    assert [finding.code for finding in report.findings] == found
    assert report.findings[0].where == path


@pytest.mark.parametrize(
    "path", ["checkpoint", "tile/0/001", "tile/1/000.p/2", "tile/0/001.p/44", "tile/entries/000", "tile/entries/001"]
)
@pytest.mark.parametrize("place", [0, 7, -2])
def test_a_flipped_bit_anywhere_is_found(folder: Path, path: str, place: int) -> None:
    flip(folder / path, place)

    assert codes(folder) != []


def test_a_replaced_entry_is_found_by_its_tile_and_by_the_root(folder: Path) -> None:
    entries = leaves(SIZE)[:256]
    entries[9] = anchor_leaf("register", 10_000, bytes(32)).encoded
    (folder / "tile/entries/000").write_bytes(join_entries(entries))

    report = verify_directory(folder, KEY)
    assert [finding.code for finding in report.findings] == ["LOG-TILE", "LOG-ROOT", "LOG-TILE"]
    assert report.findings[0].where.endswith("entry 9")


def test_a_log_rewritten_whole_but_not_signed_is_found_by_the_root(folder: Path) -> None:
    signed = (folder / CHECKPOINT_PATH).read_bytes()
    other = leaves(SIZE)
    other[9] = anchor_leaf("register", 10_000, bytes(32)).encoded
    write_log(folder, other)
    (folder / CHECKPOINT_PATH).write_bytes(signed)

    assert codes(folder) == ["LOG-ROOT"]


def test_a_log_signed_by_another_key_of_the_same_name_is_found(folder: Path) -> None:
    other = VerifierKey(name=KEY.name, public_key=bytes([1]) * 32)

    assert [finding.code for finding in verify_directory(folder, other).findings] == ["LOG-KEY", "LOG-SIGNATURE"]


def test_a_published_key_that_misleads_is_found(folder: Path) -> None:
    (folder / KEY_PATH).write_text(str(VerifierKey(name="salus.example/log", public_key=bytes([1]) * 32)))

    assert codes(folder) == ["LOG-KEY"]
    assert [finding.code for finding in verify_directory(folder).findings] == ["LOG-SIGNATURE"]


@pytest.mark.parametrize(
    "entries",
    [
        [anchor_leaf("register", 1, bytes(32)).encoded, *leaves(9)[1:]],
        [*leaves(9), node_leaf("production", "late").encoded],
        [*leaves(9), b'{"person":{"name":"anybody"}}'],
        [*leaves(9), b""],
    ],
)
def test_a_signed_leaf_that_no_log_may_hold_is_found(tmp_path: Path, entries: list[bytes]) -> None:
    write_log(tmp_path, entries, first_step=5)

    assert set(codes(tmp_path)) == {"LOG-LEAF"}


def test_files_that_no_log_has_are_found_and_unpublished_ones_are_not(folder: Path) -> None:
    (folder / "tile/0/009").write_bytes(bytes(8192))
    assert codes(folder) == []
    (folder / "tile/0/notes.txt").write_text("x")

    assert codes(folder) == ["LOG-STRAY"]


@pytest.mark.parametrize("path", [CHECKPOINT_PATH, "tile/0/000", "tile/1/000.p/2"])
def test_an_oversized_file_is_not_read(folder: Path, path: str) -> None:
    with (folder / path).open("ab") as file:
        file.write(bytes(100_000))

    assert codes(folder)[0] == "LOG-UNREADABLE"


def test_a_head_of_an_absurd_size_ends_at_the_first_missing_file(folder: Path) -> None:
    (folder / CHECKPOINT_PATH).write_text(sign_checkpoint(2**62, bytes(32), SIGNER).note)

    assert codes(folder)[-3:] == ["LOG-MISSING", "LOG-MISSING", "LOG-ROOT"]


def test_findings_end_at_a_hundred(folder: Path) -> None:
    (folder / "tile/0/000").write_bytes(bytes(8192))

    assert len(codes(folder)) == 100


@pytest.mark.parametrize("place", ["file:///etc", "ftp://127.0.0.1/log", "gopher://x/", "/nowhere/at/all"])
def test_a_place_that_is_neither_folder_nor_http_is_refused(place: str) -> None:
    with pytest.raises(NoLog):
        verify_directory(place, KEY)


def test_a_malformed_key_is_the_caller_s_mistake_and_no_finding(folder: Path) -> None:
    with pytest.raises(ProofError):
        verify_directory(folder, "no key")


class Redirects(QuietFiles):
    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()


class Endless(QuietFiles):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(65_536))
        except OSError:
            return


class CutShort(QuietFiles):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"only this")


@pytest.mark.parametrize(
    ("handler", "text"),
    [(Redirects, "302"), (Endless, "larger than"), (CutShort, "cut short")],
)
def test_a_server_that_misbehaves_is_a_finding_and_not_an_error(handler: type[QuietFiles], text: str) -> None:
    for address in served(handler):
        report = verify_directory(address, KEY)
        assert [finding.where for finding in report.findings] == [CHECKPOINT_PATH]
        assert text in report.findings[0].text


def test_an_unreachable_server_is_a_finding() -> None:
    assert codes("http://127.0.0.1:1/log") == ["LOG-UNREADABLE"]
