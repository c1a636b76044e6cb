"""A demo starts its witnesses, moves with them through time, and leaves none of them behind, however it ends."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from salus.cli.witnesses import BODIES
from salus.proof import Cosigned, Policy, ProofError, Trust, VerifierKey
from serving import Serving, serving

FINDING = re.compile(r"^ *(?:\d+ )?([A-Z]+(?:-[A-Z]+)+)\b", re.MULTILINE)


def trust_of(node: Serving) -> tuple[Policy, Trust]:
    policy = Policy.parse((node.data / "witnesses" / "policy").read_text("utf-8"))
    return policy, Trust.of(VerifierKey.parse(node.get("/log/vkey").text), policy.witnesses)


def cosigned(node: Serving, trust: Trust) -> Cosigned:
    """Return the newest head once all witnesses cosigned it: a batch is published with the lines that came in time."""
    until = time.monotonic() + 300
    while True:
        with suppress(ProofError):
            found = trust.open(node.get("/log/checkpoint").text)
            if found.organisations == set(BODIES):
                return found
        assert time.monotonic() < until
        time.sleep(0.2)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/vkey", timeout=60).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.slow
def test_a_demo_is_cosigned_moves_through_time_and_takes_its_witnesses_with_it(tmp_path: Path) -> None:
    with serving(tmp_path, 5) as node:
        policy, trust = trust_of(node)
        opened = cosigned(node, trust)
        assert "3 witnesses of other organisations watch its public log" in node.said()
        for _ in range(20):
            checked = node.command("ledger", "verify")
            if "3 of 3" in checked.stdout:
                break
        assert "3 of 3 witnesses cosigned it" in checked.stdout, checked.stderr
        # The story ends with a row that an administrator wrote past every service: the one thing that is wrong here.
        assert (checked.returncode, set(FINDING.findall(checked.stdout))) == (1, {"EVID-MISSING"})

        moved = node.command("demo", "advance", "73h")
        assert moved.returncode == 0, moved.stderr
        until = time.monotonic() + 300
        while (later := cosigned(node, trust)).as_of - opened.as_of < timedelta(hours=73):
            assert time.monotonic() < until
            time.sleep(0.2)
        assert later.at - opened.at > timedelta(hours=72)

        node.process.kill()
        node.process.wait()
        until = time.monotonic() + 300
        while any(answers(url) for url in policy.urls.values()):
            assert time.monotonic() < until
            time.sleep(0.1)
