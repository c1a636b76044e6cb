"""Appeals: opened, answered in time or not, and by whom. Times are the witnesses'."""

from __future__ import annotations

from dataclasses import dataclass, field

from salus_audit.heads import Witnessed
from salus_audit.judging.publishing import HOUR
from salus_audit.reading.walking import Log
from salus_audit.spelling import folded, instant, seconds

ANSWER_WITHIN = 48 * HOUR


@dataclass(slots=True)
class Appeals:
    """How the appeals of a log stand, each by the place of its opening."""

    stood: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    overdue: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Return it for a program."""
        return {"stood": self.stood, "ended": self.ended, "waiting": self.waiting, "overdue": self.overdue}


def judge_appeals(log: Log, seen: Witnessed, origin: str) -> Appeals:
    """Say how each appeal stands as of the newest cosigned head. The first opening and the first answer count."""
    told, found = Appeals(), log.findings
    node = next((str(body["name"]) for _, body in log.of("node")), origin)
    openings: dict[str, tuple[int, int]] = {}
    for index, body in log.of("appeal-opened"):
        openings.setdefault(body["appeal"], (index, seconds(body["deadline"])))
    answers: dict[str, tuple[int, str]] = {}
    for index, body in log.of("appeal-closed"):
        opening = openings.get(body["appeal"])
        if opening is None or opening[0] > index:
            found.add(
                "ORDER-VIOLATION", index, body["organisation"], "an answer to an appeal that was not opened before it"
            )
            continue
        if folded(body["organisation"]) in {folded(node), folded(origin)} and body["outcome"] == "stands":
            found.add("APPEAL-SELF", index, body["organisation"], "who decided answered the appeal against it")
        answers.setdefault(body["appeal"], (index, body["outcome"]))
    newest = seen.newest
    for appeal, (index, deadline) in openings.items():
        opened = seen.seen(index)
        by = deadline if opened is None else min(deadline, opened + ANSWER_WITHIN)
        answer = answers.get(appeal)
        at = seen.seen(answer[0]) if answer else None
        if answer and at is not None and (at < by or answer[1] == "ended"):
            (told.ended if answer[1] == "ended" else told.stood).append(index)
            late = at >= by
        else:
            late = newest is not None and newest.as_of >= by
            if not late:
                told.waiting.append(index)
        if late:
            told.overdue.append(index)
            found.add("APPEAL-OVERDUE", index, node, f"nobody answered it by {instant(by)}")
    return told
