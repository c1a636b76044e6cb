"""Frozen dataclasses as canonical JSON and back, so that a snapshot keeps its bytes and its hash for ever."""

from __future__ import annotations

import dataclasses
import json
import types
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from salus.command.errors import CommandInvalid
from salus.kernel import canonical, format_instant, parse_instant

T = TypeVar("T")
Plain = object


def freeze(value: object) -> bytes:
    """Return the canonical JSON of a dataclass of strings, integers, instants, days, identifiers and tuples of them."""
    return canonical(_plain(value))


def thaw(kind: type[T], frozen: bytes) -> T:
    """Build the dataclass again. Raises CommandInvalid for what is not of that shape; its own checks run again."""
    try:
        built = _built(kind, json.loads(frozen))
    except (ValueError, KeyError, TypeError):
        raise CommandInvalid("this snapshot is not one of ours") from None
    assert isinstance(built, kind)  # noqa: S101 - tells the type checker what `_built` did
    return built


def _plain(value: object) -> Plain:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | StrEnum):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _built(kind: Any, value: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        kinds = [one for one in get_args(kind) if one is not type(None)]
        return None if value is None else _built(kinds[0], value)
    if get_origin(kind) is tuple:
        return tuple(_built(get_args(kind)[0], item) for item in value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{name: _built(hints[name], item) for name, item in value.items()})
    if kind is datetime:
        return parse_instant(value)
    if kind is date:
        return date.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, UUID | StrEnum):
        return kind(value)
    if not isinstance(value, kind):
        raise TypeError(value)
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
