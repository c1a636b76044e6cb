"""What an operator can set: one TOML file, SALUS_* variables over it. No setting carries a right or a limit of one."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from salus.identity import MOST_PEOPLE
from salus.kernel import Invalid

KINDS = ("production", "demo")


class SettingsRefused(Invalid):
    """A setting that cannot be, with its name and what to write instead."""

    code = "SALUS-A003"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """Every setting of a node.

    data: the data folder. name: the node's public name, fixed at its first start. postgres: auto, wheel, system or a
    postgresql:// address. host, port: where to listen; beyond loopback only with tls_certificate and tls_key (PEM
    files). url: the public address, for tokens and passkeys. passphrase_file: opens the custodian's sealed keys; a
    demo node makes its own. witnesses: file that names who cosigns the log, and where they answer. plans:
    file of plans of follow-up in place of those that come along. country: two letters of ISO 3166-1, for
    certificates in formats of other systems; XX is nobody's. clock: RFC 3339 instant at which a new demo node
    starts. register_people: how many people the register is for, rounded up to the next doubling of a million; None
    is what was said last, else a million. mllp_host, mllp_port: where to take messages of HL7 v2; nowhere while the
    port is 0, and beyond loopback only with mllp_certificate, mllp_key and mllp_clients (PEM files: whose certificates
    are let in). pkcs11_module, pkcs11_token, pkcs11_pin_file: where new keys for certificates are made and kept instead
    of the sealed file, all three or none: a PKCS#11 library, the label of its token, a file with its user's PIN.
    mllp_senders: which facility each MSH-4 is. A file writes these as a table, `[mllp]`.
    """

    data: Path = Path(".salus")
    name: str = "salus.local"
    postgres: str = "auto"
    host: str = "127.0.0.1"
    port: int = 8000
    url: str = ""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    passphrase_file: Path | None = None
    witnesses: Path | None = None
    plans: Path | None = None
    country: str = "XX"
    register_people: int | None = None
    pkcs11_module: Path | None = None
    pkcs11_token: str = ""
    pkcs11_pin_file: Path | None = None
    mllp_host: str = "127.0.0.1"
    mllp_port: int = 0
    mllp_senders: str = ""
    mllp_certificate: Path | None = None
    mllp_key: Path | None = None
    mllp_clients: Path | None = None
    clock: str = field(default="")

    @property
    def secure(self) -> bool:
        """Tell whether others reach this node over TLS, its own or a proxy's."""
        return self.tls_certificate is not None or self.url.startswith("https://")

    @property
    def public_url(self) -> str:
        """The address that others use, without a slash at its end."""
        scheme = "https" if self.tls_certificate else "http"
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return (self.url or f"{scheme}://{shown}:{self.port}").rstrip("/")


_PATHS = {
    "data",
    "mllp_certificate",
    "mllp_clients",
    "mllp_key",
    "passphrase_file",
    "pkcs11_module",
    "pkcs11_pin_file",
    "plans",
    "tls_certificate",
    "tls_key",
    "witnesses",
}
_PORTS = {"port", "mllp_port"}
_TABLE = "mllp"


def load_settings(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    given: Mapping[str, object] | None = None,
) -> NodeSettings:
    """Read settings: the file's, then SALUS_* variables, then what the command line gave (None means not given).

    Raises SettingsRefused for an unknown name or a value that cannot be.
    """
    environment = os.environ if environment is None else environment
    known = {f.name for f in fields(NodeSettings)}
    values: dict[str, object] = {}
    chosen = file or (Path(environment["SALUS_SETTINGS"]) if "SALUS_SETTINGS" in environment else None)
    if chosen:
        values |= _from_file(chosen, known)
    values |= {name: environment[f"SALUS_{name.upper()}"] for name in known if f"SALUS_{name.upper()}" in environment}
    values |= {name: value for name, value in (given or {}).items() if value is not None}
    return _checked(replace(NodeSettings(), **{name: _typed(name, value) for name, value in values.items()}))  # type: ignore[arg-type]


def may_listen(settings: NodeSettings) -> None:
    """Refuse to listen beyond loopback without TLS, and for messages without client certificates."""
    if not (settings.tls_certificate and settings.tls_key) and not _loopback(settings.host):
        raise SettingsRefused(
            f"will not listen on {settings.host} without TLS: set tls_certificate and tls_key, or listen on 127.0.0.1"
        )
    if settings.mllp_port and not settings.mllp_clients and not _loopback(settings.mllp_host):
        raise SettingsRefused(
            f"will not take messages on {settings.mllp_host} without client certificates: set mllp_certificate,"
            " mllp_key and mllp_clients, or listen on 127.0.0.1"
        )


def octets_of(setting: str, path: Path) -> bytes:
    """Return what the file of a setting holds. Raises SettingsRefused, naming the setting, if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsRefused(f"{setting}: {path} cannot be read: {error.strerror}") from None


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _from_file(path: Path, known: set[str]) -> dict[str, object]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"the settings file {path} cannot be read: {error}") from None
    table = found.pop(_TABLE, {})
    if not isinstance(table, dict):
        raise SettingsRefused(f"{path}: {_TABLE} is a table")
    found |= {f"{_TABLE}_{name}": value for name, value in table.items()}
    unknown = sorted(set(found) - known)
    if unknown:
        raise SettingsRefused(f"{path}: unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}")
    return found


def _typed(name: str, value: object) -> object:
    if name in _PATHS:
        return Path(str(value))
    if name in _PORTS:
        if not str(value).isascii() or not str(value).isdigit() or not 0 <= int(str(value)) <= 65535:
            raise SettingsRefused(f"{name}: {value!r} is no port; write 0 to 65535")
        return int(str(value))
    if name == "register_people":
        return _people(value)
    if not isinstance(value, str):
        raise SettingsRefused(f"{name}: write a text")
    return value


def _people(value: object) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and 1 <= int(text) <= MOST_PEOPLE):
        raise SettingsRefused(
            f"register_people: {value!r} is no number of people; write in digits alone how many live where the node"
            f" serves, from 1 to {MOST_PEOPLE}, as in 50000000"
        )
    return int(text)


def _checked(settings: NodeSettings) -> NodeSettings:
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise SettingsRefused("tls_certificate and tls_key go together")
    if len({bool(settings.mllp_certificate), bool(settings.mllp_key), bool(settings.mllp_clients)}) > 1:
        raise SettingsRefused("mllp_certificate, mllp_key and mllp_clients go together")
    if len({bool(settings.pkcs11_module), bool(settings.pkcs11_token), bool(settings.pkcs11_pin_file)}) > 1:
        raise SettingsRefused("pkcs11_module, pkcs11_token and pkcs11_pin_file go together")
    return settings
