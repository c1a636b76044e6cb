"""People who work here, by command: every role of staff can be invited, is listed, and can be dismissed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from salus.kernel import Role
from salus.parties import STAFF_ROLES
from serving import Serving, serving

AT_A_FACILITY = sorted(role.value for role in STAFF_ROLES - {Role.AUDITOR, Role.OPERATOR})
HOMES = {
    "clinician": "H1",
    "reception": "H1",
    "access-reviewer": "H1",
    "epidemiologist": "N1",
    "commander": "N2",
    "appeal-officer": "N3",
    "index-reviewer": "N3",
}


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


def add(node: Serving, name: str, kind: str) -> None:
    place = ("--kind", kind, "--level", "1", "--county", "990101", "--organisation", f"{name}-board")
    named = ("--name", name, "--name-zh", "新机构", *place)
    done = node.command("facility", "add", name, *named)
    assert done.returncode == 0, done.stderr


def test_everybody_who_works_at_a_facility_is_invited_by_role_where_the_role_is_at_home(node: Serving) -> None:
    for place, kind in (("N1", "disease-control-centre"), ("N2", "command-centre"), ("N3", "review-board")):
        add(node, place, kind)
    for role, home in HOMES.items():
        assert "/invitation?key=" in invite(node, role, f"New {role}", "--facility", home)
        assert (role, f"New {role}") in [(one["role"], one["name"]) for one in listed(node, "--facility", home)]
    assert set(HOMES) == set(AT_A_FACILITY)


@pytest.mark.parametrize(
    ("role", "where", "told"),
    [
        ("index-reviewer", "H1", "index-reviewer works at a review-board, and H1 is a hospital"),
        ("commander", "H1", "commander works at a command-centre, and H1 is a hospital"),
        ("clinician", "N4", "clinician works at a place of care, and N4 is a department"),
    ],
)
def test_nobody_is_invited_where_their_role_is_not_at_home(node: Serving, role: str, where: str, told: str) -> None:
    if where != "H1":
        add(node, where, "department")
    names = ("--name", "Out of place", "--name-zh", "新同事")

    refused = node.command("facility", "invite", "--role", role, *names, "--facility", where)

    assert refused.returncode == 1
    assert told in refused.stderr
    assert "Out of place" not in [one["name"] for one in listed(node, "--facility", where)]


def test_whoever_lost_what_they_sign_in_with_stays_one_person(node: Serving) -> None:
    lost = invite(node, "clinician", "Dr Lost", "--facility", "H1")
    (before,) = [one for one in listed(node, "--facility", "H1") if one["name"] == "Dr Lost"]

    done = node.command("facility", "reset", str(before["id"]))

    assert [one for one in listed(node, "--facility", "H1") if one["name"] == "Dr Lost"] == [before]
    assert not opens(node, lost)
    assert opens(node, done.stdout.strip())


def test_nobody_who_was_dismissed_is_invited_anew(node: Serving) -> None:
    invite(node, "clinician", "Dr Gone", "--facility", "H1")
    (gone,) = [one for one in listed(node, "--facility", "H1") if one["name"] == "Dr Gone"]
    node.command("facility", "dismiss", str(gone["id"]))

    refused = node.command("facility", "reset", str(gone["id"]))

    assert refused.returncode == 1
    assert "was dismissed" in refused.stderr


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
