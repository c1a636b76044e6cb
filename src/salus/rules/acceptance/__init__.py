"""Acceptance rules: what a region asks of a certificate, in CertLogic, and the linter that keeps people out of them."""

from salus.rules.acceptance.lint import lint_acceptance
from salus.rules.acceptance.reading import (
    Acceptance,
    AcceptanceRule,
    Verdict,
    acceptance_of,
    accepts,
    shipped_acceptance,
)

__all__ = [
    "Acceptance",
    "AcceptanceRule",
    "Verdict",
    "acceptance_of",
    "accepts",
    "lint_acceptance",
    "shipped_acceptance",
]
