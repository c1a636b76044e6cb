"""An auditor of times, witnesses, files and samples; and what the auditor's command answers."""

from __future__ import annotations

import ast
import base64
import json
import sys
import threading
import tomllib
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from audited import Paper, an_honest_paper, decision, files_of, found_in, hash_of, keys_of, told_in, witness_leaf
from measures import ALIVE, DAY, DECLARED, HOUR, Key
from salus.kernel import canonical, format_instant
from salus.proof import cosign, leaf_hash, root, sign_checkpoint
from salus.proof.note import Note
from salus_abuse.ports import free_port
from salus_audit import Place, audit
from salus_audit.command import main
from support import REPOSITORY

PACKAGE = REPOSITORY / "packages" / "salus-audit"
LATER = ALIVE + 2 * DAY


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return an_honest_paper(tmp_path / "log")


# Times and witnesses


def test_an_appeal_without_an_answer_in_time_is_found_once_the_time_is_over(paper: Paper) -> None:
    opened = paper.add("appeal-opened", appeal=hash_of("late"), deadline=format_instant(LATER + 9 * DAY))
    paper.close(LATER)
    paper.close(LATER + 47 * HOUR)
    assert paper.audit().good
    paper.close(LATER + 2 * DAY)

    found = paper.audit()

    assert found_in(found) == [("APPEAL-OVERDUE", opened)], "no deadline of more than 48 hours is believed"
    assert found.as_json()["appeals"]["overdue"] == [opened]


def test_a_log_that_fell_silent_is_found(paper: Paper) -> None:
    assert found_in(paper.audit(after=25 * HOUR)) == [("LOG-STALE", len(paper.log.entries) - 1)]


def test_heads_that_are_withheld_are_found(paper: Paper) -> None:
    paper.write()
    asked = paper.asked()
    (paper.folder / "heads" / "000").unlink()
    assert ("LOG-MISSING", None) in found_in(audit(asked))


def test_a_head_under_another_past_is_found(paper: Paper) -> None:
    size, note = paper.log.heads[3]
    other = sign_checkpoint(size, base64.b64decode(hash_of("another past")), paper.log.key)
    text = Note.parse(other.note)
    lines = [cosign(text.text, DECLARED, one) for one in paper.log.witnesses]
    paper.log.heads[3] = (size, str(Note(text=text.text, signatures=(*text.signatures, *lines))))
    changed = found_in(paper.audit())
    paper.log.heads[3] = (size, note)

    kept = found_in(paper.audit(since={"kept": other.note.encode()}))

    assert changed == kept == [("EQUIVOCATION", size - 1)]


def test_a_kept_checkpoint_of_a_longer_log_is_found(paper: Paper) -> None:
    kept = paper.log.heads[-1][1].encode()
    paper.log.entries = paper.log.entries[: paper.log.heads[-2][0]]
    paper.log.heads.pop()

    assert found_in(paper.audit(since={"kept": kept})) == [("LOG-SHRUNK", None)]


def test_two_witnesses_of_one_organisation_count_as_one(paper: Paper) -> None:
    again = Key("witness-again.example")
    leaf = len(paper.log.entries)
    paper.log.append("party-key", witness_leaf(again, "press"))
    paper.log.witnesses.append(again)
    paper.close(LATER)

    assert found_in(paper.audit(witnesses=[])) == [("WITNESS-OPERATOR", leaf)]


def test_a_false_cosignature_and_too_few_are_found(paper: Paper) -> None:
    size, note = paper.log.heads[-1]
    lines = note.splitlines(keepends=True)
    paper.log.heads[-1] = (size, "".join(lines[:-2]))
    assert found_in(paper.audit()) == [("LOG-QUORUM", size - 1)]

    first = Note.parse(note)
    forged = cosign(first.text, DECLARED, Key(paper.log.witnesses[0].name))
    mine = paper.log.witnesses[0].name
    forged_line = str(forged).replace(
        str(forged).split()[2][:6], next(row for row in lines if mine in row).split()[2][:6], 1
    )
    paper.log.heads[-1] = (size, "".join(row if mine not in row else forged_line for row in lines))

    assert {code for code, _ in found_in(paper.audit())} == {"LOG-COSIGNATURE"}


# Files


@pytest.mark.parametrize("path", ["tile/0/000.p/27", "tile/entries/000.p/27", "checkpoint"])
def test_a_changed_byte_is_found(paper: Paper, path: str) -> None:
    asked = paper.asked()
    content = bytearray((paper.folder / path).read_bytes())
    content[40] ^= 1
    (paper.folder / path).write_bytes(content)
    found = audit(asked)

    assert not found.good
    assert all(code.startswith("LOG-") for code, _ in found_in(found)), told_in(found)


