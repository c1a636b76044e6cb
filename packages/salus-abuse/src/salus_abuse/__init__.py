"""Named attacks on a Salus node, and the proof that each of its controls matters. Never part of a release."""
