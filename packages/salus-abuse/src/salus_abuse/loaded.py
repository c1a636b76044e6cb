"""Load all that a scene needs; the process from which all others are forked does nothing else."""

import salus.web
import salus.witness
import salus_abuse.attacks
import salus_abuse.honest
import salus_abuse.scene

__all__ = ["salus", "salus_abuse"]
