"""`salus code verify`: its inputs, its three exit codes, and that a door reads no reason."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image, ImageFilter

from doors import AT, PARTY, Door
from foreigners import CARD, CardIssuer, Issuer
from listing import AFTER, by_list
from salus.cli import main
from salus.cli.papers import MOST_PAGES
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

    assert told["verdicts"] == [
        {
            "input": 1,
            "format": "SL1",
            "verdict": "valid",
            "reason": None,
            "sentence": "good: vaccination, influenza, 2031-01-30, until 2031-04-30T08:00:00Z; SX, born 02-29,"
            " number ends in 3X",
            "holder": {"initials": "SX", "month": 2, "day": 29, "last_two": "3X"},
            "facts": [
                {"kind": "vaccination", "target": "influenza", "on": "2031-01-30", "country": None, "detail": {}}
            ],
            "issuer": PARTY,
            "expires": "2031-04-30T08:00:00Z",
            "regions": ["900101"],
        },
        {
            "input": 2,
            "format": "SL1",
            "verdict": "not-valid",
            "reason": "void",
            "sentence": "nothing shown",
            "holder": None,
            "facts": [],
            "issuer": None,
            "expires": None,
            "regions": ["900101"],
        },
    ]
    assert told["trust"]["dropped"] == 0


def test_every_format_is_told_in_one_shape(trust: Path, tmp_path: Path) -> None:
    issuer = Issuer()
    (tmp_path / "signers.pem").write_text(issuer.pem)
    (tmp_path / "white.png").write_bytes(drawn("nothing that is known here"))
    given = ["--trust", str(trust), "--trust", str(tmp_path / "signers.pem"), "--venue", "care-home", "--json"]
    inputs = [GOOD, issuer.text(), CardIssuer().text(CARD), str(tmp_path / "white.png")]
    ran = CliRunner().invoke(main, ["code", "verify", *inputs, *given, "--at", format_instant(AT)])
    told = json.loads(ran.stdout)["verdicts"]

    assert ran.exit_code == 1
    assert [(one["input"], one["format"], one["verdict"]) for one in told] == [
        (1, "SL1", "valid"),
        (2, "HC1", "valid"),
        (3, "SHC", "cannot-tell"),
        (4, "unknown", "not-valid"),
    ]
    shape = ["input", "format", "verdict", "reason", "sentence", "holder", "facts", "issuer", "expires"]
    assert all(list(one)[: len(shape)] == shape for one in told)


def printed(*pages: Image.Image) -> bytes:
    """Print pictures as the pages of a PDF."""
    written = BytesIO()
    pages[0].save(written, "PDF", resolution=150, save_all=True, append_images=pages[1:])
    return written.getvalue()


def page(*texts: str) -> Image.Image:
    """Lay codes out below each other on white paper."""
    sheet = Image.new("L", (1240, 1754), 255)
    for number, text in enumerate(texts):
        sheet.paste(Image.open(BytesIO(drawn(text))), (100, 60 + 560 * number))
    return sheet


def test_the_codes_on_the_pages_of_a_pdf_are_judged_each(trust: Path, tmp_path: Path) -> None:
    (tmp_path / "sheet.pdf").write_bytes(printed(page(GOOD, VOID), page(), page(GOOD)))
    told = verify(trust, tmp_path / "sheet.pdf", GOOD)

    assert told.exit_code == 1
    assert sorted(line.split(":")[0] for line in told.stdout.splitlines()[:4]) == ["good"] * 3 + ["nothing shown"]


def test_a_pdf_without_codes_or_that_is_broken_shows_nothing(trust: Path, tmp_path: Path) -> None:
    whole = printed(page(GOOD))
    files = {"empty": printed(page()), "cut": whole[: len(whole) // 3], "none": b"%PDF-1.7\n" + bytes(5000)}
    for name, octets in files.items():
        (tmp_path / f"{name}.pdf").write_bytes(octets)
    answers = {verify(trust, tmp_path / f"{name}.pdf").stdout for name in files}

    assert answers == {verify(trust, "SL1:NONSENSE").stdout}


def test_a_pdf_is_read_so_far_and_no_further(trust: Path, tmp_path: Path) -> None:
    (tmp_path / "long.pdf").write_bytes(printed(*[page()] * MOST_PAGES, page(GOOD)))
    huge = printed(page(GOOD)).replace(b"/MediaBox [ 0 0 595.2 841.92 ]", b"/MediaBox [0 0 14400 14400]   ")
    (tmp_path / "huge.pdf").write_bytes(huge)

    assert b"14400" in huge
    assert verify(trust, tmp_path / "long.pdf").exit_code == 1
    assert verify(trust, tmp_path / "huge.pdf").exit_code in (0, 1)


def test_a_trust_file_that_goes_back_in_time_is_refused(tmp_path: Path) -> None:
    doors, kept = by_list(), tmp_path / "kept.json"
    files = {what: tmp_path / f"{number}.json" for number, what in enumerate(doors)}
    for what, file in files.items():
        file.write_bytes(doors[what].file())
    steps = ["names the key", "two versions", "two versions", "names the key", "names another key"]
    told = [verify(files[what], AFTER, "--newest", str(kept)) for what in steps]

    assert [one.exit_code for one in told] == [0, 1, 1, 1, 1]
    assert [one.stdout.split(chr(10))[0] for one in told[:3]][1:] == ["nothing shown", "nothing shown"]
    assert "takes back a trust list" in told[3].output
    assert "takes back a trust list" in told[4].output
    assert kept.read_bytes() == doors["two versions"].file()
