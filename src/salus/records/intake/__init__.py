"""How things come in: bundles taken apart, each entry examined, everything stored in the caller's one transaction."""
