"""`salus publication`: a signer prepares, checks and signs a document on a computer of the own, without a node."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accepting import AT, DAY, body
from salus.cli import main
from salus.cli.actors import emergency_document
from salus.kernel import format_instant
from salus.rules import Document, PublicationKind, signed_by

TOLD = {"region": "900101", "disease": "covid-19"}


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["publication", *map(str, arguments)])


def written(folder: Path, value: Any, name: str = "body.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(value), "utf-8")
    return path


def prepared(folder: Path, value: Any, *options: str) -> tuple[Result, Path]:
    out = folder / "document.json"
    times = ["--starts", format_instant(AT), "--ends", format_instant(AT + 60 * DAY)]
    named = ["--kind", "acceptance-rules", "--name", "spring", "--version", "1", *times, "--out", out, *options]
    return run("prepare", written(folder, value), *named), out


def test_a_document_is_prepared_in_its_one_spelling(tmp_path: Path) -> None:
    told, out = prepared(tmp_path, body() | TOLD, "--json")
    document = Document.parse(out.read_bytes())

    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["digest"] == document.digest
    assert (document.kind, document.name) == (PublicationKind.ACCEPTANCE, "spring")


def test_each_signer_adds_a_signature_to_one_file(tmp_path: Path) -> None:
    _, out = prepared(tmp_path, body() | TOLD)
    keys = {f"signer-{number}": Ed25519PrivateKey.generate() for number in range(4)}
    for name, key in keys.items():
        path = written(tmp_path, {"key": base64.b64encode(key.private_bytes_raw()).decode()}, f"{name}.json")
        told = run("sign", out, tmp_path / "signatures.json", "--party", name, "--key", path)
        assert told.exit_code == 0, told.output
    signatures = json.loads((tmp_path / "signatures.json").read_text())
    message = Document.parse(out.read_bytes()).signed

    assert signatures.keys() == keys.keys()
    assert all(signed_by(keys[name].public_key().public_bytes_raw(), message, one) for name, one in signatures.items())


def test_rules_in_which_people_could_be_listed_are_neither_prepared_nor_signed(tmp_path: Path) -> None:
    bad = body()
    bad["tables"]["vaccines"]["codes"] = ["900101198001011234"]
    told, out = prepared(tmp_path, bad | TOLD)
    checked = run("check", written(tmp_path, bad), "--json")

    assert told.exit_code == 1
    assert not out.exists()
    assert checked.exit_code == 1
    assert [one.split(" ")[0] for one in json.loads(checked.stdout)["faults"]] == ["NUMBER"]


def test_good_rules_and_good_documents_hold_nothing_forbidden(tmp_path: Path) -> None:
    document = emergency_document("covid-19", AT, AT + 30 * DAY, en="An outbreak.", zh="疫情。")
    (tmp_path / "emergency.json").write_bytes(document.encoded)

    assert run("check", written(tmp_path, body())).exit_code == 0
    assert run("check", tmp_path / "emergency.json").exit_code == 0


@pytest.mark.parametrize("key", [None, {}, {"key": 1}, {"key": "AAAA"}, {"key": "x"}])
def test_what_is_no_key_signs_nothing(tmp_path: Path, key: object) -> None:
    _, out = prepared(tmp_path, body() | TOLD)
    path = written(tmp_path, key, "key.json")
    told = run("sign", out, tmp_path / "signatures.json", "--party", "a", "--key", path, "--json")

    assert told.exit_code == 1
    assert json.loads(told.stdout)["error"] == "SALUS-Z012"
    assert not (tmp_path / "signatures.json").exists()
