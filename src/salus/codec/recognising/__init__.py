"""What a door is told of a certificate, ours or of a recognised issuer: its fact and who issued it, or nothing."""

from salus.codec.recognising.model import Believed, ForeignFact, NotBelieved, Shown
from salus.codec.recognising.reading import believe
from salus.codec.recognising.service import judge

__all__ = ["Believed", "ForeignFact", "NotBelieved", "Shown", "believe", "judge"]
