"""Run a file of tests without a control, in a process forked from this one, for each line of JSON on standard input.

This process loads what `conftest` loads before it takes a control away, and nothing that a test loads after: what a
control replaces must not have been imported by name elsewhere. It answers with pytest's exit code.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

import hypothesis
import pytest

from salus.app import SCHEMAS

LOADED = (SCHEMAS, hypothesis, pytest)
OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:xdist")


def main() -> None:
    """Fork for each line, and wait for the child before the next is read."""
    for line in sys.stdin:
        job = json.loads(line)
        if not (child := os.fork()):
            _run(job["without"], job["test"], job["said"])
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _run(without: str, test: str, said: str) -> None:
    """In the child: never return."""
    code = -1
    try:
        written = os.open(said, os.O_WRONLY | os.O_CREAT, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for kept, stream in ((nothing, 0), (written, 1), (written, 2)):
            os.dup2(kept, stream)
        os.environ["SALUS_WITHOUT"] = without
        code = int(pytest.main([*OPTIONS, f"--basetemp={Path(said).with_name('written')}", test]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if code >= 0 else 99)


if __name__ == "__main__":
    main()
