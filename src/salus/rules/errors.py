"""What this room refuses. Every refusal has a stable word besides its code, so that anybody can look it up."""

from __future__ import annotations

from collections.abc import Sequence

from salus.kernel import Invalid


class TableRefused(Invalid):
    """An assignment table holds a construct that no table may hold; `faults` are the linter's words."""

    code = "SALUS-U001"

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(
            f"these are no rules that may be published: {', '.join(faults[:8])}; see the reference of the linter"
        )
        self.faults = tuple(faults)


class PublicationRefused(Invalid):
    """A document is not published as it has to be; `fault` says in one word what is missing."""

    code = "SALUS-U002"

    def __init__(self, fault: str, text: str) -> None:
        super().__init__(f"{fault}: {text}")
        self.fault = fault


class NotProved(Invalid):
    """A file does not prove what it claims, so it counts for nothing; `fault` is the stable word for why."""

    code = "SALUS-U003"

    def __init__(self, fault: str, text: str) -> None:
        super().__init__(f"{fault}: {text}")
        self.fault = fault


class RuleRefused(Invalid):
    """An acceptance rule, or what it was given, is outside of what CertLogic defines; it then accepts nothing."""

    code = "SALUS-U004"
