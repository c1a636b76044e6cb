"""CertLogic (EU DCC, specification 1.3): the language of acceptance rules, evaluated and checked. Pure and total.

The browser has an engine of its own in `web/assets/js/verifier/certlogic.js`; both agree on every case, refusals too.
Where the specification leaves something open both refuse, so that no rule means two things.
"""

from salus.rules.certlogic.checking import Issue, issues
from salus.rules.certlogic.evaluating import MOST_DEPTH, MOST_STEPS, evaluate
from salus.rules.certlogic.moments import UNITS

__all__ = ["MOST_DEPTH", "MOST_STEPS", "UNITS", "Issue", "evaluate", "issues"]
