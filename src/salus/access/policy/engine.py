"""Ask Cedar, and remember its answers. The only module that knows cedarpy; it refuses to work with a policy
set that its schema does not accept."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib.resources import files

import cedarpy

from salus.access.errors import PolicyBroken
from salus.access.policy.model import Decision, Request

NO_PERMIT = "no-permit"
MOST_REMEMBERED = 32_768
_FOLDER = "salus.access.policy"


class Policy:
    """A validated policy set. Immutable but for its memory of answers; safe to share between threads."""

    def __init__(self, policies: str, schema: str) -> None:
        """Parse and validate. Raises PolicyBroken with the first fault."""
        try:
            verdict = cedarpy.validate_policies(policies, schema)
            if not verdict.validation_passed:
                raise PolicyBroken(f"the policy set does not fit its schema: {verdict.errors[0]}")
            self._policies = cedarpy.PolicySet.from_str(policies)
            self._schema = cedarpy.Schema.from_str(schema)
            self._grounds = _grounds(policies)
        except ValueError as fault:
            raise PolicyBroken(f"the policy set cannot be read: {fault}") from None
        self._entities = cedarpy.Entities.from_json_str("[]")
        self.hash = hashlib.sha256(f"{schema}\0{policies}".encode()).hexdigest()
        self._answers: dict[tuple[str, Request], Decision] = {}

    def permit(self, request: Request) -> Decision:
        """Answer from memory, or ask. The memory is keyed by the policy's hash and the whole request, and bounded."""
        known = self._answers.get((self.hash, request))
        if known is not None:
            return known
        decision = self.evaluate(request)
        if len(self._answers) >= MOST_REMEMBERED:
            self._answers.clear()
        self._answers[(self.hash, request)] = decision
        return decision

    def evaluate(self, request: Request) -> Decision:
        """Ask Cedar afresh, the request checked against the schema. Raises PolicyBroken if it cannot decide."""
        answer = cedarpy.is_authorized(_question(request), self._policies, self._entities, self._schema)
        if answer.diagnostics.errors or answer.decision is cedarpy.Decision.NoDecision:
            raise PolicyBroken(f"the policy set could not decide on {request.action} for {request.role}")
        deciding = sorted(answer.diagnostics.reasons, key=_place)
        ground = self._grounds[deciding[0]] if deciding else NO_PERMIT
        return Decision(allowed=answer.decision is cedarpy.Decision.Allow, ground=ground)


@lru_cache(maxsize=1)
def load_policy() -> Policy:
    """Return the policy set of this release, read and validated once. Raises PolicyBroken: then do not start."""
    return Policy(policy_text(), schema_text())


def policy_text() -> str:
    """Return all policies of this release, in the order of their files' names."""
    sources = [file for file in files(_FOLDER).iterdir() if file.name.endswith(".cedar")]
    return "\n".join(source.read_text("utf-8") for source in sorted(sources, key=lambda file: file.name))


def schema_text() -> str:
    """Return the schema that every policy must fit."""
    return (files(_FOLDER) / "salus.cedarschema").read_text("utf-8")


def permit(request: Request) -> Decision:
    """Decide whether a principal may do what it asks; nothing is allowed that no policy permits."""
    return load_policy().permit(request)


def _question(request: Request) -> dict[str, object]:
    context: dict[str, object] = {
        "own_facility": request.own_facility,
        "relation_open": request.relation_open,
        "own_record": request.own_record,
        "care_facility": request.care_facility,
        "independent": request.independent,
        "closed": request.closed,
    }
    if request.purpose is not None:
        context["purpose"] = {"__entity": {"type": "Purpose", "id": str(request.purpose)}}
    return {
        "principal": {"type": "Role", "id": str(request.role)},
        "action": {"type": "Action", "id": str(request.action)},
        "resource": {"type": "Kind", "id": str(request.kind)},
        "context": context,
    }


def _grounds(policies: str) -> dict[str, str]:
    """Map each policy's place in the text (`policy0`, `policy1`, ...) to its @ground; all must have one."""
    parsed = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
    grounds = {place: policy.get("annotations", {}).get("ground") for place, policy in parsed.items()}
    if not all(grounds.values()):
        raise PolicyBroken("every policy names its @ground, the word that the register keeps")
    return grounds


def _place(name: str) -> int:
    return int(name.removeprefix("policy"))
