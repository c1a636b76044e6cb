"""The four ways in which Salus says no; every room's errors descend from one of them."""

from __future__ import annotations


class SalusError(Exception):
    """Say what was refused, which item, and what to do next.

    `text` is safe for anyone who may see the request: never a name, a personal number or a diagnosis.
    `code` is stable and part of the interface; `where` names the entry and element, if there is one.
    """

    code = "SALUS-000"
    status = 500

    def __init__(self, text: str, *, code: str | None = None, where: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code or type(self).code
        self.where = where

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Invalid(SalusError):
    """You sent something wrong; sending it again unchanged cannot succeed."""

    code = "SALUS-400"
    status = 400


class Refused(SalusError):
    """You may not. Nothing about the thing asked for is revealed."""

    code = "SALUS-403"
    status = 403


class Unavailable(SalusError):
    """We could not; the same request may succeed later. Nothing was half done."""

    code = "SALUS-503"
    status = 503


class Unsafe(SalusError):
    """The ledger or a key store contradicts itself: stop, and call a person."""

    code = "SALUS-500"
    status = 500
