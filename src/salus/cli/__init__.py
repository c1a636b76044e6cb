"""The command `salus`: serve a node, import, register facilities, check the log, back up, play the demo."""

from salus.cli.main import main

__all__ = ["main"]
