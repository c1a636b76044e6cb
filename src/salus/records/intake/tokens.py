"""Under which keyed digest a code or an identifier is stored, and looked up."""

from __future__ import annotations

from salus.records.model import Sealer

TOKENS = "records.token"


def token_digest(sealer: Sealer, param: int, token: str) -> bytes:
    """Return the keyed digest under which a token of a parameter is stored and searched."""
    return sealer.digest(TOKENS, f"{param}|{token}".encode("utf-8", "surrogatepass"))
