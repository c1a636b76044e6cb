"""What storage refuses, and what it could not do."""

from __future__ import annotations

from salus.kernel import Invalid, Unavailable, Unsafe


class NoPostgres(Unavailable):
    """No usable PostgreSQL was found for this data folder."""

    code = "SALUS-S001"


class FolderRefused(Invalid):
    """The data folder cannot be used as asked."""

    code = "SALUS-S002"


class StoreDown(Unavailable):
    """PostgreSQL did not answer; it is being brought back. The text tells whether something may have been stored."""

    code = "SALUS-S003"


class MigrationChanged(Unsafe):
    """A migration that was applied differs from the one in this release."""

    code = "SALUS-S004"


class TookTooLong(Invalid):
    """A statement of a bounded transaction ran longer than its limit. Nothing was stored."""

    code = "SALUS-S008"


class Met(Unavailable):
    """Somebody else wrote to the same records at the same time. Nothing was stored; the same may be tried again."""

    code = "SALUS-S007"


class Unstorable(Invalid):
    """A value that PostgreSQL does not hold, such as a number beyond its range. What the savepoint did is undone."""

    code = "SALUS-S009"


class NotCommitted(Unavailable):
    """A statement failed and nobody heard of it: at the end the server could only undo. Nothing was stored."""

    code = "SALUS-S010"
