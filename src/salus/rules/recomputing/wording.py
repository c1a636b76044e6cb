"""The word of a case, without which nobody makes slips of it, and the key that it stands for. Pure.

A decision's leaf names that key, and each exposure of the case is signed with it, so that anybody can tell that the
word was given. It follows from the blind of the decision's opening: its holder has it, a laboratory has not.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.kernel import CROCKFORD, canonical
from salus.rules.errors import NotProved
from salus.rules.publishing.signing import signed_by
from salus.rules.recomputing.model import is_hash

_READ_AS: Final = str.maketrans("OIL", "011", "- \t\n")
_SECRET: Final = 22
"""How many letters are secret, of five bits each: 110 bits. A log shows the key, so guesses are made at home."""
_CHECK: Final = 2
_GROUP: Final = 4


def word_of(blind: str) -> str:
    """Return the word of the case whose decision's opening has this blind: 24 letters in groups of four."""
    word = _letters(hmac.digest(base64.b64decode(blind), b"salus.slips.word", "sha256"), _SECRET)
    return "-".join(_groups(word + _check(word)))


def read_word(text: str) -> str:
    """Return a word as `word_of` writes it, from what somebody typed. NotProved (NO-WORD) if a letter is wrong."""
    word = text.upper().translate(_READ_AS)
    if len(word) != _SECRET + _CHECK or not set(word) <= set(CROCKFORD) or _check(word[:_SECRET]) != word[_SECRET:]:
        raise NotProved("NO-WORD", "a case's word has 24 letters, in groups of four; one of these is wrong")
    return "-".join(_groups(word))


def word_key(blind: str, tag: str) -> str:
    """Return the public key that the decision of a tag names in the log, from the blind of its opening."""
    public = _key(word_of(blind), tag).public_key().public_bytes_raw()
    return base64.b64encode(public).decode()


def sign_with_word(word: str, commitment: str, index: str, number: int) -> str:
    """Sign an exposure with a case's word. Raises NotProved (NO-WORD) for what is none."""
    signature = _key(read_word(word), index).sign(word_message(commitment, index, number))
    return base64.b64encode(signature).decode()


def word_message(commitment: str, index: str, number: int) -> bytes:
    """Return what is signed of an exposure with its case's word: no investigator's signature is about the same."""
    return canonical({"exposure-word": {"commitment": commitment, "index": index, "number": number}})


def check_word(exposure: Mapping[str, Any], decision: Mapping[str, Any]) -> None:
    """Require that an exposure was signed with the word of the decision that it names. NotProved (NO-WORD) otherwise.

    A decision of an earlier release names no key: nobody makes slips of that case.
    """
    key, message = decision.get("word"), word_message(exposure["commitment"], exposure["index"], exposure["number"])
    if not is_hash(key) or not signed_by(base64.b64decode(str(key)), message, exposure["word"]):
        raise NotProved("NO-WORD", "it is not signed with the word that its case alone has")


def check_word_key(decision: Mapping[str, Any], blind: str) -> None:
    """Require that the key that a decision names, if it names one, is that of its holder's word.

    NotProved (NO-WORD): whoever wrote it to the log could give a word that its holder has not.
    """
    if "word" in decision and decision["word"] != word_key(blind, decision["tag"]):
        raise NotProved("NO-WORD", "the decision names another key than that of its holder's word")


def _key(word: str, tag: str) -> Ed25519PrivateKey:
    """The tag is in it: a guess is about one case alone."""
    letters = word.replace("-", "")[:_SECRET].encode()
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(letters, b"salus.slips.key\x00" + tag.encode(), "sha256"))


def _check(word: str) -> str:
    """Two letters by which a slip of the pen is seen before anything is made; they are no part of the secret."""
    return _letters(sha256(b"salus.slips.check\x00" + word.encode()).digest(), _CHECK)


def _letters(octets: bytes, count: int) -> str:
    number = int.from_bytes(octets[:16])
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(123, 123 - 5 * count, -5))


def _groups(word: str) -> list[str]:
    return [word[at : at + _GROUP] for at in range(0, len(word), _GROUP)]
