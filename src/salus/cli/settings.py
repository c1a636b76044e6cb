"""Which node a command means. Apart from `output`, so that commands without a node do not load one."""

from __future__ import annotations

from pathlib import Path

from salus.app import NodeSettings, load_settings


def settings_of(settings: Path | None, **given: Path | str | int | None) -> NodeSettings:
    """Read the node's settings from file, environment and what the command line gave."""
    return load_settings(settings, given=given)
