"""Signing keys that never leave a hardware token, through PKCS#11 (OASIS, version 2.40 and later).

Only keys of P-256 are kept there, and only such whose signatures may differ each time: a token draws a random number
for each (FIPS 186-5, section 6.4) where our own keys are deterministic.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, TypeVar

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from salus.keys.errors import BadRequest, TokenSilent
from salus.keys.model import checked_name

_PREFIX = "salus/es256/"
_Found = TypeVar("_Found")


class HardwareKey(ec.EllipticCurvePrivateKey):
    """A P-256 key in a token: it signs, and shows nothing but its public half."""

    def __init__(self, token: HardwareToken, name: str, public: ec.EllipticCurvePublicKey) -> None:
        self._token, self._name, self._public = token, name, public

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Return an ECDSA signature in DER over SHA-256 of `data`."""
        if not isinstance(signature_algorithm, ec.ECDSA) or not isinstance(
            signature_algorithm.algorithm, hashes.SHA256
        ):
            raise BadRequest("a key in a token signs with ECDSA over SHA-256")
        digest = hashes.Hash(hashes.SHA256())
        digest.update(data)
        raw = self._token.sign(self._name, digest.finalize())
        return encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half."""
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """256."""
        return self._public.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:
        """Refuse: these keys sign."""
        raise BadRequest("a key in a token only signs")

    def private_numbers(self) -> NoReturn:
        """Refuse: the private half does not leave the token."""
        raise BadRequest("a key in a token does not leave it")

    def private_bytes(self, *_: Any) -> NoReturn:
        """Refuse: the private half does not leave the token."""
        raise BadRequest("a key in a token does not leave it")

    def __copy__(self) -> HardwareKey:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> HardwareKey:
        return self


class HardwareToken:
    """An opened token. Thread-safe; a session that was lost is opened again once."""

    def __init__(self, module: Path, label: str, pin: str) -> None:
        self._pkcs11, self._curves = _library("pkcs11"), _library("pkcs11.util.ec")
        self._pin, self._lock = pin, threading.Lock()
        try:
            self._token = self._pkcs11.lib(str(module)).get_token(token_label=label)
        except (RuntimeError, OSError, self._pkcs11.PKCS11Error) as error:
            raise TokenSilent(
                "the PKCS#11 module or its token cannot be opened; check pkcs11_module and pkcs11_token"
            ) from error
        self._session = self._open()

    def es256(self, name: str) -> HardwareKey:
        """Return the P-256 key of that name; it is made in the token on first use. One process at a time may make."""
        public = self._with_session(lambda: self._public(name) or self._made(name))
        return HardwareKey(self, name, public)

    def names(self) -> list[str]:
        """Return the names of the keys that were made here."""
        wanted = {self._pkcs11.Attribute.CLASS: self._pkcs11.ObjectClass.PUBLIC_KEY}
        labels = self._with_session(lambda: [str(one.label) for one in self._session.get_objects(wanted)])
        return sorted(one.removeprefix(_PREFIX) for one in labels if one.startswith(_PREFIX))

    def sign(self, name: str, digest: bytes) -> bytes:
        """Sign a digest; return r and s, 32 octets each. Raises TokenSilent if the token does not."""
        return self._with_session(lambda: self._sign(name, digest))

    def _with_session(self, work: Callable[[], _Found]) -> _Found:
        """Do work alone; where the session was lost, open another and do it once more."""
        with self._lock:
            try:
                return work()
            except self._pkcs11.PKCS11Error:
                with suppress(self._pkcs11.PKCS11Error):
                    self._session.close()  # while it is open no other may log in
                self._session = self._open()
            try:
                return work()
            except self._pkcs11.PKCS11Error as error:
                raise TokenSilent("the token does not do what it is asked; look at it, and try again") from error

    def _sign(self, name: str, digest: bytes) -> bytes:
        key = self._session.get_key(object_class=self._pkcs11.ObjectClass.PRIVATE_KEY, label=_label(name))
        return bytes(key.sign(digest, mechanism=self._pkcs11.Mechanism.ECDSA))

    def _public(self, name: str) -> ec.EllipticCurvePublicKey | None:
        try:
            found = self._session.get_key(object_class=self._pkcs11.ObjectClass.PUBLIC_KEY, label=_label(name))
        except self._pkcs11.NoSuchKey:
            return None
        key = load_der_public_key(self._curves.encode_ec_public_key(found))
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise BadRequest("the token has a key of this name, and it is not of P-256")
        return key

    def _made(self, name: str) -> ec.EllipticCurvePublicKey:
        curve = {self._pkcs11.Attribute.EC_PARAMS: self._curves.encode_named_curve_parameters("secp256r1")}
        parameters = self._session.create_domain_parameters(self._pkcs11.KeyType.EC, curve, local=True)
        private = {
            self._pkcs11.Attribute.SENSITIVE: True,
            self._pkcs11.Attribute.EXTRACTABLE: False,
            self._pkcs11.Attribute.PRIVATE: True,
        }
        parameters.generate_keypair(store=True, label=_label(name), private_template=private)
        public = self._public(name)
        if public is None:
            raise TokenSilent("the token made a key and does not show it; look at its log")
        return public

    def _open(self) -> Any:
        try:
            return self._token.open(rw=True, user_pin=self._pin)
        except self._pkcs11.PKCS11Error as error:
            raise TokenSilent("the token does not let us in; check pkcs11_pin_file") from error


def _library(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError:
        raise TokenSilent("keys in a token need one package more: pip install 'salus[pkcs11]'") from None


def _label(name: str) -> str:
    return _PREFIX + checked_name(name)
