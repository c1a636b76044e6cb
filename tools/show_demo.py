"""Put what `make demo` prints into the README, from a real run in a new folder.

`--check` runs it and fails when the README shows something else; with `--said FILE` it runs nothing and takes what
`make demo` has printed. Times, dates, codes, hashes and how many batches the log had are different in each run; so are
the public bundles, where they are at hand. Everything else is the same for everybody, since the country has a seed.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(?<=<!-- demo -->\n).*?(?=<!-- /demo -->)", re.DOTALL)
PORT = 8000
CHANGES = [
    (r"\d+\.\d s\b", "0.0 s"),
    (r"[\d,]+ entries/s", "0 entries/s"),
    (r"\d+ [A-Z][a-z]{2} \d\d:\d\d UTC", "1 Jan 00:00 UTC"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2000-01-01T00:00:00Z"),
    (r"SL1:[^…]*…( \(\d+ characters)?", "SL1:…"),
    (r"(root|hash) [0-9a-f]+…", r"\1 …"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"(log of|from its files:|it is entry) \d+", r"\1 0"),
    (r"PostgreSQL \d+(\.\d+)?", "PostgreSQL 0"),
    (r"(?m)^(open|    ) (http://\S+) +", r"\1 \2 "),
    (r"(?m)^\S+ imported \d+ real test bundles .*\n", ""),
]


def run_demo() -> str:
    """Run the demo in a folder of its own, without public corpora, and return what it printed."""
    folder = Path(tempfile.mkdtemp(prefix="salus-demo-"))
    folder.chmod(0o711)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    salus = Path(sys.executable).parent / "salus"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SALUS_")}
    kept |= {"SALUS_CORPORA": str(folder / "none"), "PYTHONUTF8": "1"}
    command = [str(salus), "demo", "--exit", "--port", str(port)]
    try:
        done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, timeout=900, check=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if done.returncode:
        raise SystemExit(f"the demo ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.replace(f":{port}", f":{PORT}")


def lasting(text: str) -> list[str]:
    """Return the lines with what differs in each run taken out."""
    for pattern, instead in CHANGES:
        text = re.sub(pattern, instead, text)
    return [line.rstrip() for line in text.strip().splitlines()]


def main() -> int:
    """Write the README's block, or with `--check` only compare it."""
    parser = argparse.ArgumentParser(description="Put what the demo prints into the README.")
    parser.add_argument("--check", action="store_true", help="fail when the README shows something else, write nothing")
    parser.add_argument("--said", type=Path, help="what `make demo` has printed, in place of another run")
    readme = README.read_text("utf-8")
    shown = BLOCK.search(readme)
    if shown is None:
        raise SystemExit("README.md has no <!-- demo --> block")
    given = parser.parse_args()
    printed = given.said.read_text("utf-8") if given.said else run_demo()
    if given.check:
        before, now = lasting(shown[0].replace("```", "")), lasting(printed)
        print("\n".join(difflib.unified_diff(before, now, "README.md", "salus demo", lineterm="")))
        return int(before != now)
    README.write_text(BLOCK.sub(lambda _: f"```\n{printed.strip()}\n```\n", readme), "utf-8")
    print("README.md shows what the demo prints")
    return 0


if __name__ == "__main__":
    sys.exit(main())
