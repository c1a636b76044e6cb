"""What tests make of the folders that they open nodes in: nobody else's modes are changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from nodes import let_the_database_in
from prepared import PYTESTS


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


def test_only_what_pytest_made_is_opened_and_only_as_far_as_it_is_closed(tmp_path: Path) -> None:
    inner, wide = tmp_path / "wide" / "inner", tmp_path / "wide"
    inner.mkdir(parents=True)
    inner.chmod(0o700)
    wide.chmod(0o775)
    above = next(one for one in tmp_path.parents if one.name.startswith(PYTESTS)).parent
    before = mode(above)

    let_the_database_in(inner)

    assert (mode(inner), mode(wide), mode(above)) == (0o711, 0o775, before)


def test_a_private_folder_that_no_test_made_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, mine = tmp_path / "home", tmp_path / "home" / "mine"
    mine.mkdir(parents=True)
    home.chmod(0o700)
    monkeypatch.setattr("nodes.tempfile.tempdir", str(home))
    monkeypatch.setattr("nodes.PYTESTS", "another-")

    with pytest.raises(ValueError, match="no test made"):
        let_the_database_in(mine)

    assert mode(home) == 0o700
