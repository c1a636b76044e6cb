"""What a court ordered to be shown to it: handed to the public log, and carried out once witnesses have seen that."""

from salus.app.disclosing.carrying_out import disclose, submit
from salus.app.disclosing.sealing import open_file, seal_file

__all__ = ["disclose", "open_file", "seal_file", "submit"]
