"""Every name under which a node could keep something: dataclass fields, table columns, route parameters."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator

import salus
from salus.records import resource_types, supported
from salus.storage import Duty, Store
from salus.web.routes import all_routes


def fields() -> Iterator[tuple[str, str]]:
    """Yield (where, name) of each field of each dataclass of the program."""
    for module in pkgutil.walk_packages(salus.__path__, "salus."):
        if module.name.endswith("__main__"):
            continue
        for name, kind in vars(importlib.import_module(module.name)).items():
            if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == module.name:
                yield from ((f"{module.name}.{name}", field.name) for field in dataclasses.fields(kind))


def columns(store: Store) -> Iterator[tuple[str, str]]:
    """Yield (table, column) of both databases, as the catalogue has them."""
    for database in ("salus", "salus_keys"):
        with store.connect(Duty.MIGRATION, database) as connection:
            yield from connection.execute(
                "select table_schema || '.' || table_name, column_name from information_schema.columns"
                " where table_schema not in ('pg_catalog', 'information_schema')"
            ).fetchall()


def parameters() -> Iterator[tuple[str, str]]:
    """Yield (route, parameter) of each address."""
    for route in all_routes():
        path = str(getattr(route, "path", ""))
        yield from ((path, name) for name in re.findall(r"{(\w+)", path))


def searches() -> Iterator[tuple[str, str]]:
    """Yield (type, parameter) of each search."""
    for kind in sorted(resource_types()):
        yield from ((kind, name) for name in supported(kind))


def everything(store: Store) -> set[tuple[str, str]]:
    """Return all of them but what is searched for."""
    return {*fields(), *columns(store), *parameters()}


def saying(words: str, names: set[tuple[str, str]]) -> set[str]:
    """Return `where.name` of those names that hold one of these words as a part of their own."""
    wanted = re.compile(rf"(?:^|_)(?:{'|'.join(words.split())})(?:_|$)")
    return {f"{where}.{name}" for where, name in names if wanted.search(name.lower())}
