"""A client's own test of its connection: plain steps over HTTP, and over MLLP where asked, against a sandbox."""

from salus.cli.selftest.client import Client, Outcome
from salus.cli.selftest.messages import Mllp
from salus.cli.selftest.steps import STEPS, run

__all__ = ["STEPS", "Client", "Mllp", "Outcome", "run"]
