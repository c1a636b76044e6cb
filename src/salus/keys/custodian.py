"""The custodian: seals, digests and signs with keys that never leave this process in the clear."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from salus.keys import sealed as sealed_file
from salus.keys.derivation import derive
from salus.keys.errors import BadRequest, CustodianMissing, SealBroken
from salus.keys.hardware import HardwareToken
from salus.keys.model import KEY_BYTES, Secrets, checked_name
from salus.keys.sealed import Stretched

SHORTEST_PASSPHRASE = 12
DIGEST_BYTES = 16
_VERSION = b"\x01"
_NONCE_BYTES = 12
_FINGERPRINT_BYTES = 4
_EMERGENCY = b"keys.emergency_key.wrapped\x00"


class Ed25519Signer:
    """An Ed25519 key that signs (RFC 8032) and does not show itself."""

    __slots__ = ("_private", "name", "public_key")

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.name = name
        self.public_key = private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the signature of 64 bytes."""
        return self._private.sign(message)


class Custodian:
    """An opened custodian file. Thread-safe; several processes may hold one file open.

    AES-GCM with random nonces bounds each sealing domain, and the wrapping of chart keys, to 2**32 seals
    (NIST SP 800-38D, section 8.3); a node that nears that needs a second custodian.
    """

    def __init__(
        self, folder: Path, stretched: Stretched, content: Secrets, token: HardwareToken | None = None
    ) -> None:
        self.path = folder / sealed_file.FILE
        self._token = token
        self._stretched = stretched
        self._secrets = content
        self._adding = threading.Lock()
        self._ciphers: dict[str, AESGCM] = {}
        self._keyed: dict[str, hmac.HMAC] = {}
        self._wrapping = AESGCM(derive(content.custodian_key, "wrap", "chart keys"))
        self._fingerprint = derive(content.custodian_key, "fingerprint", "custodian")[:_FINGERPRINT_BYTES]

    def __repr__(self) -> str:
        return f"Custodian({self.fingerprint})"

    @classmethod
    def open(
        cls, folder: Path, passphrase: bytes, *, create: bool = True, token: HardwareToken | None = None
    ) -> Custodian:
        """Open the custodian file of `folder`, or make a new one there where `create` allows it.

        New keys of `es256_in_token` are made in `token`, if there is one.
        Raises WrongPassphrase, CustodianBroken or CustodianMissing. A new file's passphrase has at least 12 bytes.
        """
        path, founded = folder / sealed_file.FILE, None
        if not path.exists():
            if not create:
                raise CustodianMissing(f"there is no {path.name} in {folder}; restore it from the back-up of the keys")
            founded = _found(folder, passphrase)
        if founded is not None:  # stretching a passphrase is slow on purpose: not twice
            return cls(folder, founded, sealed_file.reread(path, founded), token)
        stretched, content = sealed_file.read(path, passphrase)
        return cls(folder, stretched, content, token)

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that tell one custodian from another; derived one-way."""
        return self._fingerprint.hex()

    def digest(self, domain: str, value: bytes) -> bytes:
        """Return the keyed digest of `value` within a domain: HMAC-SHA256, its first 16 bytes."""
        keyed = self._keyed.get(domain)
        if keyed is None:
            key = derive(self._secrets.index_key, "digest", domain)
            keyed = self._keyed[domain] = hmac.HMAC(key, hashes.SHA256())
        digest = keyed.copy()  # unlike `hmac.digest` this lets no other thread in between, some twenty times a resource
        digest.update(value)
        return digest.finalize()[:DIGEST_BYTES]

    def seal(self, domain: str, plaintext: bytes, aad: bytes) -> bytes:
        """Seal under the domain's key; `aad` names the place (table, column, row) and must be given to open it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher(domain).encrypt(nonce, plaintext, aad)

    def open_sealed(self, domain: str, sealed: bytes, aad: bytes) -> bytes:
        """Open what `seal` sealed. Raises SealBroken if bytes, domain or `aad` are not the same."""
        if sealed[:1] != _VERSION:
            raise SealBroken("sealed bytes have a version that this release does not know")
        try:
            return self._cipher(domain).decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], aad)
        except (InvalidTag, ValueError):
            raise SealBroken("sealed bytes were changed or moved, or another custodian sealed them") from None

    def wrap(self, chart_key: int, key: bytes) -> bytes:
        """Wrap a chart's key, bound to the chart."""
        return self._wrapped(_place(chart_key), key)

    def unwrap(self, chart_key: int, wrapped: bytes) -> bytes:
        """Unwrap a chart's key. Raises SealBroken if it was changed, moved, or wrapped by another custodian."""
        return self._unwrapped(_place(chart_key), wrapped, "chart")

    def wrap_for_emergency(self, emergency: bytes, key: bytes) -> bytes:
        """Wrap the key of an emergency, bound to the emergency."""
        return self._wrapped(_EMERGENCY + emergency, key)

    def unwrap_for_emergency(self, emergency: bytes, wrapped: bytes) -> bytes:
        """Unwrap the key of an emergency. Raises SealBroken as `unwrap` does."""
        return self._unwrapped(_EMERGENCY + emergency, wrapped, "emergency")

    def _wrapped(self, place: bytes, key: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + self._fingerprint + nonce + self._wrapping.encrypt(nonce, key, place)

    def _unwrapped(self, place: bytes, wrapped: bytes, what: str) -> bytes:
        body = 1 + _FINGERPRINT_BYTES
        if wrapped[:body] != _VERSION + self._fingerprint:
            raise SealBroken(
                f"a key of {what} was wrapped by another custodian; restore the custodian file of this node"
            )
        nonce, rest = wrapped[body : body + _NONCE_BYTES], wrapped[body + _NONCE_BYTES :]
        try:
            return self._wrapping.decrypt(nonce, rest, place)
        except (InvalidTag, ValueError):
            raise SealBroken(f"a wrapped key of {what} was changed, or belongs to another {what}") from None

    def signer(self, name: str) -> Ed25519Signer:
        """Return the Ed25519 signer of that name; it is made and kept on first use."""
        raw = self._private("ed25519", name, lambda: Ed25519PrivateKey.generate().private_bytes_raw())
        return Ed25519Signer(name, Ed25519PrivateKey.from_private_bytes(raw))

    def es256(self, name: str) -> ec.EllipticCurvePrivateKey:
        """Return the P-256 private key of that name; it is made and kept on first use."""
        raw = self._private("es256", name, _new_scalar)
        return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())

    def x25519(self, name: str) -> X25519PrivateKey:
        """Return the X25519 private key of that name, to which others seal; derived each time, kept nowhere."""
        return X25519PrivateKey.from_private_bytes(derive(self._secrets.custodian_key, "x25519", name))

    def es256_in_token(self, name: str) -> ec.EllipticCurvePrivateKey:
        """Return a P-256 key that may sign one thing in several ways; it is made in the token if one is open.

        A key that the file has stays there: what others know it by does not change.
        """
        if self._token is None or name in self._names_in_file():
            return self.es256(name)
        with self._adding, sealed_file.alone(self.path.parent):
            return self._token.es256(name)

    def es256_names(self) -> list[str]:
        """Return the names of the P-256 keys that were made here, by this process or another, the token's included."""
        return sorted({*self._names_in_file(), *(self._token.names() if self._token else ())})

    def _names_in_file(self) -> set[str]:
        current = sealed_file.reread(self.path, self._stretched)
        return {label.removeprefix("es256/") for label in current.private if label.startswith("es256/")}

    def _cipher(self, domain: str) -> AESGCM:
        cipher = self._ciphers.get(domain)
        if cipher is None:
            cipher = self._ciphers[domain] = AESGCM(derive(self._secrets.custodian_key, "seal", domain))
        return cipher

    def _private(self, kind: str, name: str, make: Callable[[], bytes]) -> bytes:
        label = f"{kind}/{checked_name(name)}"
        known = self._secrets.private.get(label)
        if known is not None:
            return known
        # Another process may have made the same key a moment ago: its file is read again before ours is written.
        with self._adding, sealed_file.alone(self.path.parent):
            current = sealed_file.reread(self.path, self._stretched)
            if label not in current.private:
                current = current.with_private(label, make())
                sealed_file.write(self.path, self._stretched, current)
            self._secrets = current
            return current.private[label]


def _found(folder: Path, passphrase: bytes) -> sealed_file.Stretched | None:
    """Make a new file and return what its passphrase was stretched to; None where another process made one first."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise BadRequest(f"the passphrase of a new custodian file has at least {SHORTEST_PASSPHRASE} bytes")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with sealed_file.alone(folder):
        if not (folder / sealed_file.FILE).exists():
            fresh = Secrets(
                custodian_key=secrets.token_bytes(KEY_BYTES), index_key=secrets.token_bytes(KEY_BYTES), private={}
            )
            stretched = sealed_file.stretch(passphrase)
            sealed_file.write(folder / sealed_file.FILE, stretched, fresh)
            return stretched
    return None


def _new_scalar() -> bytes:
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return number.to_bytes(KEY_BYTES, "big")


def _place(chart_key: int) -> bytes:
    return b"keys.chart_key.wrapped\x00" + chart_key.to_bytes(8, "big", signed=True)
