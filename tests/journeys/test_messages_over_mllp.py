"""Messages over real sockets: framing as it comes, half messages, too large ones, strangers, certificates."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

import salus.web.mllp as mllp
from hl7_messages import Line, a_line, a_receiving_node, adt, listening, message, oru, pid, pv1, said
from salus import parties, records
from salus.app import Node, SettingsRefused, load_settings, may_listen
from salus.storage import Duty
from salus_abuse.ports import free_port
from serving import serving


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_receiving_node(tmp_path_factory.mktemp("mllp"), "H1") as opened, listening(opened):
        yield opened


@pytest.fixture
def line(node: Node) -> Iterator[Line]:
    with a_line(node) as opened:
        yield opened


def count(node: Node) -> int:
    """Return how many resources are stored."""
    with node.store.transaction(Duty.CARE) as tx:
        return records.totals(tx)["resources"]


def test_a_message_is_stored_before_it_is_answered(node: Node, line: Line) -> None:
    before = count(node)
    answer = line.say(adt("A01", "S1", pid("S1"), pv1("S1")))

    assert said(answer) == "AA"
    assert answer.split(b"\r")[1] == b"MSA|AA|S1"
    assert count(node) == before + 2


def test_many_messages_go_over_one_connection_in_order(node: Node, line: Line) -> None:
    for n in range(20):
        assert line.say(adt("A08", f"O{n}", pid("O1", p13=str(n)))).split(b"\r")[1] == f"MSA|AA|O{n}".encode()


def test_messages_sent_without_waiting_are_answered_one_by_one_in_order(line: Line) -> None:
    sent = [adt("A08", f"W{n}", pid("W1", p13=str(n))) for n in range(10)]
    line.connection.sendall(b"".join(b"\x0b" + raw + b"\x1c\r" for raw in sent))

    assert [line.hear().split(b"\r")[1] for _ in sent] == [f"MSA|AA|W{n}".encode() for n in range(10)]


def test_a_message_that_comes_byte_by_byte_is_taken(line: Line) -> None:
    raw = b"\x0b" + adt("A28", "B1", pid("B1")) + b"\x1c\r"
    for place in range(len(raw)):
        line.connection.sendall(raw[place : place + 1])

    assert said(line.hear()) == "AA"


@pytest.mark.parametrize("around", [b"\r\n", b"\x1c\r", b"noise", b""])
def test_what_stands_between_frames_is_passed_over(line: Line, around: bytes) -> None:
    name = f"N{around.hex()}"
    line.connection.sendall(around + b"\x0b" + adt("A28", name, pid(name)) + b"\x1c\r" + around)

    assert said(line.hear()) == "AA"
    assert said(line.say(adt("A28", name + "x", pid(name + "x")))) == "AA"


def test_a_half_message_before_a_new_one_is_dropped(node: Node, line: Line) -> None:
    half = adt("A28", "H1", pid("HALF1"))[:-20]
    line.connection.sendall(b"\x0b" + half)

    assert line.say(adt("A28", "H2", pid("HALF2"))).split(b"\r")[1] == b"MSA|AA|H2"


def test_a_connection_that_ends_in_a_message_stores_nothing(node: Node) -> None:
    before = count(node)
    with a_line(node) as line:
        line.connection.sendall(b"\x0b" + adt("A28", "E1", pid("E1"))[:-10])
        line.connection.shutdown(socket.SHUT_WR)
        assert line.hear() == b""

    assert count(node) == before


def test_a_message_of_twenty_megabytes_is_refused_and_the_line_goes_on(node: Node, line: Line) -> None:
    before = count(node)
    large = oru("L1", pid("L1"), "OBR|1||L|X^X^L", "OBX|1|TX|Y^Y^L||" + "x" * 20_000_000 + "||||||F")
    answer = line.say(large)

    assert answer.split(b"\r")[1].startswith(b"MSA|AE|L1")
    assert b"104^Value too long" in answer
    assert count(node) == before
    assert said(line.say(adt("A28", "L2", pid("L2")))) == "AA"


def test_a_message_just_below_four_megabytes_is_read(line: Line) -> None:
    text = "\r".join(f"OBX|{n}|TX|Y^Y^L||" + "文" * 1_000 + "||||||F" for n in range(1_000))

    assert said(line.say(oru("M1", pid("M1"), "OBR|1||M|X^X^L", text))) == "AA"


def test_who_sends_a_message_slowly_is_answered_and_cut_off(
    node: Node, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mllp, "FRAME_SECONDS", 0.3)
    line.connection.sendall(b"\x0b" + adt("A28", "T1", pid("T1"))[:80])

    answer = line.hear()
    assert answer.split(b"\r")[1].startswith(b"MSA|AR|T1")
    assert line.hear() == b""


def test_noise_without_end_is_cut_off(node: Node) -> None:
    with a_line(node) as line:
        assert shout(line, b"x" * 65536, 1_000) < 1_000


def shout(line: Line, noise: bytes, times: int) -> int:
    """Send noise until the other end closes; return how often it took it."""
    for sent in range(times):
        try:
            line.connection.sendall(noise)
        except ConnectionError:
            return sent
    return times


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"MSH",
        b"MSH|",
        b"MSH|^~\\&",
        b"hello",
        b"BHS|^~\\&|A",
        b"MSH|^~\\&|HIS|H1\r" * 2,
        b"\xff\xfe\x00",
        b"MSH|||||",
        b"MSH" + b"|" * 5000,
    ],
)
def test_what_is_no_message_is_answered(line: Line, raw: bytes) -> None:
    assert said(line.say(raw)) in ("AE", "AR")


def test_a_sender_who_is_not_listed_is_rejected(line: Line) -> None:
    answer = line.say(message("ADT^A28", "X1", pid("X1"), header={4: "H2"}))

    assert said(answer) == "AR"
    assert b"204^Unknown key identifier^HL70357" in answer


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_name_arrives_in_the_encoding_that_the_header_names(node: Node, line: Line, encoding: str) -> None:
    shown = {"utf-8": "UNICODE UTF-8", "gb18030": "GB18030"}[encoding]
    told = pid(f"C{encoding}", p5="欧阳^镕基𠀀^^^^^L^I")
    answer = line.say(message("ADT^A28", f"C{encoding}", told, header={18: shown}, encoding=encoding))

    assert answer.decode(encoding).split("\r")[1] == f"MSA|AA|C{encoding}"
    assert answer.decode(encoding).split("\r")[0].endswith(shown)


def test_an_encoding_that_the_header_does_not_name_is_refused(line: Line) -> None:
    answer = line.say(message("ADT^A28", "G1", pid("G1", p5="张^三"), header={18: ""}, encoding="gb18030"))

    assert said(answer) == "AE"
    assert b"MSH^1^18" in answer


def test_sixteen_connections_at_once_lose_nothing(node: Node) -> None:
    before = count(node)

    def send(place: int) -> list[str]:
        with a_line(node) as line:
            return [
                said(line.say(adt("A01", f"K{place}-{n}", pid(f"K{place}-{n}"), pv1(f"K{place}-{n}"))))
                for n in range(10)
            ]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(16)))

    assert answers == [["AA"] * 10] * 16
    assert count(node) == before + 320


def test_more_connections_than_there_may_be_are_closed(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mllp, "MOST_CONNECTIONS", 0)
    with a_line(node) as line:
        assert line.hear() == b""


def test_beyond_loopback_messages_are_taken_with_client_certificates_only(tmp_path: Path) -> None:
    given = {"mllp_host": "0.0.0.0", "mllp_port": 2575}
    with pytest.raises(SettingsRefused, match="client certificates"):
        may_listen(load_settings(environment={}, given=given))
    with pytest.raises(SettingsRefused, match="go together"):
        load_settings(environment={}, given=given | {"mllp_clients": tmp_path / "clients.pem"})


def certificate(folder: Path, name: str) -> tuple[Path, Path, ec.EllipticCurvePrivateKey]:
    """Make a self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP384R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, secret, key


