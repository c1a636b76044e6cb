"""Every head of a log that its files hold, and the times at which a quorum of witnesses had them.

The log publishes each head that it ever signed (`heads/NNN`, 256 a file), with each witness's first line: what was in
the log by when can be told from these alone. What a node leaves out makes leaves look later, and is told as such.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from salus_audit.finding import Findings
from salus_audit.notes import Head, Times, Unsigned, cosigned_at, quorum_times, read_head
from salus_audit.places import Missing, Place, Unreadable
from salus_audit.reading.chunks import cut_bundle
from salus_audit.signing import WITNESS, NamedKey
from salus_audit.spelling import Misspelt, octets
from salus_audit.trees import WIDTH, number_path

MOST_HEADS = WIDTH * (2 + 0xFFFF)
_FAR = 1 << 62


def heads_of(place: Place, log: NamedKey, size: int, findings: Findings) -> list[Head]:
    """Read every published head of at most this size, smallest first."""
    found: list[Head] = []
    number, full = 0, True
    while full:
        path = f"heads/{number_path(number)}"
        try:
            notes = cut_bundle(place.read(path, MOST_HEADS))
        except Missing:
            if number == 0:
                findings.add("LOG-MISSING", None, log.name, f"{path} is missing: no time of anything can be told")
            return found
        except Unreadable as reason:
            findings.add("LOG-UNREADABLE", None, log.name, f"{path} cannot be read: {reason}")
            return found
        if notes is None:
            findings.add("LOG-TRUNCATED", None, log.name, f"{path} is cut short")
            return found
        before = len(found)
        _take(found, notes, path, log, findings)
        grows = len(found) > before and found[-1].size <= size  # or a server could go on for ever
        number, full = number + 1, len(notes) >= WIDTH and grows
    return [one for one in found if one.size <= size]


def _take(found: list[Head], notes: Sequence[bytes], path: str, log: NamedKey, findings: Findings) -> None:
    for note in notes:
        try:
            head = read_head(note, log)
        except (Misspelt, Unsigned) as reason:
            findings.add("LOG-SIGNATURE", None, log.name, f"a head in {path}: {reason}")
            continue
        if found and head.size <= found[-1].size:
            findings.add("LOG-HEADS", None, log.name, f"the heads in {path} do not come in the order of their sizes")
            continue
        found.append(head)


def hold_roots(heads: Sequence[Head], roots: Mapping[int, bytes], what: str, log: NamedKey, findings: Findings) -> None:
    """Find each head that the log signed with a root that it never had: a signature under another past."""
    for head in heads:
        if head.size in roots and roots[head.size] != head.root:
            text = f"{what}: the log signed another root at the size {head.size} than its entries have"
            findings.add("EQUIVOCATION", head.size - 1 if head.size else None, log.name, text)


@dataclass(slots=True)
class Witnessed:
    """Which of a log's heads a quorum has seen, and when; `heads` are these alone, smallest first.

    Something stood in the log by the earliest time of any head that covers it: one liar in a bare quorum can date a
    head into the future, and the next head makes good for it.
    """

    heads: list[tuple[int, Times]] = field(default_factory=list)
    _sizes: list[int] = field(default_factory=list)
    _by: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sizes = [size for size, _ in self.heads]
        earliest = _FAR
        for _, times in reversed(self.heads):
            earliest = min(earliest, times.at)
            self._by.append(earliest)
        self._by.reverse()

    def seen(self, index: int) -> int | None:
        """Return by when a quorum had a leaf; None if it has not yet."""
        place = bisect_right(self._sizes, index)
        return self._by[place] if place < len(self._by) else None

    def covered(self, index: int) -> int | None:
        """Return the size of the first head with a quorum that covers a leaf."""
        place = bisect_right(self._sizes, index)
        return self._sizes[place] if place < len(self._sizes) else None

    def before(self, index: int) -> int | None:
        """Return by when a quorum had the last head in which a leaf did not stand yet; None if there is none."""
        place = bisect_right(self._sizes, index) - 1
        return self._by[place] if place >= 0 else None

    def last_before(self, index: int) -> int:
        """Return the size of the last head with a quorum in which a leaf did not stand yet; 0 if there is none."""
        place = bisect_right(self._sizes, index) - 1
        return self._sizes[place] if place >= 0 else 0

    def without(self, index: int, at: int) -> int:
        """Return how many heads in which a leaf did not stand yet a quorum had only from an instant on.

        Of one that says nothing: a node that was out asks witnesses for the last head that it had. Who asks for a
        second one has closed a batch since then, and left the leaf out of it.
        """
        return sum(1 for earliest in self._by[: bisect_right(self._sizes, index)] if earliest >= at)

    def stood_at(self, at: int) -> int:
        """Return the size of the largest head that a quorum had by an instant."""
        return self._sizes[bisect_left(self._by, at + 1) - 1] if self._by and self._by[0] <= at else 0

    @property
    def newest(self) -> Times | None:
        """The times of the newest head with a quorum."""
        return self.heads[-1][1] if self.heads else None


def witnesses_of(
    given: Sequence[NamedKey], told: Sequence[tuple[int, Mapping[str, str]]]
) -> list[tuple[int, NamedKey]]:
    """Return witnesses, each with the place from which on it counts: those that are given, else those of the log.

    For a key that is given bare the organisation is taken that the log names for it; where it names none, the key's own
    name stands for one.
    """
    logged = [
        (index, NamedKey(body["party"], WITNESS, octets(body["key"], 32), body["organisation"], "log"))
        for index, body in told
        if body["duty"] == "witness"
    ]
    if not given:
        return list({(one.name, one.key): (index, one) for index, one in reversed(logged)}.values())[::-1]
    named = {one.key: one.organisation for _, one in logged}
    return [(-1, _named(one, named)) for one in given]


def _named(one: NamedKey, named: Mapping[bytes, str]) -> NamedKey:
    if one.said_by or one.key not in named:
        return one
    return replace(one, organisation=named[one.key], said_by="log")


def witnessed(
    heads: Sequence[Head],
    witnesses: Sequence[tuple[int, NamedKey]],
    findings: Findings,
    until: Mapping[bytes, int] | None = None,
) -> Witnessed:
    """Tell which heads a quorum has seen. A false line of a witness is found, and the head counts for nothing.

    `until` tells of witnesses' keys that ended: what they cosigned later counts for nothing.
    """
    found = []
    for head in heads:
        chosen = [one for index, one in witnesses if index < head.size]
        try:
            times = quorum_times(head, chosen, until)
        except Unsigned as reason:
            findings.add(
                "LOG-COSIGNATURE", head.size - 1, _false_of(head, chosen), f"at the size {head.size}: {reason}"
            )
            continue
        if times:
            found.append((head.size, times))
    return Witnessed(found)


def with_kept(
    seen: Witnessed,
    heads: Sequence[Head],
    kept: Mapping[str, Head],
    witnesses: Sequence[tuple[int, NamedKey]],
    findings: Findings,
    until: Mapping[bytes, int] | None = None,
) -> Witnessed:
    """Date leaves by heads that somebody kept as well: by their own lines, and by those that the log shows for them.

    An honest line of a witness may be left out of what the log publishes; a kept one brings it back.
    """
    by_size = dict(seen.heads)
    published = {one.size: one for one in heads}
    for name, one in kept.items():
        chosen = [key for index, key in witnesses if index < one.size]
        known = published.get(one.size)
        lines = known.lines if known and known.text == one.text else ()
        try:
            told = [quorum_times(replace(one, lines=(*one.lines, *lines)), chosen, until), by_size.get(one.size)]
        except Unsigned as reason:
            findings.add("LOG-KEPT", None, _false_of(one, chosen), f"{name}: {reason}")
            continue
        times = [each for each in told if each]
        if times:
            first = min(each.at for each in times)
            by_size[one.size] = replace(max(times, key=lambda each: each.as_of), at=first)
    return Witnessed(sorted(by_size.items()))


def hold_kept(heads: Sequence[Head], kept: Mapping[str, Head], log: NamedKey, findings: Findings) -> None:
    """Hold kept heads against each other and against what the log publishes, whatever its entries are by now.

    Two roots at one size are two pasts. A kept head that the log leaves out of its heads was left out to date something
    anew; of a log that began to publish its heads later only what came since then is asked for.
    """
    roots = {one.size: one.root for one in heads}
    sizes = sorted(roots)
    for name, one in kept.items():
        if roots.setdefault(one.size, one.root) != one.root:
            text = f"{name}: the log signed two roots at the size {one.size}"
            findings.add("EQUIVOCATION", one.size - 1 if one.size else None, log.name, text)
        elif sizes and sizes[0] < one.size < sizes[-1] and one.size not in sizes:
            text = (
                f"{name}: the log signed a head of {one.size} entries and leaves it out of the heads that it publishes"
            )
            findings.add("LOG-HEADS", one.size - 1, log.name, text)


def _false_of(head: Head, witnesses: Sequence[NamedKey]) -> str | None:
    for one in witnesses:
        try:
            cosigned_at(head, one)
        except Unsigned:
            return one.name
    return None
