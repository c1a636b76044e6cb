"""Which node a command means. Apart from `output`, so that commands without a node do not load one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salus.app import NodeSettings


def settings_of(settings: Path | None, **given: Path | str | int | None) -> NodeSettings:
    """Read the node's settings from file, environment and what the command line gave."""
    from salus.app import load_settings  # noqa: PLC0415  loads a whole node: only a command that opens one asks for it

    return load_settings(settings, given=given)