def test_over_tls_a_certificate_speaks_for_the_system_whose_key_it_has(tmp_path: Path) -> None:
    mine, other = certificate(tmp_path, "hospital"), certificate(tmp_path, "stranger")
    server = certificate(tmp_path, "node")
    listed = tmp_path / "clients.pem"
    listed.write_bytes(mine[0].read_bytes() + other[0].read_bytes())
    (tmp_path / "node-data").mkdir()
    with a_receiving_node(tmp_path / "node-data", "H1") as node:
        public = ECKey.import_key(mine[2].public_key()).as_dict(private=False) | {"kid": "mllp"}
        parties.add_system(node.store, "H1", {"keys": [public]})
        node.settings = dataclasses.replace(
            node.settings, mllp_certificate=server[0], mllp_key=server[1], mllp_clients=listed
        )
        with listening(node):
            answers = {name: _over_tls(node, server[0], shown, name) for name, shown in
                       (("mine", mine), ("other", other))}  # fmt: skip
            with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
                _over_tls(node, server[0], None, "none")

    assert answers == {"mine": "AA", "other": "AR"}


def _over_tls(node: Node, trusted: Path, shown: tuple[Path, Path, object] | None, control: str) -> str:
    context = ssl.create_default_context(cafile=str(trusted))
    if shown:
        context.load_cert_chain(shown[0], shown[1])
    with (
        socket.create_connection(("127.0.0.1", node.settings.mllp_port), timeout=300) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        answer = Line(secured).say(adt("A28", control, pid(control)))
        assert answer
        return said(answer)


@pytest.mark.slow
def test_a_served_node_listens_where_its_settings_say(tmp_path: Path) -> None:
    port = free_port()
    settings = tmp_path / "salus.toml"
    (tmp_path / "node").mkdir()
    settings.write_text(f'[mllp]\nport = {port}\nsenders = "H8, 市一医院=H8"\n', "utf-8")
    with serving(tmp_path / "node", 0, "--settings", str(settings)) as served:
        names = ("--name", "First", "--name-zh", "一院", "--organisation", "Group")
        kind = ("--level", "3", "--kind", "hospital", "--county", "900101")
        assert served.command("facility", "add", "H8", *names, *kind).returncode == 0
        with socket.create_connection(("127.0.0.1", port), timeout=300) as connection:
            line = Line(connection)
            assert said(line.say(message("ADT^A28", "1", pid("1"), header={4: "H8"}))) == "AA"
            assert said(line.say(message("ADT^A28", "2", pid("2"), header={4: "市一医院"}))) == "AA"
        assert served.get("/healthz").status_code == 200
