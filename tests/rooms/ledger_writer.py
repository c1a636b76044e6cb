"""A process that hands leaves over and closes batches until it is killed; it prints each leaf that was acknowledged."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus.kernel import SystemClock
from salus.keys import Ed25519Signer
from salus.ledger import Sequencer, anchor_leaf, append
from salus.storage import Duty, Settings, open_store


def main(data: str, postgres: str, files: str, key: str, seed: str) -> None:
    rng = Random(seed)
    signer = Ed25519Signer("salus.example/log", Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key)))
    with open_store(Settings(data=Path(data), postgres=postgres)) as store:
        sequencer = Sequencer(store, signer, Path(files), SystemClock(), rng)
        while True:
            with store.transaction(Duty.RELAY) as tx:
                leaves = [anchor_leaf("register", size, rng.randbytes(32)) for size in range(1, rng.randint(2, 200))]
                pending = [append(tx, leaf) for leaf in leaves]
            print(*(one.id for one in pending), flush=True)
            sequencer.close_batch()


if __name__ == "__main__":
    main(*sys.argv[1:])
