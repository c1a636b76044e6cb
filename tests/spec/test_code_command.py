"""`salus code verify`: its inputs, its three exit codes, and that a door reads no reason."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image, ImageFilter

from doors import AT, Door
from salus.cli import main
from salus.kernel import format_instant

DOOR = Door()
GOOD, VOID = DOOR.text(), DOOR.text(index=7)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trust") / "trust.json"
    path.write_bytes(DOOR.file())
    return path


def verify(trust: Path, *inputs: str | Path, venue: str = "care-home", at: str = format_instant(AT)) -> Result:
    given = ["--trust", str(trust), "--at", at, "--venue", venue]
    return CliRunner().invoke(main, ["code", "verify", *map(str, inputs), *given])


def drawn(text: str, kind: str = "PNG", blur: float = 0, *, mode: str = "L") -> bytes:
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_image(scale=4)
    height, width = symbol.shape
    image = Image.frombytes("L", (width, height), bytes(memoryview(symbol))).convert(mode)
    image = image.filter(ImageFilter.GaussianBlur(blur)) if blur else image
    written = BytesIO()
    image.save(written, kind)
    return written.getvalue()


def test_a_code_may_come_as_text_or_in_a_file(trust: Path, tmp_path: Path) -> None:
    (tmp_path / "code.txt").write_text(f"  {GOOD}\n")
    (tmp_path / "code.png").write_bytes(drawn(GOOD))
    (tmp_path / "colour.png").write_bytes(drawn(GOOD, mode="RGBA"))
    (tmp_path / "code.jpg").write_bytes(drawn(GOOD, "JPEG"))
    files = [tmp_path / name for name in ("code.txt", "code.png", "colour.png", "code.jpg")]
    told = verify(trust, GOOD, GOOD.lower(), *files)

    assert told.exit_code == 0, told.output
    assert told.stdout.count("good: vaccination, influenza") == 6


def test_one_that_is_not_good_makes_it_end_with_one(trust: Path) -> None:
    told = verify(trust, GOOD, VOID)

    assert told.exit_code == 1
    assert [line.split(":")[0] for line in told.stdout.splitlines()[:2]] == ["good", "nothing shown"]


def test_a_door_is_told_no_reason(trust: Path, tmp_path: Path) -> None:
    (tmp_path / "blurred.png").write_bytes(drawn(GOOD, blur=12))
    (tmp_path / "broken.png").write_bytes(drawn(GOOD)[:200])
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "empty").write_bytes(b"")
    inputs = ["SL1:NONSENSE", VOID, *(tmp_path / name for name in ("blurred.png", "broken.png", "noise.bin", "empty"))]
    answers = {verify(trust, one).stdout for one in inputs}

    assert len(answers) == 1
    assert next(iter(answers)).startswith("nothing shown\n")


def test_where_none_may_ask_nothing_is_opened(trust: Path, tmp_path: Path) -> None:
    told = verify(trust, tmp_path / "is-not-there.png", venue="large-event")

    assert told.exit_code == 1
    assert told.stdout.startswith("no check is permitted here\n")


@pytest.mark.parametrize("changed", [{"venue": "bank"}, {"venue": ""}])
def test_a_venue_that_is_none_is_wrong_use(trust: Path, changed: dict[str, str]) -> None:
    assert verify(trust, GOOD, **changed).exit_code == 2


def test_a_file_that_is_not_there_is_wrong_use(trust: Path, tmp_path: Path) -> None:
    assert verify(trust, tmp_path / "nothing.png").exit_code == 2
    assert verify(tmp_path / "nothing.json", GOOD).exit_code == 2
    assert CliRunner().invoke(main, ["code", "verify"]).exit_code == 2


@pytest.mark.parametrize("at", ["yesterday", "2031-03-01", "2031-03-01T08:00:00"])
def test_an_instant_that_is_none_is_wrong_use(trust: Path, at: str) -> None:
    assert verify(trust, GOOD, at=at).exit_code == 2


def test_a_trust_file_that_proves_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    path.write_text("{}")

    assert verify(path, GOOD).exit_code == 1


def test_a_holder_may_ask_why(trust: Path) -> None:
    given = ["--trust", str(trust), "--at", format_instant(AT), "--venue", "care-home", "--json"]
    told = json.loads(CliRunner().invoke(main, ["code", "verify", GOOD, VOID, *given]).stdout)

    assert [one["reason"] for one in told["verdicts"]] == [None, "void"]
    assert told["verdicts"][0]["certificate"] == {
        "kind": "vaccination",
        "disease": "influenza",
        "on": "2031-01-30",
        "expires": "2031-04-30T08:00:00Z",
        "hint": {"initials": "SX", "month": 2, "day": 29, "last_two": "3X"},
    }
    assert told["trust"]["dropped"] == 0
