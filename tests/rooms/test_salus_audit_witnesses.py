"""Whose the witnesses are that an auditor is told of: organisations count, however they are written; keys never do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audited import Paper, an_honest_paper, found_in, keys_of, told_in
from measures import ALIVE, DAY, Key
from salus.kernel import format_instant
from salus.proof import WitnessKey
from salus_audit.command import main
from salus_audit.signing import NamedKey
from salus_audit.spelling import Misspelt

LATER = ALIVE + 2 * DAY
OWNERS = ("court", "press", "university")


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return an_honest_paper(tmp_path / "log")


def run(capsys: pytest.CaptureFixture[str], paper: Paper, *witnesses: str) -> tuple[int, dict[str, Any]]:
    paper.write()
    key, *_ = keys_of(paper.log)
    given = [word for one in witnesses for word in ("--witness", one)]
    with pytest.raises(SystemExit) as ended:
        main([str(paper.folder), "--vkey", str(key), *given, "--at", format_instant(paper.at + DAY / 24), "--json"])
    told = capsys.readouterr()
    return int(ended.value.code or 0), json.loads(told.out) if told.out else {"said": told.err}


def test_a_witness_is_given_with_its_organisation_as_salus_takes_it(
    paper: Paper, capsys: pytest.CaptureFixture[str]
) -> None:
    owned = [
        WitnessKey.of(one, organisation).owned
        for one, organisation in zip(paper.log.witnesses, (" Court", "ＰＲＥＳＳ", "university "), strict=True)
    ]

    code, told = run(capsys, paper, *owned)

    assert (code, told["findings"], told["unchecked"]) == (0, [], [])
    assert [one["said_by"] for one in told["witnesses"]] == ["you"] * 3


def test_no_spelling_of_a_witness_is_read_in_two_ways() -> None:
    plain = str(WitnessKey.of(Key("witness.example")))
    odd = str(WitnessKey.of(Key("court=witness.example")))

    assert NamedKey.witness(plain).said_by is None
    assert NamedKey.witness(odd).name == "court=witness.example"
    assert NamedKey.witness(f"court={odd}").organisation == "court"
    assert NamedKey.witness(f"a+b={plain}").organisation == "a+b"
    for wrong in (f"={plain}", f" ={plain}", f"court={plain[:-4]}", "court=", "court", f"{plain}=court"):
        with pytest.raises(Misspelt):
            NamedKey.witness(wrong)


def test_bare_keys_that_the_log_does_not_name_are_told_to_be_nobodys(
    paper: Paper, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = Key("witness-bare.example")
    paper.log.witnesses.append(stranger)
    paper.close(LATER)

    code, told = run(capsys, paper, *(str(WitnessKey.of(one)) for one in paper.log.witnesses))

    assert code == 0, told
    assert [one["said_by"] for one in told["witnesses"]] == ["log", "log", "log", None]
    assert told["witnesses"][3]["organisation"] is None
    assert [text for text in told["unchecked"] if "witness-bare.example" in text and "ORGANISATION=KEY" in text]


def test_an_organisation_that_the_log_contradicts_is_found(paper: Paper) -> None:
    named = [NamedKey.witness(WitnessKey.of(one, "press").owned) for one in paper.log.witnesses[:1]]
    bare = keys_of(paper.log)[2:]

    found = paper.audit(witnesses=[*named, *bare])

    assert {code for code, _ in found_in(found)} == {"WITNESS-OPERATOR"}, told_in(found)
    assert any("the log names court" in one.text for one in found.findings.told)


def test_many_keys_of_one_organisation_are_one_voice_in_a_quorum(paper: Paper) -> None:
    """Three keys of one body and one of another: two organisations, so that the three alone are no quorum."""
    strangers = [Key(f"witness-{one}.example") for one in range(4)]
    first = paper.log.witnesses
    paper.log.witnesses = [*first, *strangers[:3]]
    paper.close(LATER)
    names = ("A Body", "a  body", "Ａ ｂｏｄｙ", "another")
    witnesses = [NamedKey.witness(WitnessKey.of(*one).owned) for one in zip(strangers, names, strict=True)]

    found = paper.audit(witnesses=witnesses)
    paper.log.heads.pop()
    paper.log.witnesses = [*first, strangers[0], strangers[3]]
    paper.close(LATER)

    assert ("LOG-QUORUM", len(paper.log.entries) - 1) in found_in(found), told_in(found)
    assert "LOG-QUORUM" not in {code for code, _ in found_in(paper.audit(witnesses=witnesses))}
