"""Write docs/promises.md from tests/promises: each file is a promise, each test a sentence about it.

`make docs` writes the page; `make check` runs `--check`, which fails when the page is not what the tests say.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "promises"
PAGE = ROOT / "docs" / "promises.md"

HEAD = """# What Salus promises

Each heading is a file of tests in `tests/promises/`, each line below it a test that `make test` runs on your machine.
This page is made from them by `make docs`; what is not here is not promised yet. What Salus does not prevent stands in
the README.
"""


def sentence(name: str) -> str:
    """Turn the name of a test into the sentence that it is."""
    words = name.removeprefix("test_").replace("_", " ")
    return words[:1].upper() + words[1:] + "."


def paragraph(text: str) -> str:
    """Join the lines of a docstring."""
    return " ".join(text.split())


def section(path: Path) -> Iterator[str]:
    """Yield the lines that one file of promises becomes. Raises ValueError for a file without a docstring or a test."""
    tree = ast.parse(path.read_text("utf-8"))
    told = (ast.get_docstring(tree) or "").partition("\n")
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    if not told[0] or not tests:
        raise ValueError(f"{path.name} needs a docstring, which is the promise, and tests, which prove it")
    yield f"\n## {told[0].rstrip('.')}\n"
    if told[2].strip():
        yield paragraph(told[2]) + "\n"
    for test in tests:
        more = ast.get_docstring(test)
        yield f"- {sentence(test.name)}" + (f" {paragraph(more)}" if more else "")
    yield f"\n`tests/promises/{path.name}`"


def page() -> str:
    """Return the whole page."""
    lines = [HEAD.rstrip("\n")]
    for path in sorted(TESTS.glob("test_*.py")):
        lines += section(path)
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or with `--check` only compare it."""
    parser = argparse.ArgumentParser(description="Write docs/promises.md from tests/promises.")
    parser.add_argument("--check", action="store_true", help="fail when the page is stale, write nothing")
    wanted = page()
    if parser.parse_args().check:
        if not PAGE.is_file() or PAGE.read_text("utf-8") != wanted:
            print("docs/promises.md is stale: run `make docs` and commit it", file=sys.stderr)
            return 1
        print("promises: the page says what the tests say")
        return 0
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(wanted, "utf-8")
    print(f"promises: {wanted.count(chr(10) + '## ')} written to {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
