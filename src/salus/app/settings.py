"""What an operator can set: one TOML file, SALUS_* variables over it. No setting carries a right or a limit of one."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from salus.kernel import Invalid

KINDS = ("production", "demo")


class SettingsRefused(Invalid):
    """A setting that cannot be, with its name and what to write instead."""

    code = "SALUS-A001"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """Every setting of a node.

    data: the data folder. name: the node's public name, fixed at its first start. postgres: auto, wheel, system or a
    postgresql:// address. host, port: where to listen; beyond loopback only with tls_certificate and tls_key (PEM
    files). url: the public address, for tokens and passkeys. passphrase_file: opens the custodian's sealed keys; a
    demo node makes its own. witnesses: file that names who cosigns the log, and where they answer. clock: RFC 3339
    instant at which a new demo node starts.
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


_PATHS = {"data", "tls_certificate", "tls_key", "passphrase_file", "witnesses"}


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
    """Refuse to listen beyond loopback without TLS."""
    if settings.tls_certificate and settings.tls_key:
        return
    try:
        loopback = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        loopback = settings.host == "localhost"
    if not loopback:
        raise SettingsRefused(
            f"will not listen on {settings.host} without TLS: set tls_certificate and tls_key, or listen on 127.0.0.1"
        )


def _from_file(path: Path, known: set[str]) -> dict[str, object]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"the settings file {path} cannot be read: {error}") from None
    unknown = sorted(set(found) - known)
    if unknown:
        raise SettingsRefused(f"{path}: unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}")
    return found


def _typed(name: str, value: object) -> object:
    if name in _PATHS:
        return Path(str(value))
    if name == "port":
        if not str(value).isascii() or not str(value).isdigit() or not 0 <= int(str(value)) <= 65535:
            raise SettingsRefused(f"port: {value!r} is no port; write 0 to 65535")
        return int(str(value))
    if not isinstance(value, str):
        raise SettingsRefused(f"{name}: write a text")
    return value


def _checked(settings: NodeSettings) -> NodeSettings:
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise SettingsRefused("tls_certificate and tls_key go together")
    return settings
