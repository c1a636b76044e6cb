"""Train the zstd dictionary for record bodies on synthetic records: src/salus/records/dictionary-1.zstd.

A dictionary is part of the storage format: once released it never changes; a better one gets the next number.
"""

from __future__ import annotations

from pathlib import Path

import orjson
import zstandard

from salus.synth import bundles, country

OUT = Path(__file__).parent.parent / "src/salus/records/dictionary-1.zstd"
SIZE = 48 * 1024


def main() -> None:
    """Train on a small country and say what it saves."""
    samples = [
        orjson.dumps(entry["resource"]) for delivery in bundles(country(7, 600)) for entry in delivery.bundle["entry"]
    ]
    dictionary = zstandard.train_dictionary(SIZE, samples, level=3)
    OUT.write_bytes(dictionary.as_bytes())
    plain = sum(map(len, samples))
    without = sum(len(zstandard.compress(sample, 3)) for sample in samples)
    compressor = zstandard.ZstdCompressor(level=3, dict_data=dictionary)
    packed = sum(len(compressor.compress(sample)) for sample in samples)
    print(f"{len(samples)} samples, {plain} bytes, {without} without dictionary, {packed} with")


if __name__ == "__main__":
    main()
