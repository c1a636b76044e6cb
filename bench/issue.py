"""Speed of issuing certificates and identity codes: fact to text, against the bare signature over the same octets.

    .venv/bin/python bench/issue.py [--codes 4000] [--rounds 5]

One core; rates by CPU time of this process, round by round in turn, so that a busy machine counts less. The floor is
`cryptography`'s deterministic P-256 signature (RFC 6979), which is what makes the same code the same text each time;
its random one stands beside it, as a peer that would be faster and give that up.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from doors import AT, Door
from salus.codec import encode_sl1, key_id, signer
from salus.codec.certificates import Certificate, CertificateKind, Disease, decode_certificate, encode_certificate
from verify import line, timed

ALWAYS_THE_SAME = ECDSA(hashes.SHA256(), deterministic_signing=True)
RANDOM = ECDSA(hashes.SHA256())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    key = Door().issuer
    kid, sign = key_id(key.public_key()), signer(key)
    octets = decode_certificate(Door().text()).signed
    hour = AT.replace(minute=0, second=0, microsecond=0)

    def certificates() -> None:
        for number in range(chosen.codes):
            fact = Certificate(
                kind=CertificateKind.VACCINATION,
                disease=Disease.INFLUENZA,
                when=22_000,
                issued=hour,
                expires=hour + timedelta(days=90),
                list_number=1,
                index=number,
            )
            encode_certificate(fact, kid, sign)

    def identities() -> None:
        for number in range(chosen.codes):
            encode_sl1(number.to_bytes(16), kid, sign)

    def bare() -> None:
        for _ in range(chosen.codes):
            key.sign(octets, ALWAYS_THE_SAME)

    def peer() -> None:
        for _ in range(chosen.codes):
            key.sign(octets, RANDOM)

    rounds = [tuple(map(timed, (certificates, identities, bare, peer))) for _ in range(chosen.rounds)]
    print(f"{chosen.rounds} rounds of {chosen.codes:,} codes; median, least to most of the rounds\n")
    rate = line("certificate, fact to text", chosen.codes, [one[0] for one in rounds])
    line("identity code, number to text", chosen.codes, [one[1] for one in rounds])
    floor = line("floor: the bare signature", chosen.codes, [one[2] for one in rounds])
    line("peer: a random signature", chosen.codes, [one[3] for one in rounds])
    print(f"\ncertificates are issued at {rate / floor:.2f} of the floor")


if __name__ == "__main__":
    main()
