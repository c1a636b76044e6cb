"""The command `salus-audit`: read a log's public files, and say what is wrong with them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from salus_audit.auditing import Asked, Audit, audit
from salus_audit.places import NoPlace, Place
from salus_audit.signing import LOG, WITNESS, NamedKey
from salus_audit.spelling import Misspelt, seconds

GOOD, FOUND, WRONG_USE = 0, 1, 2
_MOST_FILE = 1 << 20


def main(given: Sequence[str] | None = None) -> None:
    """Audit, print, and end with 0 where nothing was found, 1 where something was, and 2 for wrong use."""
    options = _parser().parse_args(given)
    try:
        asked = _asked(options)
    except (Misspelt, NoPlace, OSError) as reason:
        sys.stderr.write(f"salus-audit: {reason}\n")
        sys.exit(WRONG_USE)
    found = audit(asked)
    if options.json:
        sys.stdout.write(json.dumps(found.as_json(), ensure_ascii=False) + "\n")
    else:
        _say(found)
    sys.exit(GOOD if found.good else FOUND)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="salus-audit",
        description="Read the public log of a Salus node and say what is wrong with it. It shares no code with Salus.",
    )
    parser.add_argument("place", help="the log's folder, or its http or https address; or what has it below `log`")
    parser.add_argument("--vkey", help="the log's key, as somebody you trust told it")
    parser.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="ORGANISATION=KEY",
        help="a witness and the organisation that answers for it; give all of them. A bare KEY is of the organisation "
        "that the log names, else counts as one of its own, and the answer says so",
    )
    parser.add_argument("--trust", type=Path, help="a policy file that names the log's key and the witnesses")
    parser.add_argument(
        "--since",
        action="append",
        default=[],
        type=Path,
        help="a checkpoint that you kept, or a folder of them, such as `taken` of a mirror",
    )
    parser.add_argument("--file", action="append", default=[], type=Path, help="a measure's file, or a folder of them")
    parser.add_argument(
        "--receipt", action="append", default=[], type=Path, help="a receipt of evidence, or a folder of them"
    )
    parser.add_argument("--sample", type=int, help="draw one decision in so many; each needs a file that shows it")
    parser.add_argument("--at", help="your present, such as 2031-03-01T08:00:00Z; the machine's clock without it")
    parser.add_argument(
        "--workers", type=int, default=0, help="how many processes read; as many as processors without it"
    )
    parser.add_argument("--json", action="store_true", help="print one object")
    return parser


def _asked(options: argparse.Namespace) -> Asked:
    key = NamedKey.read(options.vkey, LOG) if options.vkey else None
    witnesses = [NamedKey.witness(one) for one in options.witness]
    if options.trust:
        log, named = read_policy(options.trust.read_text("utf-8"))
        key, witnesses = key or log, [*witnesses, *named]
    if options.sample is not None and options.sample < 1:
        raise Misspelt("a sample is one in 1 or more")
    if len({one.key for one in witnesses}) != len(witnesses):
        raise Misspelt("a witness is named once")
    return Asked(
        place=Place.of(options.place).of_log(),
        now=seconds(options.at) if options.at else int(time.time()),
        key=key,
        witnesses=witnesses,
        since=_files(options.since, "*"),
        files=_files(options.file),
        receipts=_files(options.receipt),
        sample=options.sample,
        workers=max(options.workers, 0),
    )


def _files(given: Sequence[Path], named: str = "*.json") -> Mapping[str, bytes]:
    paths = [each for one in given for each in (sorted(one.glob(named)) if one.is_dir() else [one])]
    return {str(one): one.read_bytes()[:_MOST_FILE] for one in paths}


def read_policy(text: str) -> tuple[NamedKey | None, list[NamedKey]]:
    """Read a policy (C2SP tlog-policy): `log KEY`, and `witness ORGANISATION KEY`; how many must agree is not asked."""
    log: NamedKey | None = None
    witnesses = []
    for words in filter(None, (line.split() for line in text.splitlines() if not line.lstrip().startswith("#"))):
        if words[0] == "log" and len(words) >= 2 and log is None:
            log = NamedKey.read(words[1], LOG)
        elif words[0] == "witness" and len(words) >= 3:
            witnesses.append(NamedKey.read(words[2], WITNESS, words[1]))
        elif words[0] not in ("group", "quorum"):
            raise Misspelt(f"a policy has no line {words[0]}")
    return log, witnesses


def _say(found: Audit) -> None:
    told = found.as_json()
    counts = ", ".join(f"{count} {kind}" for kind, count in told["counts"].items())
    read = "no entry could be read" if told["size"] is None else f"{told['size']} entries ({counts})"
    lines = [f"{told['place']}: {read}"]
    last = f", the last one as of {told['as_of']}" if told["heads"] else ""
    lines += [f"  {told['heads']} heads that a quorum saw{last}"]
    lines += [
        f"  {name}: {one['measure']}{' because ' + one['why'] if one['why'] else ''}"
        for name, one in told["files"].items()
    ]
    lines += [f"  {name}: {one['why'] or 'the log has every step'}" for name, one in told["receipts"].items()]
    for one in told["findings"]:
        where = f" entry {one['leaf']}" if one["leaf"] is not None else ""
        lines.append(f"{one['code']}{where}{' (' + one['key'] + ')' if one['key'] else ''}: {one['text']}")
    if told["more_findings"]:
        lines.append(f"and {told['more_findings']} more")
    lines += [f"not looked at: {one}" for one in told["unchecked"]]
    lines.append("nothing is wrong" if found.good else f"{len(told['findings']) + told['more_findings']} findings")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
