"""Chapter three: a certificate at a door, checked from two files without any node; and a door that may not ask."""

from __future__ import annotations

from salus import app
from salus.cli.story.opening import VENUE
from salus.cli.story.stage import Stage
from salus.codec.certificates import Outcome, TrustFile, read_trust, verify
from salus.healthcode.certificates import Held
from salus.rules import Venue

TRUST = "trust.json"


def tell_door(stage: Stage) -> None:
    """Take a certificate for a resident whose record says so, and show it at doors."""
    found = _taken(stage)
    if found is None:
        stage.say("nobody who is offered here has a vaccination or a test that a certificate could be taken of")
        return
    name, held = found
    octets = app.trust_file(stage.node)
    file = stage.node.settings.data / TRUST
    file.write_bytes(octets)
    trust = read_trust(octets)
    stage.say(
        f"{name} takes a certificate of {held.certificate.kind.word}: {held.text[:24]}… ({len(held.text)} characters)"
    )
    _at_doors(stage, held, trust)
    stage.say(f"    the same check without a network: salus code verify CODE --trust {file} --venue {VENUE} --at …")


def _taken(stage: Stage) -> tuple[str, Held] | None:
    """Return the certificate of somebody who is offered here, taken now if none was taken before."""
    for name, holder in reversed(stage.offered()):  # the one who is vaccinated is offered last
        mine = app.my_certificates(stage.node, holder)
        good = next((one for one in mine.held if one.good(stage.now)), None)
        if good:
            return name, good
        if mine.facts:
            taken = app.take_certificate(stage.node, holder, mine.facts[0].resource, hinted=True)
            stage.settle()
            return name, app.my_certificate(stage.node, holder, taken)
    return None


def _at_doors(stage: Stage, held: Held, trust: TrustFile) -> None:
    changed = "A" if held.text[-1] != "A" else "B"
    tries = {
        f"at a door of kind {VENUE}": verify(held.text, trust, stage.now, VENUE),
        "with one letter changed": verify(held.text[:-1] + changed, trust, stage.now, VENUE),
        "at a door of kind indoor-leisure": verify(held.text, trust, stage.now, Venue.INDOOR_LEISURE),
    }
    words = {Outcome.GOOD: "good", Outcome.NOT_PERMITTED: "no check is permitted here"}
    told = [f"{what}: {words.get(one.outcome, 'nothing shown')}" for what, one in tries.items()]
    stage.say("    " + "; ".join(told))


__all__ = ["TRUST", "tell_door"]
