"""What a custodian holds and how it is written down. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from salus.keys.errors import BadRequest, CustodianBroken

KEY_BYTES = 32
LONGEST_NAME = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The opened contents of a custodian file. `private` maps `kind/name` to a raw private value of 32 bytes."""

    custodian_key: bytes = field(repr=False)
    index_key: bytes = field(repr=False)
    private: Mapping[str, bytes] = field(repr=False)

    def with_private(self, label: str, value: bytes) -> Secrets:
        """Return the same secrets and one more private value."""
        return replace(self, private={**self.private, label: value})

    def encode(self) -> bytes:
        """Write as JSON with base64 values; only ever sealed."""
        return json.dumps(
            {
                "custodian_key": _b64(self.custodian_key),
                "index_key": _b64(self.index_key),
                "private": {label: _b64(value) for label, value in sorted(self.private.items())},
            }
        ).encode()


def decode_secrets(text: bytes) -> Secrets:
    """Read what `encode` wrote. Raises CustodianBroken for anything else."""
    try:
        content = json.loads(text)
        return Secrets(
            custodian_key=_key(content["custodian_key"]),
            index_key=_key(content["index_key"]),
            private={str(label): _key(value) for label, value in content["private"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CustodianBroken("the custodian file opened, but its contents are not understood") from error


def checked_name(name: str) -> str:
    """Return a domain's or key's name if it is printable and of 1 to 255 characters; raises BadRequest otherwise."""
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadRequest("a key's name is 1 to 255 printable characters")
    return name


def _key(text: str) -> bytes:
    value = base64.b64decode(text, validate=True)
    if len(value) != KEY_BYTES:
        raise binascii.Error("a key has 32 bytes")
    return value


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
