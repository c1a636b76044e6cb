"""What a log or a server can make an auditor spend: counted in calls, never by a clock."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from audited import Paper, an_honest_paper, found_in, hash_of
from measures import ALIVE, DAY, HOUR
from salus.cli.actors import LABORATORY, Party
from salus.kernel import canonical
from salus_audit import places
from salus_audit.places import Missing, Place, Unreadable
from salus_audit.reading import chunks, walking
from salus_audit.reading.chunks import MOST_KEYS, PLACED
from salus_audit.reading.spill import Buckets

LATER = ALIVE + 2 * DAY
FORGED = base64.b64encode(bytes(64)).decode()


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paper:
    monkeypatch.setattr(walking, "STRETCH", 1)
    return an_honest_paper(tmp_path / "log")


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[bytes, bytes]]:
    """How often each key was tried on each message."""
    counted = Counter[tuple[bytes, bytes]]()
    true = chunks.signed

    def signed(key: bytes, message: bytes, signature: bytes) -> bool:
        counted[key, message] += 1
        return true(key, message, signature)

    monkeypatch.setattr(chunks, "signed", signed)
    return counted


def forge(paper: Paper, count: int, party: str = "L1") -> list[int]:
    return [
        paper.add("result", party=party, commitment=hash_of(f"forged {len(paper.log.entries)}"), signature=FORGED)
        for _ in range(count)
    ]


def test_no_key_is_tried_twice_on_a_bad_signature_however_many_stretches_its_batch_has(
    paper: Paper, tried: Counter[tuple[bytes, bytes]]
) -> None:
    forged = forge(paper, 1_000)
    for _ in range(20):
        paper.add("party-key", **Party.new("L1", "green-laboratories", LABORATORY).key_leaf)
        forged += forge(paper, 20)
    paper.close(LATER)

    found = paper.audit(workers=1)

    bad = {index for code, index in found_in(found) if code == "SIGNATURE"}
    assert bad == set(forged)
    assert max(tried.values()) == 1
    assert tried.total() >= 21 * len(forged)


def test_a_party_with_many_keys_makes_no_signature_cost_more_than_some(
    paper: Paper, tried: Counter[tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "MOST_OLDER", 200)
    for _ in range(3 * MOST_KEYS):
        paper.add("party-key", **Party.new("L2", "green-laboratories", LABORATORY).key_leaf)
    last = Party.new("L2", "green-laboratories", LABORATORY)
    paper.add("party-key", **last.key_leaf)
    paper.close(LATER)
    forged = forge(paper, 50, party="L2")
    told = {"result": {"party": "L2", "commitment": hash_of("good")}}
    good = paper.add("result", **told["result"], signature=last.sign(canonical(told)))
    paper.close(LATER + DAY)

    found = paper.audit(workers=1)

    bad = {index for code, index in found_in(found) if code == "SIGNATURE"}
    assert bad == set(forged)
    assert good not in bad
    assert tried.total() <= (MOST_KEYS + 1) * len(forged) + 100 + 200 + len(paper.log.entries)


def test_a_key_that_is_older_than_many_of_its_party_still_signs(
    paper: Paper, tried: Counter[tuple[bytes, bytes]]
) -> None:
    first = Party.new("L2", "green-laboratories", LABORATORY)
    paper.add("party-key", **first.key_leaf)
    for _ in range(3 * MOST_KEYS):
        paper.add("party-key", **Party.new("L2", "green-laboratories", LABORATORY).key_leaf)
    paper.close(LATER)
    bodies = [{"party": "L2", "commitment": hash_of(f"good {n}")} for n in range(20)]
    good = [paper.add("result", **one, signature=first.sign(canonical({"result": one}))) for one in bodies]
    forged = forge(paper, 3, party="L2")
    paper.close(LATER + DAY)

    found = paper.audit(workers=1)

    bad = {index for code, index in found_in(found) if code == "SIGNATURE"}
    assert bad == set(forged)
    assert not bad & set(good)
    assert tried.total() <= (MOST_KEYS + 2) * len(good) + (3 * MOST_KEYS + 2) * (len(forged) + 1) + 100


def test_a_key_may_come_later_in_the_batch_and_in_another_stretch_but_in_no_later_batch(paper: Paper) -> None:
    late, never = (Party.new(name, "green-laboratories", LABORATORY) for name in ("L3", "L4"))

    def signed(party: Party) -> int:
        told = {"result": {"party": party.name, "commitment": hash_of(party.name)}}
        return paper.add("result", **told["result"], signature=party.sign(canonical(told)))

    signed(late)
    early = signed(never)
    forged = forge(paper, 600)
    paper.add("party-key", **late.key_leaf)
    paper.close(LATER)
    paper.add("party-key", **never.key_leaf)
    paper.close(LATER + DAY)

    found = paper.audit(workers=1)

    assert [index for code, index in found_in(found) if code == "SIGNATURE"] == [early, *forged]


def test_no_choice_of_hashes_brings_them_all_into_one_bucket() -> None:
    mine, other = Buckets(), Buckets()
    chosen = [bytes([64]) + number.to_bytes(31) for number in range(4_096)]

    shares = Counter(mine.bucket_of(one) for one in chosen)

    assert max(shares.values()) < len(chosen) // 8
    assert [mine.bucket_of(one) for one in chosen] != [other.bucket_of(one) for one in chosen]


def test_a_hash_that_comes_again_is_told_with_its_first_place_and_each_time_that_it_is_asked() -> None:
    buckets = Buckets()
    for place in range(30_000):
        buckets.add(PLACED.pack(place, bytes(32) if place % 3 == 0 else place.to_bytes(32)))

    told = list(buckets.again())

    assert told == [(place, 0) for place in range(3, 30_000, 3)] == list(buckets.again())


def test_a_hash_is_found_at_its_first_place_wherever_it_was_put_and_however_long_the_list() -> None:
    short, long = Buckets(), Buckets()
    hashes = [sha256(place.to_bytes(4)).digest() for place in range(30_000)]
    for place, one in enumerate(hashes[:100] * 2):
        short.add(PLACED.pack(place, one))
    for place, one in enumerate(hashes):
        long.add(PLACED.pack(place, one))

    assert [short.places(one)[:1] for one in hashes[:200]] == [*([one] for one in range(100)), *[[]] * 100]
    assert [long.places(one) for one in hashes[::997]] == [[one] for one in range(0, 30_000, 997)]


class Clock:
    """A clock that goes as a server wants, so that no test waits for it."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(places, "time", clock)
    return clock


