"""Let `python -m salus.witness` be a witness: the same as `salus witness`, without loading the rest of Salus."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from salus.kernel import SalusError
from salus.proof import VerifierKey
from salus.witness import Settings, Witness, run


def main() -> None:
    """Read the options, serve, and end with 1 on a refusal."""
    parser = argparse.ArgumentParser(prog="salus witness", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--log-vkey", action="append", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clock", type=Path)
    parser.add_argument("--passphrase-file", type=Path)
    parser.add_argument("--attached", action="store_true", help="end when standard input closes")
    given = parser.parse_args()
    if given.attached:
        threading.Thread(target=_until_left, daemon=True).start()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        settings = Settings(
            data=given.data,
            name=given.name,
            logs=tuple(VerifierKey.parse(text) for text in given.log_vkey),
            port=given.port,
            clock=given.clock,
            passphrase_file=given.passphrase_file,
        )
        run(settings, _ready)
    except SalusError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


def _until_left() -> None:
    """Wait until whoever started this process is gone, then end as if asked to."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _ready(address: str, witness: Witness) -> None:
    sys.stdout.write(f"witness {witness.key} answers at {address}\n")
    sys.stdout.flush()


main()
