"""`SL1:`, fourth form: a certificate that is bound to a telephone, which signs it anew in each step. Pure.

Inside is a certificate of the second form with one claim more, the holder's key as `cnf` (RFC 8747, a COSE_Key of
P-256). Around it is the telephone's message, as around an identity code's token. A door checks both without a network.
The certificate alone, or with a step that is over, is none: whether it is so can be seen from its form and a clock,
before anything else is looked at, and so says nothing about anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from salus.codec import base45
from salus.codec.certificates.model import Certificate
from salus.codec.certificates.text import Presented, certificate_in, decode_certificate, payload_of
from salus.codec.cose import Algorithm, Signer
from salus.codec.envelope import PREFIX, message_of, parts, sealed
from salus.codec.errors import CodecError, Fault
from salus.codec.stepping import POINT_OCTETS, SKEW_STEPS, Stepped, holder_key, read_stepped, step_at, write_stepped

_WHAT = "a certificate bound to a telephone"
_PAYLOADS, _TOKENS = range(100, 171), range(185, 256)  # an envelope adds 85 octets
_HEAD = bytes.fromhex("d2844b")  # of a telephone's message; a certificate alone goes on with 4d
_TIMES = slice(1, 13)
_KEY = slice(13, 91)
_COSE_KEY = bytes.fromhex("08a101a401022001215820"), bytes.fromhex("225820")
_X, _Y = slice(11, 43), slice(46, 78)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A bound certificate as it was presented, well formed; neither signature is looked at yet.

    `shown` is the telephone's part, None where the certificate came without. `text` is the certificate alone.
    """

    presented: Presented
    point: bytes
    text: str
    shown: Stepped | None

    def fresh(self, at: datetime) -> bool:
        """Tell whether its telephone's part is there and of now, a step more or less."""
        return self.shown is not None and abs(self.shown.step - step_at(at)) <= SKEW_STEPS

    def require_holder(self) -> None:
        """Raise CodecError unless the key that the certificate names signed it for this step."""
        if self.shown is None:
            raise CodecError("nobody has signed for this certificate's telephone", Fault.SIGNATURE)
        self.shown.require(self.point)


def encode_bound(
    certificate: Certificate,
    point: bytes,
    issuer_kid: bytes,
    sign: Signer,
    algorithm: Algorithm = Algorithm.ES256,
) -> bytes:
    """Write a certificate for a holder's key; the issuer signs it once. The octets are what a telephone keeps.

    CodecError for what is no point, and for a certificate whose times are not of 1970 to 2106.
    """
    holder_key(point)
    plain, cose = payload_of(certificate), _COSE_KEY[0] + point[1:33] + _COSE_KEY[1] + point[33:]
    payload = b"\xa4" + plain[_TIMES] + cose + plain[_TIMES.stop :]
    _certificate_in(payload)
    return sealed(payload, issuer_kid, sign, algorithm)


def text_of_bound(token: bytes) -> str:
    """Write a bound certificate alone, as the node keeps it and as the log's digests know it."""
    return PREFIX + base45.encode(token)


def encode_shown(token: bytes, step: int, sign: Signer) -> str:
    """Write the code of one step, as a telephone does; `sign` is the holder's, and is called once."""
    return write_stepped(token, step, sign)


def decode_bound(text: object) -> Bound:
    """Take a text apart, with the telephone's part or without; CodecError for all else, and no other exception."""
    message = message_of(text, _WHAT)
    shown = read_stepped(message, _TOKENS, _WHAT) if message.startswith(_HEAD) else None
    token = shown.token if shown else message
    kid, algorithm, payload, signed, signature = parts(token, _PAYLOADS, _WHAT)
    certificate, point = _certificate_in(payload)
    presented = Presented(
        certificate=certificate,
        kid=kid,
        algorithm=algorithm,
        payload=payload,
        signed=signed,
        signature=signature,
    )
    return Bound(presented=presented, point=point, text=text_of_bound(token), shown=shown)


def decode_kept(text: str) -> tuple[Presented, bool]:
    """Take a certificate apart as its node keeps it, and tell whether it is bound."""
    try:
        return decode_certificate(text), False
    except CodecError:
        return decode_bound(text).presented, True


def _certificate_in(payload: bytes) -> tuple[Certificate, bytes]:
    """Read the claims of a bound certificate in their one encoding: those of a certificate, and the key among them."""
    key = payload[_KEY]
    point = b"\x04" + key[_X] + key[_Y]
    if payload[:1] != b"\xa4" or len(point) != POINT_OCTETS or _COSE_KEY[0] + key[_X] + _COSE_KEY[1] + key[_Y] != key:
        raise CodecError(f"this is not the one form that {_WHAT} has", Fault.CANONICAL)
    return certificate_in(b"\xa3" + payload[_TIMES] + payload[_KEY.stop :]), point
