"""Run attacks on a node without some of its controls: `python -m salus_abuse.alone --without CONTROL A01 …`."""

from __future__ import annotations

import json
import sys

from salus_abuse.controls import take_away


def main(arguments: list[str]) -> None:
    """Take the controls away before anything else is loaded, run the attacks, and print what became of each."""
    without = [one.removeprefix("--without=") for one in arguments if one.startswith("--without=")]
    take_away(without)
    from salus_abuse.running import chosen, run_all

    named = [one for one in arguments if not one.startswith("--")]
    ended = [one.as_json() for one in run_all(chosen(named), without)]
    sys.stdout.write(f"{json.dumps(ended)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
