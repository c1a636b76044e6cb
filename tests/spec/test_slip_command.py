"""Two investigators make, sign and print slips on their own computers, and hand a desk the leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exposures import an_invented_word
from measures import ALIVE, DISEASE, HOUR, a_file
from salus.cli import main
from salus.cli.actors import Party, new_subject
from salus.kernel import format_instant
from salus.rules import INVESTIGATOR, PartyKey, check_attested, check_word, read_slip_paper, word_of

ATTESTED = ALIVE + 8 * HOUR


@pytest.fixture
def people(tmp_path: Path) -> list[Party]:
    return [Party.kept(tmp_path / "keys", f"investigator-{n}", f"body-{n}", INVESTIGATOR) for n in range(2)]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["slip", *map(str, arguments)])


def make(folder: Path, count: int = 3) -> Path:
    out = folder / "slips.json"
    given = [
        "--case",
        new_subject(),
        "--word",
        an_invented_word(),
        "--disease",
        DISEASE,
        "--day",
        "2031-02-22",
        "--count",
        count,
    ]
    done = run("make", out, *given, "--at", format_instant(ATTESTED))
    assert done.exit_code == 0, done.output
    return out


def sign(out: Path, *people: Party) -> None:
    for one in people:
        key = out.parent / "keys" / f"{one.name}.json"
        assert run("sign", out, "--party", one.name, "--key", key).exit_code == 0


def test_slips_of_two_investigators_are_attested(tmp_path: Path, people: list[Party]) -> None:
    out = make(tmp_path)
    sign(out, *people)
    keys = [
        PartyKey(
            party=one.name,
            organisation=one.organisation,
            duty=one.duty,
            key=one.private.public_key().public_bytes_raw(),
            logged_at=ALIVE - 240 * HOUR,
        )
        for one in people
    ]

    slips = [read_slip_paper(text) for text in json.loads(out.read_text("utf-8"))["slips"]]

    assert [check_attested(one.leaf, keys, ATTESTED).number for one in slips] == [1, 2, 3]
    assert len({one.body["subject"] for one in slips}) == 3
    assert out.stat().st_mode & 0o777 == 0o600


def test_who_signs_is_shown_what_and_the_file_is_whole_at_any_moment(tmp_path: Path, people: list[Party]) -> None:
    out = make(tmp_path)
    before, case = out.stat().st_ino, read_slip_paper(json.loads(out.read_text("utf-8"))["slips"][0]).body["index"]

    done = run("sign", out, "--party", people[0].name, "--key", tmp_path / "keys" / f"{people[0].name}.json")

    assert f"case {case}, day 2031-02-22, {DISEASE}" in done.output
    assert out.stat().st_ino != before  # another file took its name, and none was cut short
    assert out.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == ["keys", "slips.json"]


def test_the_desk_gets_leaves_and_nothing_that_a_bearer_has(tmp_path: Path, people: list[Party]) -> None:
    out, leaves = make(tmp_path), tmp_path / "leaves.json"
    sign(out, *people)

    assert run("leaves", out, leaves).exit_code == 0

    told = leaves.read_text("utf-8")
    assert [set(one) for one in json.loads(told)["exposures"]] == [
        {"index", "number", "commitment", "signatures", "word"}
    ] * 3
    for text in json.loads(out.read_text("utf-8"))["slips"]:
        body = read_slip_paper(text).body
        assert not [name for name in ("subject", "blind", "attested", "day") if str(body[name]) in told]


def test_sheets_are_in_both_languages_and_only_of_slips_that_two_signed(tmp_path: Path, people: list[Party]) -> None:
    out, sheets = make(tmp_path), tmp_path / "slips.html"
    sign(out, people[0])
    early = run("print", out, sheets, "--node", "https://node.example")
    sign(out, people[1])

    done = run("print", out, sheets, "--node", "https://node.example/")

    assert early.exit_code == 1
    assert "SALUS-Z018" in early.output
    assert done.exit_code == 0
    told = sheets.read_text("utf-8")
    assert told.count("<article>") == told.count("<svg") == 3
    for text in (
        "knows this line too",
        "也知道这一行",
        "asks for a test",
        "要求做检测",
        "https://node.example/exposure",
        "2031-02-22",
    ):
        assert text in told


def test_a_case_shows_its_word_and_slips_made_with_it_are_its_own(tmp_path: Path) -> None:
    case, notice, out = a_file(), tmp_path / "notice.json", tmp_path / "slips.json"
    notice.write_bytes(case.raw)
    shown = json.loads(run("word", notice, "--json").output)
    typed = shown["word"].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    given = ["--case", shown["case"], "--disease", DISEASE, "--day", "2031-02-22", "--count", 2]

    asked = CliRunner().invoke(main, ["slip", "make", str(out), *map(str, given)], input=f"{typed}\n")

    assert asked.exit_code == 0, asked.output
    assert typed not in asked.output
    told = out.read_text("utf-8")
    assert shown["word"] not in told
    for text in json.loads(told)["slips"]:
        check_word(read_slip_paper(text).leaf, case.value["decision"])


def test_a_word_with_a_wrong_letter_makes_nothing(tmp_path: Path) -> None:
    word = word_of("A" * 43 + "=")
    given = ["--case", new_subject(), "--disease", DISEASE, "--day", "2031-02-22"]
    for wrong in ("", word[:-1], word + "X", ("A" if word[0] != "A" else "B") + word[1:], "ÄÖÜ" * 8):
        done = run("make", tmp_path / "slips.json", *given, "--word", wrong)
        assert done.exit_code == 1, wrong
        assert "SALUS-Z019" in done.output
    assert not (tmp_path / "slips.json").exists()


def test_a_file_that_names_another_key_shows_no_word(tmp_path: Path) -> None:
    notice, case = tmp_path / "notice.json", a_file()
    old = {name: value for name, value in case.value["decision"].items() if name != "word"}
    for decision, code in ((case.value["decision"] | {"word": new_subject()}, "SALUS-Z020"), (old, "SALUS-Z021")):
        notice.write_text(json.dumps(case.value | {"decision": decision}), "utf-8")
        done = run("word", notice)
        assert done.exit_code == 1
        assert code in done.output


def test_the_end_of_a_case_is_signed(tmp_path: Path, people: list[Party]) -> None:
    out, key = tmp_path / "end.json", tmp_path / "keys" / f"{people[0].name}.json"

    done = run("end", out, "--case", new_subject(), "--party", people[0].name, "--key", key)

    assert done.exit_code == 0
    assert set(json.loads(out.read_text("utf-8"))["end"]) == {"index", "party", "signature"}


@pytest.mark.parametrize("text", ["", "{}", '{"slips":[]}', '{"slips":["x"]}', '{"slips":{}}'])
def test_what_is_no_file_of_slips_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text, "utf-8")

    assert run("leaves", tmp_path / "bad.json", tmp_path / "out.json").exit_code == 1


def test_a_day_and_a_case_are_written_as_they_are(tmp_path: Path) -> None:
    given = ["--disease", DISEASE, "--word", an_invented_word()]

    assert run("make", tmp_path / "a", "--case", new_subject(), "--day", "yesterday", *given).exit_code == 2
    assert run("make", tmp_path / "b", "--case", "Mr. Li", "--day", "2031-02-22", *given).exit_code == 1