class Quiet(ThreadingHTTPServer):
    """A server whose callers may leave at any moment."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    servers: list[ThreadingHTTPServer] = []

    def begin(answer: Callable[[BaseHTTPRequestHandler], None], tls: ssl.SSLContext | None = None) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
                pass

        server = Quiet(("127.0.0.1", 0), Handler)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"

    yield begin
    for one in servers:
        one.shutdown()
        one.server_close()


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server at 127.0.0.1 needs, whose own certificate this process trusts."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - HOUR, now + HOUR)
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    authority = x509.BasicConstraints(ca=True, path_length=None)
    signed = made.add_extension(here, critical=True).add_extension(authority, critical=True).sign(key, SHA256())
    file = tmp_path / "server.pem"
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(signed.public_bytes(Encoding.PEM) + pkcs8)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setattr(places, "_tls", cache(ssl.create_default_context))
    return served


def test_a_log_is_read_over_tls_from_whom_its_certificate_names(serve: Any, tls: ssl.SSLContext, clock: Clock) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "4")
        handler.end_headers()
        handler.wfile.write(b"head")

    where = serve(answer, tls)

    assert Place.of(where).read("checkpoint", 100) == b"head"
    with pytest.raises(Unreadable, match="did not answer"):
        Place.of(where.replace("127.0.0.1", "localhost")).read("checkpoint", 100)


def test_a_handshake_that_never_ends_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "DEADLINE", 0.5)
    silent = socket.create_server(("127.0.0.1", 0))

    with silent, pytest.raises(Unreadable):
        Place.of(f"https://127.0.0.1:{silent.getsockname()[1]}").read("checkpoint", 100)


@pytest.mark.parametrize(("seconds", "asked"), [(1, 3), (25, 3), (40, 2), (70, 1)])
def test_all_tries_of_one_file_have_one_deadline(clock: Clock, serve: Any, seconds: int, asked: int) -> None:
    calls = []

    def slow(handler: BaseHTTPRequestHandler) -> None:
        calls.append(handler.path)
        clock.now += seconds
        handler.send_error(503)

    with pytest.raises(Unreadable):
        Place.of(serve(slow)).read("checkpoint", 100)

    assert len(calls) == asked


def test_a_server_that_sends_byte_by_byte_is_left_at_the_deadline(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It never ends its headers, and so meets no timeout of a socket; the connection is cut under it."""
    monkeypatch.setattr(places, "DEADLINE", 1.0)
    calls, ended = [], threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        calls.append(handler.path)
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
        for _ in range(600):
            try:
                handler.wfile.write(b"x")
            except OSError:
                break
            if ended.wait(0.05):
                break

    with pytest.raises(Unreadable):
        Place.of(serve(trickle)).read("checkpoint", 100)
    ended.set()

    assert 1 <= len(calls) <= 2


def test_an_answer_that_is_cut_short_is_asked_for_again_and_what_is_not_there_is_not(serve: Any) -> None:
    calls: list[str] = []

    def short(handler: BaseHTTPRequestHandler) -> None:
        calls.append(handler.path)
        if handler.path == "/nothing":
            handler.send_error(404)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", "10")
        handler.end_headers()
        handler.wfile.write(b"whole file" if len(calls) > 1 else b"who")

    place = Place.of(serve(short))
    assert place.read("checkpoint", 100) == b"whole file"
    with pytest.raises(Missing):
        place.read("nothing", 100)

    assert calls == ["/checkpoint", "/checkpoint", "/nothing"]
