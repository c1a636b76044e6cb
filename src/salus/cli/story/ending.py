"""Where to look around, role by role."""

from __future__ import annotations

from salus.cli.story.stage import Stage

PLACES = (
    (
        "/demo",
        "step into a role: resident, clinician, reception, epidemiologist, commander, officer, reviewer, auditor",
    ),
    ("/me/notice", "resident: what is asked of me, why, until when, and the proof; /me/reads who looked; /me/contests"),
    ("/desk", "clinician and reception: who is here"),
    ("/verify", "at a door: works without a network, keeps nothing, sends nothing"),
    ("/signals", "epidemiologist: what stands out, and why"),
    ("/situation", "commander: counts with their age, orders with two signatures"),
    ("/review", "index reviewer: two records side by side, and whether they are one person's"),
    ("/audit", "auditor: what the node finds about itself"),
    ("/about/power", "everybody: rules, signers, orders, attempts; /about/log the log behind all of it"),
    ("/fhir/metadata", "hospitals: what the FHIR server speaks"),
)


def tell_addresses(stage: Stage) -> None:
    """Name an address for each role."""
    stage.say("")
    for number, (path, what) in enumerate(PLACES):
        stage.say(f"{'     ' if number else 'open '}{stage.address + path:38} {what}")


__all__ = ["PLACES", "tell_addresses"]
