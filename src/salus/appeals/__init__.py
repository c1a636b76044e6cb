"""What a resident can hold others to: who looked at me, with proof. Contesting and correcting join it here."""

from salus.appeals.model import Look, Looks
from salus.appeals.service import look_proof, looks, own_look

__all__ = ["Look", "Looks", "look_proof", "looks", "own_look"]
