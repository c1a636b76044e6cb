"""Three real witnesses in processes of their own, beside a node in this process, on one clock that a test moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from salus.app import DEMO_WITNESSES, Node, join_witnesses
from salus.cli.witnesses import BODIES, Started, policy_of, start
from salus.kernel import CLOCK_FILE, DemoClock, advance_demo_clock
from salus.proof import Trust


@dataclass(slots=True)
class Witnesses:
    """The running witnesses by organisation. `trust` is the node's: any two of the three."""

    node: Node
    folder: Path
    clock: Path
    started: dict[str, Started]

    @property
    def trust(self) -> Trust:
        assert self.node.trust is not None
        return self.node.trust

    def advance(self, by: timedelta) -> datetime:
        """Move the clock of the node and of all witnesses."""
        return advance_demo_clock(self.clock, by)

    def kill(self, body: str) -> None:
        """kill -9 the witness of an organisation."""
        one = self.started.pop(body)
        one.process.kill()
        one.stop()

    def restart(self, body: str) -> Started:
        """Start the witness of an organisation again, over the same folder, and tell the node where it answers now."""
        if body in self.started:
            self.kill(body)
        self.started[body] = start(self.folder / body, body, self.node.sequencer.key, self.clock)
        self.join()
        return self.started[body]

    def join(self) -> None:
        """Let the node ask whoever runs; those that do not keep their place among the three."""
        known = {one.organisation: one for one in self.node.trust.witnesses} if self.node.trust else {}
        dead = "".join(
            f"witness {body} {known[body]} http://127.0.0.1:9\n" for body in BODIES if body not in self.started
        )
        text = policy_of(list(self.started.values())) + dead
        noted = self.node.settings.data / DEMO_WITNESSES  # for commands that a test runs beside this process
        noted.parent.mkdir(exist_ok=True)
        noted.write_text(text, "utf-8")
        join_witnesses(self.node, text)


@contextmanager
def three_witnesses(folder: Path, node: Node) -> Iterator[Witnesses]:
    """Run three witnesses below `folder` beside a demo node, whose clock goes on from where it is and is theirs too."""
    clock = node.settings.data / CLOCK_FILE
    ahead = node.clock.now() - DemoClock(clock).now()
    if ahead > timedelta(seconds=1):
        advance_demo_clock(clock, ahead + timedelta(seconds=1))  # a shift is cut to whole seconds
    node.clock = DemoClock(clock)
    running = Witnesses(node, folder, clock, {})
    try:
        for body in BODIES:
            running.started[body] = start(folder / body, body, node.sequencer.key, clock)
        running.join()
        yield running
    finally:
        for one in running.started.values():
            one.stop()