def test_a_long_log_is_read_in_several_processes_with_the_same_end(paper: Paper) -> None:
    at = LATER
    for count in range(70_000):
        paper.log.entries.append(
            canonical({"anchor": {"custodian": "H1", "size": 10 + count, "root": hash_of("nine")}})
            if count % 2
            else canonical({"void": {"commitment": hash_of("void")}})
        )
    planted = decision(paper, rules=hash_of("other rules"))
    head = sign_checkpoint(len(paper.log.entries), root([leaf_hash(one) for one in paper.log.entries]), paper.log.key)
    text = Note.parse(head.note)
    lines = [cosign(text.text, at, one) for one in paper.log.witnesses]
    paper.log.heads.append((head.size, str(Note(text=text.text, signatures=(*text.signatures, *lines)))))
    paper.at = at
    assert len(files_of(paper.log)) > 500

    alone, together = paper.audit(workers=1), paper.audit(workers=2)

    assert found_in(alone) == found_in(together) == [("RULE-DIVERGENCE", planted)]
    assert alone.as_json()["counts"] == together.as_json()["counts"]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


def test_a_log_is_audited_at_an_address_as_in_a_folder(paper: Paper) -> None:
    planted = decision(paper, rules=hash_of("other rules"))
    paper.close(LATER)
    asked = paper.asked()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(paper.folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        found = audit(replace(asked, place=Place.of(f"http://127.0.0.1:{server.server_port}/")))
    finally:
        server.shutdown()
        server.server_close()

    assert found_in(found) == found_in(audit(asked)) == [("RULE-DIVERGENCE", planted)]


# Measures' files


def test_an_honest_file_is_recomputed_to_its_measure(paper: Paper) -> None:
    file = paper.measure(LATER)

    found = paper.audit(files={"mine": file.raw})

    assert found.good, told_in(found)
    assert (found.files["mine"].measure, found.files["mine"].why) == ("precaution", None)


def test_a_sample_misses_the_decisions_that_nobody_shows(paper: Paper) -> None:
    shown = paper.measure(LATER)
    hidden = decision(paper)
    paper.evidence(LATER + 9 * HOUR)
    paper.close(LATER + DAY)
    drawn = [index for code, index in found_in(paper.audit(sample=1)) if code == "EVID-MISSING"]

    found = paper.audit(sample=1, files={"shown": shown.raw})

    missing = [index for code, index in found_in(found) if code == "EVID-MISSING"]
    assert hidden in missing
    assert len(missing) == len(drawn) - 1


def test_a_file_of_another_log_is_found(paper: Paper, tmp_path: Path) -> None:
    other = an_honest_paper(tmp_path / "other")

    found = paper.audit(files={"theirs": other.measure(LATER).raw})

    assert found_in(found) == [("NO-PROOF", None)]


# The command, and the package


def run(capsys: pytest.CaptureFixture[str], *given: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as ended:
        main([*given, "--json"])
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out or "{}")


def test_the_command_ends_with_0_1_and_2(paper: Paper, capsys: pytest.CaptureFixture[str]) -> None:
    paper.write()
    key, *witnesses = keys_of(paper.log)
    given = [str(paper.folder), "--vkey", str(key), *(word for one in witnesses for word in ("--witness", str(one)))]
    present = ["--at", format_instant(paper.at + HOUR)]

    code, told = run(capsys, *given, *present)
    assert (code, told["good"], told["findings"]) == (0, True, [])
    code, told = run(capsys, *given, "--at", format_instant(paper.at + 2 * DAY))
    assert (code, [one["code"] for one in told["findings"]]) == (1, ["LOG-STALE"])
    assert told["findings"][0] == {
        "code": "LOG-STALE",
        "leaf": told["size"] - 1,
        "key": key.name,
        "text": told["findings"][0]["text"],
    }
    assert run(capsys, "/nowhere/at/all")[0] == 2
    assert run(capsys, str(paper.folder), "--vkey", "nonsense")[0] == 2


def test_a_node_is_read_at_its_log(paper: Paper, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    paper.write()
    present = ["--at", format_instant(paper.at + HOUR)]

    code, told = run(capsys, str(tmp_path), "--vkey", str(keys_of(paper.log)[0]), *present)

    assert (told["place"], told["size"]) == (str(paper.folder), len(paper.log.entries)), code


def test_what_cannot_be_reached_is_not_called_a_log_without_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    with pytest.raises(SystemExit) as ended:
        main([f"http://127.0.0.1:{port}/log"])

    told = capsys.readouterr().out
    assert ended.value.code == 1
    assert "no entry could be read" in told
    assert "LOG-UNREADABLE: vkey: the server did not answer" in told
    assert "LOG-KEY" not in told


def test_a_policy_names_whom_to_believe(paper: Paper, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    paper.write()
    (tmp_path / "policy.txt").write_text(str(paper.log.trust), "utf-8")

    code, told = run(
        capsys, str(paper.folder), "--trust", str(tmp_path / "policy.txt"), "--at", format_instant(paper.at + HOUR)
    )

    assert (code, told["good"], told["witnesses_given"]) == (0, True, True)


def test_the_auditor_shares_no_import_with_salus() -> None:
    names = {
        name
        for file in (PACKAGE / "src").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    outside = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"salus_audit"}

    assert outside == {"cryptography"}
    built = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    assert built["packages"] == ["src/salus"], "the wheel of salus comes without it"
    assert tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"] == [
        "cryptography>=50.0"
    ]
