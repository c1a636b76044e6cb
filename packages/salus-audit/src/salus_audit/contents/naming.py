"""How institutions and their keys may be written, so that neither can stand for a person or say what to do with one."""

from __future__ import annotations

import base64
import re
import unicodedata
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from salus_audit.recomputing.linting import hides
from salus_audit.spelling import jcs

MOST_ISSUER = 40
_BETWEEN = " .,'()&\u00b7-"
_RANGES = (
    ("A", "Z"),
    ("a", "z"),
    ("\u00c0", "\u00d6"),
    ("\u00d8", "\u00f6"),
    ("\u00f8", "\u024f"),
    ("\u1e00", "\u1eff"),
    ("\u3400", "\u4dbf"),
    ("\u4e00", "\u9fff"),
)
_INSTITUTIONS = (
    *("minist", "health", "sante", "sanit", "salud", "saude", "gesund", "public", "hospital", "hopital", "krankenhaus"),
    *("clinic", "klinik", "institut", "agenc", "agentur", "authorit", "autorit", "department", "departement"),
    *("directorate", "direction", "office", "bureau", "centre", "center", "zentr", "laborator", "universit", "govern"),
    *("gouvern", "gobiern", "service", "servicio", "board", "council", "commission", "committee", "republic"),
    *("federal", "national"),
)
_INSTITUTIONS_ZH = (
    *("卫生", "衛生", "健康", "医", "醫", "疾控", "政府", "大学", "大學", "委员会", "委員會", "中心", "研究所"),
    *"部局署厅廳院",
)
_NEVER = {
    *("red", "green", "yellow", "amber", "orange", "code", "codes", "none", "positive", "negative", "wanted"),
    *("police", "detention", "deny", "denied", "stop", "pass", "alert"),
}
_NEVER_BEGINS = (
    *("color", "colour", "advice", "advise", "precaution", "isolat", "quarantin", "suspect", "arrest", "detain"),
    *("refuse", "reject", "danger", "risk", "blacklist", "whitelist"),
)
_NEVER_ZH = (
    *"红紅绿綠黄黃橙码碼警拘捕禁拒抓",
    *("隔离", "隔離", "阳性", "陽性", "阴性", "陰性", "确诊", "密接", "风险", "風險", "名单", "名單"),
)
_HASH = re.compile(r"[0-9a-fA-F]{16}|[A-Za-z0-9+/_-]{24}|[A-Za-z0-9+/]{10}={1,2}(?![A-Za-z0-9])")


def digits_of(text: str) -> int:
    """Count the digits of a text, however they are parted; a telephone's number has eleven."""
    return sum("0" <= char <= "9" for char in text)


def holds_a_hash(text: str) -> bool:
    """Tell whether a text could hold a hash."""
    return bool(_HASH.search(text))


def _is_letter(char: str) -> bool:
    return any(first <= char <= last for first, last in _RANGES)


def is_institution(text: str) -> bool:
    """Tell whether a text can be an issuer's name: it says what institution it is, and no colour, measure or number."""
    if not 0 < len(text) <= MOST_ISSUER or not _is_letter(text[0]) or hides(text):
        return False
    if not all(_is_letter(char) or char in _BETWEEN for char in text):
        return False
    letters = "".join(filter(_is_letter, text))
    words = _latin_words(text)
    named = any(word.startswith(_INSTITUTIONS) for word in words) or any(one in letters for one in _INSTITUTIONS_ZH)
    apart = "".join(word for word in words if len(word) == 1)
    told = [*words, apart]
    wrong = any(one in _NEVER or one.startswith(_NEVER_BEGINS) for one in told) or any(
        one in letters for one in _NEVER_ZH
    )
    return named and not wrong


def _latin_words(text: str) -> list[str]:
    apart = (char for char in unicodedata.normalize("NFKD", text) if not "\u0300" <= char <= "\u036f")
    return "".join(char if "a" <= char <= "z" else " " for char in "".join(apart).lower()).split()


def kind_of_key(spki: bytes) -> str | None:
    """Return `P-256`, `RSA` or `Ed25519` for the one SubjectPublicKeyInfo of such a key; None for all other octets."""
    try:
        key = load_der_public_key(spki)
        again = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if again != spki:
        return None
    if isinstance(key, EllipticCurvePublicKey):
        return "P-256" if key.curve.name == "secp256r1" else None
    if isinstance(key, RSAPublicKey):
        return "RSA" if 2048 <= key.key_size <= 4096 and key.public_numbers().e == 65_537 else None
    return "Ed25519" if isinstance(key, Ed25519PublicKey) else None


def thumbprint_of(spki: bytes) -> str | None:
    """Return the thumbprint of a key of P-256 (RFC 7638); None for another key."""
    key = load_der_public_key(spki)
    if not isinstance(key, EllipticCurvePublicKey):
        return None
    point = key.public_numbers()
    x, y = (_url(value.to_bytes(32)) for value in (point.x, point.y))
    return _url(sha256(jcs({"crv": "P-256", "kty": "EC", "x": x, "y": y})).digest())


def _url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
