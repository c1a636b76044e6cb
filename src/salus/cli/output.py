"""What commands print and how they end: 0 good, 1 refused or findings, 2 wrong use; `--json` prints one object."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from salus.kernel import SalusError


class FileRefused(SalusError):
    """A file or folder that a command was given and may not, or cannot, use."""

    code = "SALUS-Z022"


P = ParamSpec("P")
R = TypeVar("R")

data_option = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="The node's data folder (default .salus)."
)
settings_option = click.option(
    "--settings", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A TOML settings file."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")


def say(text: str = "") -> None:
    """Print a line for people, at once."""
    click.echo(text)


def tell(value: dict[str, Any]) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(value, ensure_ascii=False))


def ending(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a SalusError, or a file that cannot be used, into its text on standard error and exit code 1."""

    @wraps(command)
    def ended(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except SalusError as error:
            refused = error
        except OSError as error:
            if not isinstance(error.filename, str | Path):
                raise  # no file's fault: whoever reads the traceback is who can mend it
            reason = error.strerror or type(error).__name__
            refused = FileRefused(f"{error.filename}: {reason}; name another, or let this user use it")
        click.echo(str(refused), err=True)
        if kwargs.get("as_json"):
            tell({"error": refused.code, "text": refused.text})
        sys.exit(1)

    return ended
