"""The story that the demo tells, chapter by chapter, through the same functions that serve pages and interfaces."""

from __future__ import annotations

from salus.cli.story.contest import tell_contests
from salus.cli.story.counts import tell_counts
from salus.cli.story.door import tell_door
from salus.cli.story.ending import tell_addresses
from salus.cli.story.measure import tell_measures
from salus.cli.story.opening import LEAD, open_rules
from salus.cli.story.record import tell_record
from salus.cli.story.refusal import tell_refusal
from salus.cli.story.stage import Stage
from salus.cli.story.twofold import tell_two_people

CHAPTERS = (
    ("A record that shows who looked", tell_record),
    ("A result leads to a measure", tell_measures),
    ("A certificate at a door", tell_door),
    ("Counts become a report", tell_counts),
    ("A resident contests", tell_contests),
    ("Nobody turns somebody red", tell_refusal),
    ("Two people who are not one", tell_two_people),
)


def tell_story(stage: Stage) -> None:
    """Play the story, and say what happened, with true figures."""
    for number, (title, tell) in enumerate(CHAPTERS, 1):
        stage.say(f"\n{number}. {title}")
        tell(stage)
    tell_addresses(stage)


__all__ = ["LEAD", "Stage", "open_rules", "tell_story"]
