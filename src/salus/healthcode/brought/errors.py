"""What bringing a fact refuses."""

from __future__ import annotations

from salus.kernel import Invalid


class BroughtRefused(Invalid):
    """A code cannot be brought: not believed, another person's, or not the asker's to take out."""

    code = "SALUS-H051"
    status = 400
