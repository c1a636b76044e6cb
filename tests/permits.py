"""What the policy's permits speak of: the roles, kinds and actions that the head of any of them fits."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import cedarpy

from salus.access import Action, Kind
from salus.access.policy.engine import policy_text
from salus.kernel import Role


@cache
def spoken_of(role: Role, kind: Kind, action: Action) -> bool:
    """Tell whether the head of any permit fits; where none does, Cedar's answer is no."""
    return any(
        _fits(permit["principal"], role) and _fits(permit["action"], action) and _fits(permit["resource"], kind)
        for permit in _permits()
    )


def _fits(head: dict[str, Any], name: str) -> bool:
    match head["op"]:
        case "All":
            return True
        case "==":
            return bool(head["entity"]["id"] == name)
        case "in":
            return name in {one["id"] for one in head.get("entities", [head.get("entity", {"id": None})])}
    raise AssertionError(f"what does {head['op']} mean in the head of a policy?")


@cache
def _permits() -> list[dict[str, Any]]:
    told = json.loads(cedarpy.policies_to_json_str(policy_text()))
    assert not told["templates"]
    return [policy for policy in told["staticPolicies"].values() if policy["effect"] == "permit"]
