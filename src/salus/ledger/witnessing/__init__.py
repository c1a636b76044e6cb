"""Independent witnesses: asking them to cosign the newest head, and the proofs that rest on their word."""
