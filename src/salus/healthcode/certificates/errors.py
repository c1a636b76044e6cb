"""What taking and voiding certificates refuses."""

from __future__ import annotations

from salus.kernel import Invalid


class CertificateRefused(Invalid):
    """A certificate cannot be taken of this entry, or is not the asker's to show or void."""

    code = "SALUS-H012"
    status = 404
