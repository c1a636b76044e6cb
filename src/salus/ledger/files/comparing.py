"""Hold two heads of one log against each other, as two people were shown them: gossip, of which one lie is enough."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from salus.ledger.errors import NoLog
from salus.ledger.files.authentic import Tiles, open_head, read_file, read_key
from salus.ledger.files.sources import Source, source_of
from salus.proof import Checkpoint, Equivocation, VerifierKey, contradiction
from salus.proof.note import MOST_NOTE_BYTES
from salus.proof.tiles import CHECKPOINT_PATH


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two heads of the log with this key; `equivocation` is the proof that they contradict each other, if they do."""

    key: VerifierKey
    first: Checkpoint
    second: Checkpoint
    equivocation: Equivocation | None


def compare(first: str, second: str, key: VerifierKey | None = None) -> Comparison:
    """Compare two heads, each a file with a checkpoint, or a folder or an http(s) address of the log or a mirror.

    Raises NoLog where heads of two sizes come without the tiles of the longer one, or without any key to believe;
    NotAsSigned where a head is not signed by the key, or where tiles do not lead to their head.
    """
    places = [_opened(first), _opened(second)]
    sources = [source for _, source in places if source]
    if key is None and not sources:
        raise NoLog("name the log's key: two files with a checkpoint do not say whose they are")
    believed = read_key(sources[0], None) if key is None else key
    heads = [open_head(text, believed) for text, _ in places]
    longer = max((0, 1), key=lambda place: heads[place].size)
    source = places[longer][1]
    if heads[0].size != heads[1].size and source is None:
        raise NoLog("the longer head comes as a file alone; name the folder or the address of the log that it is from")
    reader = Tiles(heads[longer], source).reader() if source else _nothing
    return Comparison(
        key=believed, first=heads[0], second=heads[1], equivocation=contradiction(heads[0], heads[1], reader)
    )


def _opened(place: str) -> tuple[str, Source | None]:
    """Return the text of a head, and where its log's files are if the place is more than one file."""
    if "://" not in place and Path(place).is_file():
        with Path(place).open("rb") as file:
            return file.read(MOST_NOTE_BYTES).decode("utf-8", "replace"), None
    source = source_of(place)
    return read_file(source, CHECKPOINT_PATH, MOST_NOTE_BYTES).decode("utf-8", "replace"), source


def _nothing(level: int, index: int) -> bytes:
    raise NoLog(f"no tile at level {level} and {index} is at hand")
