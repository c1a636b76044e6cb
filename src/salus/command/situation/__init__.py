"""The situation at a cut-off: a pure function over a snapshot, and the frozen snapshot of a situation report."""
