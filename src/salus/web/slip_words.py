"""What stands on the paper of an exposure slip, in the order in which it stands there."""

from __future__ import annotations

from salus.web.words import noop

TITLE = noop("Exposure slip")
NEAR = noop("Whoever holds this was near a case on this day, two investigators say, each of another organisation:")
ASKS = noop("It asks for a test and for nothing else, for 48 hours at most, by published rules. It names nobody.")
READ = noop("Scan the code and paste its text here; nobody is told, and nothing is kept:")
LINE = noop("Give the sampling site this line with your specimen, if you like; then a negative result ends it:")
MAKER = noop(
    "Whoever made this slip knows this line too, and a sampling site would have it beside your name. You need not"
    " give it: who is signed in has every negative result counted without it."
)
FREE = noop("You need not keep this paper, show it or answer for it. No door, employer or official may ask for it.")
CODE = noop("The slip, to be scanned")
