"""What taking a full certificate refuses."""

from __future__ import annotations

from salus.kernel import Invalid


class FullRefused(Invalid):
    """A full certificate cannot be made of this entry in this format, or is not the asker's to show."""

    code = "SALUS-H050"
    status = 404
