"""`salus code freshen`: a kept trust file becomes the newest by what was voided since, or stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from changing import DAY, TODAY, change
from doors import AT, Door, issuer_key
from salus.cli import main
from salus.codec.certificates import without_lists
from salus.kernel import format_instant

NOW, LATER = Door(), Door(at=AT + DAY, void=(7, 11, 20))
FIRST = change({(1, 7)}, {(1, 7), (1, 20)})
SECOND = change({(1, 7), (1, 20)}, {(1, 7), (1, 11), (1, 20)}, starts=TODAY + DAY, issued=AT + DAY)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    (tmp_path / "rest.json").write_bytes(without_lists(LATER.file()))
    (tmp_path / "first").write_bytes(FIRST)
    (tmp_path / "second").write_bytes(SECOND)
    (tmp_path / "trust.json").write_bytes(NOW.file())
    return tmp_path / "trust.json"


def freshen(kept: Path, *changes: str, more: tuple[str, ...] = ()) -> Result:
    given = [one for name in changes for one in ("--change", str(kept.with_name(name)))]
    rest = ["--rest", str(kept.with_name("rest.json"))] if changes else []
    return CliRunner().invoke(main, ["code", "freshen", str(kept), *rest, *given, *more])


def verdict(kept: Path) -> str:
    given = ["--trust", str(kept), "--at", format_instant(AT + DAY), "--venue", "care-home", "--json"]
    told = json.loads(CliRunner().invoke(main, ["code", "verify", NOW.text(), *given]).stdout)
    return str(told["verdicts"][0]["reason"])


def test_a_file_that_was_brought_up_to_date_knows_what_became_void(kept: Path) -> None:
    before = verdict(kept)
    told = freshen(kept, "first", "second", more=("--json",))

    assert (before, verdict(kept)) == ("None", "void")
    assert told.exit_code == 0
    found = json.loads(told.stdout)
    assert (found["changes_from"], found["dropped"], found["lists"]) == ("2031-03-02", 0, 1)


def test_where_the_changes_do_not_fit_the_file_stays_as_it_is(kept: Path) -> None:
    told = freshen(kept, "second")

    assert told.exit_code == 1
    assert "fetch the trust file whole" in told.output
    assert kept.read_bytes() == NOW.file()


def test_it_says_from_which_day_on_it_needs_changes(kept: Path) -> None:
    assert "changes from 2031-03-01 on" in freshen(kept).stdout
    assert freshen(kept, "first", "second").stdout.endswith("next: changes from 2031-03-02 on\n")
    assert kept.read_bytes() != NOW.file()


def test_of_two_issuers_changes_of_both_are_asked_for_and_told_of_each(kept: Path) -> None:
    party, key = "neighbour.example/issuer", issuer_key("neighbour")
    both = [Door(at=one.at, void=one.void, neighbours=((party, key, (5,)),)) for one in (NOW, LATER)]
    kept.write_bytes(both[0].file())
    kept.with_name("rest.json").write_bytes(without_lists(both[1].file()))
    theirs = change({(1, 5)}, {(1, 5)}, party=party, key=key)
    kept.with_name("both").write_bytes(theirs + FIRST)
    alone = freshen(kept, "first", "second")
    told = freshen(kept, "both", "second", more=("--json",))

    assert alone.exit_code == 1
    assert "no change of neighbour.example/issuer among these" in alone.output
    found = json.loads(told.stdout)
    assert found["changes_from"] == "2031-03-02"
    assert found["changes_from_each"] == {party: "2031-03-02", "door.example/issuer": "2031-03-02"}
    assert "(of door.example/issuer from 2031-03-02 on, of neighbour.example/issuer from 20" in freshen(kept).stdout


def test_changes_without_the_rest_are_wrong_use(kept: Path) -> None:
    told = CliRunner().invoke(main, ["code", "freshen", str(kept), "--change", str(kept.with_name("first"))])

    assert told.exit_code == 2
