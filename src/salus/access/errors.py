"""What access refuses to do: run on a broken policy, and let a read happen that it cannot register or bound."""

from __future__ import annotations

from salus.kernel import Invalid, Refused, Unsafe


class PolicyBroken(Unsafe):
    """The policy set does not fit its schema, or could not decide: nothing may be permitted with it."""

    code = "SALUS-A001"


class ReadInvalid(Invalid):
    """A read cannot be registered as it was described; it must not happen."""

    code = "SALUS-A002"


class DirectiveInvalid(Invalid):
    """What was said of who may read cannot stand so; nothing was changed."""

    code = "SALUS-A004"


class OpeningInvalid(Invalid):
    """An opening in an emergency, or a judgement of one, cannot stand so; nothing was opened."""

    code = "SALUS-A005"


class GlassOff(Refused):
    """Whoever asks may break no glass now: too often, or what was opened earlier was not borne out or not reviewed."""

    code = "SALUS-A006"


class DisclosureRefused(Invalid):
    """A court's disclosure is not as it has to be, or not signed by those who have to; nothing was shown."""

    code = "SALUS-A090"
