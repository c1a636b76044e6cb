"""How a node listens: loopback by default, TLS by configuration, never beyond loopback without it."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from journeys.conftest import open_folder
from journeys.live import serving
from salus.app import SettingsRefused, load_settings, may_listen, open_node
from salus.cli.selftest import Client
from salus.cli.selftest.client import Failed
from salus.web import may_serve


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "hospital.example"])
def test_a_node_refuses_to_listen_beyond_loopback_without_tls(host: str) -> None:
    settings = load_settings(environment={}, given={"host": host})

    with pytest.raises(SettingsRefused, match="without TLS"):
        may_listen(settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_a_node_listens_on_loopback_without_tls(host: str) -> None:
    may_listen(load_settings(environment={}, given={"host": host}))


def test_a_certificate_without_its_key_is_refused() -> None:
    with pytest.raises(SettingsRefused, match="go together"):
        load_settings(environment={"SALUS_TLS_CERTIFICATE": "node.pem"})


@pytest.mark.parametrize("named", ["missing.pem", "node.pem"])
def test_a_certificate_that_cannot_be_served_with_is_refused_before_a_node_is_opened(
    tmp_path: Path, named: str
) -> None:
    certificate, _ = _certificate(tmp_path)
    given = {"port": 0, "tls_certificate": certificate, "tls_key": tmp_path / named}

    with pytest.raises(SettingsRefused, match=f"tls_key .*{named} cannot be served with"):
        may_serve(load_settings(environment={}, given=given))


def test_a_certificate_and_its_key_can_be_served_with(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)

    may_serve(load_settings(environment={}, given={"port": 0, "tls_certificate": certificate, "tls_key": key}))


def test_a_passphrase_file_that_is_missing_is_named_and_no_database_is_made(tmp_path: Path) -> None:
    given = {"data": tmp_path / "data", "passphrase_file": tmp_path / "missing"}

    with pytest.raises(SettingsRefused, match=r"passphrase_file: .*missing cannot be read"):
        open_node(load_settings(environment={}, given=given), "production")
    assert list((tmp_path / "data").iterdir()) == []


def test_a_node_with_a_certificate_speaks_tls_and_nothing_else(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = open_folder(tmp_path_factory, "tls")
    certificate, key = _certificate(folder)
    files = {"SALUS_TLS_CERTIFICATE": str(certificate), "SALUS_TLS_KEY": str(key)}
    with serving(folder, "serve", "--demo", ready="serving demo", **files) as node:
        port = httpx.URL(node.url).port

        answer = httpx.get(f"https://localhost:{port}/healthz", verify=_trusting(certificate), timeout=120)

        assert answer.json()["status"] == "ok"
        assert "max-age" in answer.headers["strict-transport-security"]
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://localhost:{port}/healthz", timeout=120)
        with pytest.raises(Failed, match="its certificate is not believed here"):
            Client(url=f"https://localhost:{port}", client_id="", key={}).ask("GET", "/healthz", bearer=False)


def _trusting(certificate: Path) -> object:
    import ssl

    return ssl.create_default_context(cafile=str(certificate))


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost that is good for an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "node.pem", folder / "node.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private
