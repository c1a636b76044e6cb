"""What back-ups refuse, and what makes a restored folder unusable."""

from __future__ import annotations

from salus.kernel import Invalid, Unsafe


class BackupDamaged(Invalid):
    """The file is cut short, changed, or no back-up at all."""

    code = "SALUS-A040"


class BackupRefused(Invalid):
    """What was named cannot be saved, or cannot be restored here; nothing was changed."""

    code = "SALUS-A041"


class RestoreFailed(Unsafe):
    """What was restored is not what was saved; the new folder is marked unusable."""

    code = "SALUS-A042"
