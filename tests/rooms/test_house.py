"""The house itself: which rooms there are, what holds them apart, and the size and names of what stands in them.

What is not as the rule says stands in a named list below, with its reason.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import REPOSITORY

SOURCE = REPOSITORY / "src" / "salus"
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
MODULES = sorted(path for path in SOURCE.rglob("*.py"))
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
CONTRACTS: dict[str, dict[str, Any]] = {one["name"]: one for one in PROJECT["tool"]["importlinter"]["contracts"]}

PLAIN = {"__init__", "model", "service", "store", "errors"}
NO_TABLES = {
    "app": "joins rooms: one file for each journey, no tables of its own",
    "cli": "one file for each group of commands",
    "web": "one file for each part of serving; pages and FHIR are subfolders",
}
OTHER_FILES = {
    "codec/base45": "a standard of its own, RFC 9285",
    "codec/cose": "a standard of its own, RFC 9052",
    "codec/dynamic": "one code format, one file",
    "codec/envelope": "the signed message that both forms of a code share",
    "codec/stepping": "the message of a telephone that two forms of a code share",
    "codec/sl1": "one code format, one file",
    "healthcode/picture": "drawing a code needs an image library, issuing one does not",
    "keys/custodian": "the holder of secrets, apart from the service that wraps chart keys",
    "keys/derivation": "pure derivation of keys, apart from types that hold none",
    "keys/destruction": "what is destroyed when it is due, and its certificate, which is a leaf of the log",
    "keys/hardware": "a standard of its own, PKCS#11",
    "keys/sealed": "the format of the sealed file",
    "parties/scopes": "the grammar of SMART scopes",
    "parties/sheet": "the sheet that a hospital's engineer is handed",
    "proof/compact": "the same proof as C2SP tlog-proof, in the bytes of a wallet",
    "proof/cosignature": "a standard of its own, C2SP tlog-cosignature",
    "proof/equivocation": "two heads that contradict each other: a proof with a form and a check of its own",
    "proof/logged": "a standard of its own, C2SP tlog-proof",
    "proof/note": "a standard of its own, C2SP signed-note and tlog-checkpoint",
    "proof/tiles": "a standard of its own, C2SP tlog-tiles",
    "proof/tree": "a standard of its own, RFC 9162",
    "proof/trust": "a standard of its own, C2SP tlog-policy",
    "records/counting": "counts by day, apart from finding and reading what is counted",
    "records/forgetting": "what goes with a destroyed key, over all that is derived of an entry",
    "records/institutions": "bodies and facilities as the directory writes them; pure",
    "records/reports": "finished reports as they are handed out, apart from the summary",
    "records/sealing": "compression and encryption of bodies, apart from their meaning",
    "records/summary": "the one-screen summary, computed and never stored",
    "storage/forward": "migrations",
    "storage/outbox": "the outbox and its drain",
    "storage/pools": "pools and transactions",
    "witness/__main__": "a process of its own, which loads no other part of Salus",
    "witness/serving": "the witness's own small HTTP server, apart from its judgement",
}
BANNED = {"util", "utils", "helper", "helpers", "common", "manager", "process", "handle", "data", "tmp"}
NAMED_ALL_THE_SAME = {
    "_common_chart": "the chart that a facility's resources without a resident have in common",
    "common_chart": "as above",
    "open_common_chart": "as above",
}
INSIDES_THAT_ARE_FACES = {
    "salus.codec.certificates": "the second form of SL1 beside the first; a door needs it alone",
    "salus.codec.dynamic": "the third form of SL1, which a phone makes; it needs the first alone",
    "salus.codec.notices": "what a holder shows to one care facility",
    "salus.rules.acceptance": "what a region asks of a certificate, apart from what evidence asks of a person",
    "salus.healthcode.cards": "cards on paper have verbs of their own beside the identity code's",
    "salus.healthcode.slips": "attested exposures have verbs of their own, in which there is no resident",
    "salus.healthcode.sharing": "who may show whose code has verbs of its own beside the identity code's",
    "salus.healthcode.certificates": "certificates have verbs of their own beside the identity code's",
    "salus.healthcode.phones": "phones have verbs of their own beside the identity code's",
    "salus.codec.foreign": "codes of other issuers, apart from the strict codec of ours",
    "salus.codec.recognising": "what a door is told whoever issued it, above both ways of reading",
    "salus.healthcode.brought": "facts of other systems, which nothing that decides may reach by the room's face",
    "salus.healthcode.full": "certificates in formats of other systems, apart from ours; nobody takes one by mistake",
    "salus.identity.names": "names as such, as document types",
    "salus.access.consent": "sensitive classes and the sight of a read; pure, so that a model may hold it",
    "salus.access.glass": "openings in emergencies have verbs of their own beside the register's",
    "salus.app.emergencies": "journeys in an emergency, which have a face of their own beside the long one",
    "salus.access.disclosing": "what a court is shown, apart from what anybody may ask for",
    "salus.identity.surviving": "which value stands, as names and numbers; pure, so that a model may hold it",
    "salus.identity.linkage": "a model of likeness, apart from the index that uses it; a file is linked without a node",
    "salus.identity.linkage.linking": "linking a file loads DuckDB and Splink, which the face must not",
    "salus.identity.linkage.people": "the verdict on two people and its threshold, as a match tells of them",
    "salus.identity.linkage.people.linking": "as above, for a file whose columns are ours",
    "salus.identity.documents": "document types are a pure table, which reading a message needs without the index",
    "salus.identity.errors": "as above: what a number is refused with",
    "salus.records.following": "follow-up is a judgement over what records note, apart from reading and writing them",
    "salus.records.population": "the population register answers with counts, apart from reading and writing records",
    "salus.records.arriving": "what is counted of what arrives, apart from reading and writing records",
    "salus.records.messages": "messages that were taken, apart from reading and writing records",
    "salus.records.v2": "HL7 v2 is a language of its own; whoever listens for it needs no FHIR",
    "salus.records.attesting": "facts for certificates, apart from reading and writing records",
    "salus.records.reports": "finished reports as they are handed out, apart from reading and writing records",
    "salus.proof.note": "notes as such, for those who need more than a checkpoint",
    "salus.proof.tiles": "names and encodings of tiles, for the rooms that keep a tree",
    "salus.proof.tree": "verification takes many of its functions",
}
HELD = [
    "the stack of rooms",
    "pure rooms open no store and no socket",
    "models are pure",
    "likeness is weighed without a store",
    "FHIR is read without a store",
    "messages are read without a store",
    "FHIR JSON stays in records",
    "synth knows no room but kernel",
    "who takes part is decided without codes",
    "commanders see counts, never people",
    "the log never reaches the keys",
    "only storage speaks to PostgreSQL",
    "only the web and the commands meet HTTP servers and terminals",
    "a witness stands apart from every node",
    "the store of access is private",
    "the store of openings is private",
    "the store of disclosures is private",
    "the store of appeals is private",
    "the store of arriving is private",
    "the store of cards is private",
    "the store of sharing is private",
    "the store of brought facts is private",
    "the store of certificates is private",
    "the store of phones is private",
    "the store of command is private",
    "the store of full certificates is private",
    "the store of healthcode is private",
    "the store of history is private",
    "the store of identity is private",
    "the store of keys is private",
    "the store of the review queue is private",
    "the store of ledger is private",
    "the store of matching is private",
    "the store of measures is private",
    "the store of messages is private",
    "the store of parties is private",
    "the store of records is private",
    "the store of the population register is private",
    "the store of follow-up is private",
    "what is due is worked out without a store",
    "the store of witness is private",
    "the store of surveillance is private",
    "surveillance reaches no person",
    "detectors are pure",
    "the stores of sign-in are private",
]


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0]


def named(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_contract_between_rooms_is_still_there() -> None:
    assert set(HELD) <= set(CONTRACTS)


def test_the_stack_names_every_room() -> None:
    stack = CONTRACTS["the stack of rooms"]
    layers = [room.strip() for layer in stack["layers"] for room in layer.split("|")]

    assert sorted(layers) == ROOMS
    assert stack["exhaustive"] is True
    assert stack["exhaustive_ignores"] == ["__main__"]


def test_no_contract_is_softened() -> None:
    """A contract may name who is allowed; it may not ignore imports or look away from indirect ones."""
    for name, contract in CONTRACTS.items():
        assert not {"ignore_imports", "allow_indirect_imports", "unmatched_ignore_imports_alerting"} & set(contract), (
            name
        )


def test_every_store_is_private_to_its_room() -> None:
    stores = {path.with_suffix("").relative_to(SOURCE.parent).as_posix().replace("/", ".") for path in MODULES
              if path.stem == "store"}  # fmt: skip
    private = {
        module: contract["allowed_importers"]
        for contract in CONTRACTS.values()
        if contract["type"] == "protected"
        for module in contract["protected_modules"]
    }

    assert stores <= set(private)
    for store in stores:
        assert private[store] == [store.removesuffix(".store")]


def test_rooms_are_imported_through_their_faces() -> None:
    inside = set()
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("salus."):
                room = str(node.module).split(".")[1]
                if room != room_of(path) and str(node.module).count(".") > 1:
                    inside.add((str(node.module), named(path)))

    assert [one for one in sorted(inside) if one[0] not in INSIDES_THAT_ARE_FACES] == []
    assert {module for module, _ in inside} == set(INSIDES_THAT_ARE_FACES)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_for(room: str) -> None:
    assert ast.get_docstring(parsed(SOURCE / room / "__init__.py"))


def test_every_module_says_what_it_is_for() -> None:
    assert [named(path) for path in MODULES if not ast.get_docstring(parsed(path))] == []


def test_the_files_of_a_room_have_the_usual_names() -> None:
    found = {
        f"{path.parent.name}/{path.stem}"
        for room in ROOMS
        if room not in NO_TABLES
        for path in (SOURCE / room).glob("*.py")
        if path.stem not in PLAIN and room != "kernel"
    }

    assert found == set(OTHER_FILES)


def test_only_rooms_without_tables_have_their_own_order() -> None:
    assert [room for room in NO_TABLES if (SOURCE / room / "migrations").exists()] == []


def test_no_file_is_longer_than_five_hundred_lines() -> None:
    kinds = {".py", ".js", ".scss", ".html", ".sql", ".cedar", ".sh"}
    folders = ("src", "tests", "bench", "tools", "packages")
    files = itertools.chain.from_iterable((REPOSITORY / folder).rglob("*") for folder in folders)
    lengths = {
        named(path): len(path.read_text("utf-8").splitlines())
        for path in files
        if path.suffix in kinds and "static" not in path.parts
    }

    assert {name: length for name, length in lengths.items() if length > 500} == {}


def test_the_kernel_stays_small() -> None:
    assert sum(len(path.read_text("utf-8").splitlines()) for path in (SOURCE / "kernel").rglob("*.py")) <= 500


def test_every_function_stays_under_forty_lines() -> None:
    long = {
        f"{named(path)}:{one.lineno} {one.name}": (one.end_lineno or 0) - one.lineno + 1
        for path in [*MODULES, *(REPOSITORY / "packages").rglob("*.py")]
        for one in functions(parsed(path))
    }

    assert {name: length for name, length in long.items() if length >= 40} == {}


def test_nothing_has_a_name_that_says_nothing() -> None:
    found = set()
    for path in MODULES:
        names = [path.stem, *path.relative_to(SOURCE).parent.parts]
        names += [node.name for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)]
        names += [one.name for one in functions(parsed(path))]
        found |= {name for name in names if BANNED & set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_"))}

    assert found == set(NAMED_ALL_THE_SAME)


def test_sql_stands_in_the_store_of_the_room_that_owns_the_table() -> None:
    """Storage knows only its own two tables; every other statement stands in a store.py and names its own schema."""
    touched = re.compile(rf"\b(?:from|into|update|join|table|only)\s+({'|'.join(ROOMS)})\.[a-z_]+", re.IGNORECASE)
    wrong = []
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                wrong += [
                    (named(path), node.lineno, schema)
                    for schema in touched.findall(node.value)
                    if schema != room_of(path) or (path.stem != "store" and schema != "storage")
                ]

    assert wrong == []


def test_a_migration_names_only_the_schema_of_its_room() -> None:
    named_schema = re.compile(rf"(?<![\w.'])({'|'.join(ROOMS)})\.[a-z_]+")
    wrong = []
    for path in SOURCE.rglob("migrations/*.sql"):
        statements = re.sub(r"--[^\n]*|'[^']*'", "", path.read_text("utf-8"))
        wrong += [(named(path), schema) for schema in named_schema.findall(statements) if schema != room_of(path)]

    assert wrong == []


@pytest.mark.parametrize("lock", ["requirements.lock", "tools/uv.lock"])
def test_a_python_lock_has_hashes_and_names_no_registry(lock: str) -> None:
    text = (REPOSITORY / lock).read_text("utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text)

    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    assert [entry.splitlines()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_npm_lock_has_hashes_and_names_no_registry() -> None:
    packages = json.loads((REPOSITORY / "package-lock.json").read_text("utf-8"))["packages"]

    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_what_the_project_asks_for_is_locked() -> None:
    locked = set(
        re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", (REPOSITORY / "requirements.lock").read_text(), re.MULTILINE)
    )
    asked = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]

    assert {re.split(r"[^a-z0-9-]", one)[0] for one in asked} <= locked


def test_there_are_at_most_eight_things_to_make() -> None:
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)

    assert phony is not None
    assert targets == set(phony[1].split())
    assert {"setup", "demo", "test", "check", "docs", "bench"} <= targets
    assert len(targets) <= 8


def test_no_two_errors_have_one_code() -> None:
    """Whoever reads a log, or an answer, learns from the code what is wrong."""
    named: dict[str, list[str]] = {}
    for path in (REPOSITORY / "src").rglob("*.py"):
        for code in re.findall(r'^    code = "(SALUS-[A-Z][0-9]{3})"$', path.read_text("utf-8"), re.MULTILINE):
            named.setdefault(code, []).append(path.name)

    assert len(named) > 100
    assert {code: where for code, where in named.items() if len(where) > 1} == {}
