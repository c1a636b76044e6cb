"""People who work here, by command: every role of staff can be invited, is listed, and can be dismissed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from salus.kernel import Role
from salus.parties import STAFF_ROLES
from serving import Serving, serving

AT_A_FACILITY = sorted(role.value for role in STAFF_ROLES - {Role.AUDITOR, Role.OPERATOR})


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("staffing")) as opened:
        yield opened


def invite(node: Serving, role: str, name: str, *at: str) -> str:
    done = node.command("facility", "invite", "--role", role, "--name", name, "--name-zh", "新同事", *at)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def listed(node: Serving, *at: str) -> list[dict[str, str | bool]]:
    told: list[dict[str, str | bool]] = json.loads(node.command("facility", "staff", *at, "--json").stdout)["staff"]
    return told


def test_everybody_who_works_at_a_facility_is_invited_by_role(node: Serving) -> None:
    for role in AT_A_FACILITY:
        assert "/invitation?key=" in invite(node, role, f"New {role}", "--facility", "H1")

    named = {one["role"]: one["name"] for one in listed(node, "--facility", "H1") if str(one["name"]).startswith("New")}
    assert named == {role: f"New {role}" for role in AT_A_FACILITY}


def test_an_auditor_of_the_node_belongs_to_no_facility(node: Serving) -> None:
    invite(node, "auditor", "New auditor")
    refused = node.command(
        "facility", "invite", "--role", "auditor", "--name", "x", "--name-zh", "新", "--facility", "H1"
    )

    assert "New auditor" in [one["name"] for one in listed(node)]
    assert refused.returncode == 1
    assert "belongs to no facility" in refused.stderr


def test_whoever_is_dismissed_is_listed_so_and_cannot_use_the_invitation(node: Serving) -> None:
    address = invite(node, "clinician", "Dr Leaves", "--facility", "H1")
    (before,) = [one for one in listed(node, "--facility", "H1") if one["name"] == "Dr Leaves"]

    done = node.command("facility", "dismiss", str(before["id"]))

    (after,) = [one for one in listed(node, "--facility", "H1") if one["name"] == "Dr Leaves"]
    assert done.returncode == 0, done.stderr
    assert (before["dismissed"], after["dismissed"]) == (False, True)
    assert opens(node, invite(node, "clinician", "Dr Stays", "--facility", "H1"))
    assert not opens(node, address)


def opens(node: Serving, address: str) -> bool:
    """Tell whether an invitation leads to an account, as a browser uses it."""
    page = node.client.get(address.partition("/invitation")[2].join(("/invitation", "")), follow_redirects=True)
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    answer = node.client.post("/invitation", data={"csrf": token}, headers={"Origin": node.url})
    node.client.cookies.clear()
    return answer.status_code == 303


def test_nobody_is_dismissed_who_is_not_there(node: Serving) -> None:
    done = node.command("facility", "dismiss", "00000000-0000-4000-8000-000000000000")

    assert done.returncode == 1
    assert "no such member of staff" in done.stderr
