"""How issuers and their keys may be told in a published document, so that neither can stand for a person. Pure."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from typing import Final
from unicodedata import normalize

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from salus.rules.tables.lint import lint_text

KID_OCTETS: Final = 8
RSA_BITS: Final = range(2048, 4097)
RSA_EXPONENT: Final = 65537
"""Any other could be chosen, and would be a number that says something."""

_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\u3400-\u4dbf\u4e00-\u9fff"
_ISSUER = re.compile(rf"[{_LETTER}][{_LETTER} .,'()&\u00b7-]{{0,39}}")
_MARKS = re.compile("[\u0300-\u036f]")
# People at a door are told these words; none may be a colour, a measure, or what to do with whoever stands there.
_SETTING = re.compile(
    "red|green|yellow|amber|orange|colou?r[a-z]*|codes?|none|advi[sc]e[a-z]*|precaution[a-z]*|isolat[a-z]*|quarantin[a-z]*"
    "|positive|negative|suspect[a-z]*|wanted|police|arrest[a-z]*|detain[a-z]*|detention|den(?:y|ied)|refuse[a-z]*"
    "|reject[a-z]*|stop|pass|alert|danger[a-z]*|risk[a-z]*|blacklist[a-z]*|whitelist[a-z]*"
)
_SETTING_ZH = re.compile("[红紅绿綠黄黃橙码碼警拘捕禁拒抓]|隔离|隔離|阳性|陽性|阴性|陰性|确诊|密接|风险|風險|名单|名單")
# A name of a person has none of these; what issues has one, in English, Chinese or a language near to either.
_INSTITUTION = re.compile(
    "(?:minist|health|sante|sanit|salud|saude|gesund|public|hospital|hopital|krankenhaus|clinic|klinik|institut|agenc|agentur"
    "|authorit|autorit|department|departement|directorate|direction|office|bureau|centre|center|zentr|laborator|universit"
    "|govern|gouvern|gobiern|service|servicio|board|council|commission|committee|republic|federal|national)[a-z]*"
)
_INSTITUTION_ZH = re.compile("卫生|衛生|健康|医|醫|疾控|政府|大学|大學|委员会|委員會|中心|研究所|[部局署厅廳院]")
MOST_NAME_DIGITS: Final = 6
"""A document's name may tell a year and a disease; a day of birth has eight digits, a telephone's number eleven."""
_DIGIT = re.compile("[0-9]")


def has_few_digits(name: str) -> bool:
    """Tell whether a document's name has too few digits, however they are parted, to be a number of somebody's."""
    return len(_DIGIT.findall(name)) <= MOST_NAME_DIGITS


def is_issuer(text: str) -> bool:
    """Tell whether a text can be an issuer's name: short, of Latin or Chinese letters, no digit and no measure.

    One of its words says what kind of institution it is, so that a bare name of a person is none.
    """
    if not _ISSUER.fullmatch(text) or lint_text(text, "issuer"):
        return False
    words = re.split("[^a-z]+", _MARKS.sub("", normalize("NFKD", text)).lower())
    letters = re.sub(rf"[^{_LETTER}]", "", text)
    if not any(map(_INSTITUTION.fullmatch, words)) and not _INSTITUTION_ZH.search(letters):
        return False
    words.append("".join(one for one in words if len(one) == 1))  # letters that stand apart are read together
    return not any(map(_SETTING.fullmatch, words)) and not _SETTING_ZH.search(letters)


def is_key(spki: bytes, *, rsa: bool = False, ed25519: bool = False) -> bool:
    """Tell whether octets are the one SubjectPublicKeyInfo of a key of P-256, or of another kind that may be."""
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        return False
    if isinstance(key, EllipticCurvePublicKey):
        good = isinstance(key.curve, SECP256R1)
    elif isinstance(key, RSAPublicKey):
        good = rsa and key.key_size in RSA_BITS and key.public_numbers().e == RSA_EXPONENT
    else:
        good = ed25519 and isinstance(key, Ed25519PublicKey)
    return good and key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == spki


def thumbprint(spki: bytes) -> str:
    """Return the name of a key of P-256 by RFC 7638; the last 64 octets of its SubjectPublicKeyInfo are the point's."""
    x, y = (base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in (spki[-64:-32], spki[-32:]))
    spelt = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"))
    return base64.urlsafe_b64encode(sha256(spelt.encode()).digest()).rstrip(b"=").decode()
