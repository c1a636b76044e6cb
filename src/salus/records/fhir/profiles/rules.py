"""The invariants of profiles, by hand, by key: IPS's, and those of the core profiles. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Holds = Callable[[Any], bool]


def _says_a_value(node: Mapping[str, Any]) -> bool:
    return any(key.startswith("value") for key in node) or "dataAbsentReason" in node


def _one_composition(bundle: Any) -> bool:
    return all((e.get("resource") or {}).get("resourceType") != "Composition" for e in (bundle.get("entry") or ())[1:])


def _entry_or_reason(section: Any) -> bool:
    return any("reference" in one for one in section.get("entry") or ()) or "emptyReason" in section


RULES: Mapping[str, tuple[str, Holds]] = {
    "bdl-ips-1": ("a summary has no Composition beside its first", _one_composition),
    "ips-comp-1": ("a required section has entries, or says why it is empty", _entry_or_reason),
    "ips-pat-1": (
        "a name has given names, a family name or a text",
        lambda n: bool({"given", "family", "text"} & {key.lstrip("_") for key in n}),
    ),
    "ips-1": ("a date and time is known to the day", lambda n: not isinstance(n, str) or len(n) >= 8),
    "ips-2": (
        "an observation has a value, a reason why there is none, members or components",
        lambda n: _says_a_value(n) or bool({"hasMember", "component"} & set(n)),
    ),
    "ips-3": (
        "components of an observation say a value, or a reason why there is none",
        lambda n: "component" not in n or any(_says_a_value(one) for one in n["component"]),
    ),
    "hasMemberOrComponent": (
        "an observation has members or components, not both",
        lambda n: not {"hasMember", "component"} <= set(n),
    ),
}
