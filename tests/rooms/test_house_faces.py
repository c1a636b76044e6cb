"""No module takes the place of a name that its package shows: whoever loads `room.thing` first would hide `thing`.

Python sets a package's attribute to the module each time that one of its modules is loaded for the first time.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import REPOSITORY

SOURCE = REPOSITORY / "src"
FACES = sorted((SOURCE / "salus").rglob("__init__.py"))
BESIDE_A_MODULE = {
    "salus.records.summary": "comes from the service, which loads the module of that name before the face has the name",
}
"""Names that a face has from elsewhere than from the module beside it that has the same name."""


def package(face: Path) -> str:
    return ".".join(face.parent.relative_to(SOURCE).parts)


def modules_beside(face: Path) -> set[str]:
    files = {path.stem for path in face.parent.glob("*.py")}
    return files | {path.parent.name for path in face.parent.glob("*/__init__.py")}


def shown(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each name that a face has, and the module it is from; its own definitions are from nowhere."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield from ((one.asname or one.name, node.module or "") for one in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, ""
        elif isinstance(node, ast.Assign):
            yield from ((one.id, "") for one in node.targets if isinstance(one, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, ""


def hidden(package: str, beside: set[str], tree: ast.Module) -> set[str]:
    """Return the names of a face that a module may hide: those that are neither the module nor from it."""
    return {
        f"{package}.{name}"
        for name, source in shown(tree)
        if name in beside and source != package and not f"{source}.".startswith(f"{package}.{name}.")
    }


def test_a_name_of_a_face_that_is_a_module_beside_it_comes_from_that_module() -> None:
    found = {one for face in FACES for one in hidden(package(face), modules_beside(face), ast.parse(face.read_text()))}

    assert found == set(BESIDE_A_MODULE)


@pytest.mark.parametrize(
    ("face", "expected"),
    [
        ("from salus.app.contesting import contests", {"salus.app.contests"}),
        ("def contests(): ...", {"salus.app.contests"}),
        ("contests = 1", {"salus.app.contests"}),
        ("from salus.app.contests import contests", set()),
        ("from salus.app.contests.service import contests", set()),
        ("from salus.app.contests_shown import contests", {"salus.app.contests"}),
        ("from salus.app import contests", set()),
        ("from salus.app.contests import contest", set()),
    ],
)
def test_the_check_sees_what_may_be_hidden(face: str, expected: set[str]) -> None:
    assert hidden("salus.app", {"contests"}, ast.parse(face)) == expected


@pytest.mark.slow
def test_once_every_module_is_loaded_every_name_is_still_what_its_face_says() -> None:
    """In a process of its own: the order of loading is that of the names, whatever ran before."""
    program = (
        "import importlib, pkgutil, sys, types, salus\n"
        "names = sorted(one.name for one in pkgutil.walk_packages(salus.__path__, 'salus.'))\n"
        "for name in names:\n"
        "    if not name.endswith('__main__'):\n"
        "        importlib.import_module(name)\n"
        "for name in sys.argv[1:]:\n"
        "    room, _, shown = name.rpartition('.')\n"
        "    if isinstance(getattr(sys.modules[room], shown), types.ModuleType):\n"
        "        print(name)\n"
    )
    names = {
        f"{package(face)}.{name}"
        for face in FACES
        for name, source in shown(ast.parse(face.read_text()))
        if name in modules_beside(face) and source != package(face)
    }
    done = subprocess.run([sys.executable, "-c", program, *sorted(names)], capture_output=True, text=True, check=True)

    assert names
    assert done.stdout == ""
