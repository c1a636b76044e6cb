"""What a file of plans is refused with."""

from __future__ import annotations

from salus.kernel import Invalid


class PlansRefused(Invalid):
    """A file of plans that does not read as plans; the text names the plan and the field."""

    code = "SALUS-R060"
