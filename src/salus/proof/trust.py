"""Whom a checkpoint is believed from: a log's key, and more than half of its witnesses (C2SP tlog-policy)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from salus.kernel import spelt
from salus.proof.cosignature import WitnessKey
from salus.proof.errors import NoQuorum, TrustError
from salus.proof.note import Checkpoint, Note, VerifierKey, open_checkpoint

MOST_WITNESSES = 32
_GROUP = "witnesses"


def majority(count: int) -> int:
    """Return the smallest number that is more than half of `count`."""
    return count // 2 + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """A checkpoint that a quorum of witnesses has cosigned.

    `times` holds when each of them did, by the witness's name. `at` is the instant by which a quorum had: the
    quorum-th of the times, earliest first. Fewer liars than a quorum cannot bring it before the truth, so that
    something stood in the log *no later than* `at`. `as_of` is the quorum-th counted from the latest: fewer liars than
    a quorum cannot make a checkpoint younger than it is, so an age is counted from `as_of`. Where all witnesses
    answered and their number is odd, both are the median, and no minority of them moves it past an honest time.
    """

    checkpoint: Checkpoint
    times: Mapping[str, datetime]
    at: datetime
    as_of: datetime
    organisations: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The keys that a reader believes: one log's, and those of its witnesses, of which `quorum` must agree.

    A quorum is always more than half: two heads that contradict each other need a witness that signs both. Witnesses
    have distinct names, distinct keys and distinct organisations; TrustError otherwise.
    """

    log: VerifierKey
    witnesses: tuple[WitnessKey, ...]
    quorum: int

    def __post_init__(self) -> None:
        count = len(self.witnesses)
        if not 1 <= count <= MOST_WITNESSES:
            raise TrustError(f"a log is believed with 1 to {MOST_WITNESSES} witnesses, not {count}")
        if not majority(count) <= self.quorum <= count:
            raise TrustError(f"of {count} witnesses at least {majority(count)} must agree, not {self.quorum}")
        _distinct("names", [one.name for one in self.witnesses])
        # Five witnesses of one operator are one; how a name is written makes nobody another organisation.
        _distinct("organisations", [spelt(one.organisation) for one in self.witnesses])
        # A cosignature does not say the signer's name: one key under two names would count twice.
        _distinct("keys", [self.log.public_key, *(one.public_key for one in self.witnesses)])

    @classmethod
    def of(cls, log: VerifierKey, witnesses: Iterable[WitnessKey]) -> Trust:
        """Believe a log when more than half of these witnesses agree."""
        chosen = tuple(witnesses)
        return cls(log=log, witnesses=chosen, quorum=majority(len(chosen)))

    @classmethod
    def parse(cls, text: str) -> Trust:
        """Read what `str` writes: a policy of one log and a quorum of all its witnesses; TrustError or NoteError."""
        policy = Policy.parse(text)
        if len(policy.logs) != 1 or policy.quorum is None:
            raise TrustError("a policy to check with names one log, its witnesses, and a quorum of them")
        return cls(log=policy.logs[0], witnesses=policy.witnesses, quorum=policy.quorum)

    def __str__(self) -> str:
        """Write the policy (C2SP tlog-policy), each witness under the name of its organisation."""
        lines = [f"log {self.log}", *(f"witness {one.organisation} {one}" for one in self.witnesses)]
        members = " ".join(one.organisation for one in self.witnesses)
        return "\n".join([*lines, f"group {_GROUP} {self.quorum} {members}", f"quorum {_GROUP}", ""])

    @property
    def organisations(self) -> frozenset[str]:
        """The organisations that answer for the witnesses."""
        return frozenset(one.organisation for one in self.witnesses)

    def times(self, note: Note) -> dict[str, datetime]:
        """Return when each of the witnesses cosigned this note, by name; a witness's first line counts.

        Lines of strangers are passed over. NoteError if a line that claims to be a witness's does not verify.
        """
        found: dict[str, datetime] = {}
        for line in note.signatures:
            for witness in self.witnesses:
                if witness.name not in found and witness.signed(line):
                    found[witness.name] = witness.time_of(note.text, line)
        return found

    def open(self, text: str) -> Cosigned:
        """Read a checkpoint that the log signed and a quorum cosigned; NoQuorum or NoteError otherwise."""
        return _opened(self, text)


@lru_cache(maxsize=256)
def _opened(trust: Trust, text: str) -> Cosigned:
    """Verify once what many proofs rest on: a file of ten leaves holds the same few heads ten times."""
    checkpoint = open_checkpoint(text, [trust.log])
    times = trust.times(Note.parse(text))
    if len(times) < trust.quorum:
        raise NoQuorum(f"{len(times)} of {len(trust.witnesses)} witnesses cosigned; {trust.quorum} must")
    in_order = sorted(times.values())
    return Cosigned(
        checkpoint=checkpoint,
        times=MappingProxyType(times),
        at=in_order[trust.quorum - 1],
        as_of=in_order[-trust.quorum],
        organisations=frozenset(one.organisation for one in trust.witnesses if one.name in times),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a policy file says (C2SP tlog-policy), as far as one group of all witnesses can say it.

    A witness's name in the file is the name of its organisation. `urls` holds where a witness answers, by its
    key's name. `quorum` is None where the file names none.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: tuple[WitnessKey, ...]
    urls: Mapping[str, str]
    quorum: int | None

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Read a policy file; TrustError for what it cannot say here, NoteError for a malformed key."""
        logs: list[VerifierKey] = []
        witnesses: dict[str, WitnessKey] = {}
        urls: dict[str, str] = {}
        groups: dict[str, list[str]] = {}
        named: list[str] = []
        for words in filter(None, (line.split() for line in text.splitlines() if not line.lstrip().startswith("#"))):
            match words:
                case ["log", key] | ["log", key, _]:
                    logs.append(VerifierKey.parse(key))
                case ["witness", name, key, *address] if name not in witnesses and len(address) <= 1:
                    witnesses[name] = WitnessKey.parse(key, name)
                    urls.update((witnesses[name].name, one) for one in address)
                case ["group", name, *threshold_and_members] if name not in groups:
                    groups[name] = threshold_and_members
                case ["quorum", name]:
                    named.append(name)
                case _:
                    raise TrustError(f"a policy says log, witness, group and quorum, each once; not so: {words[0]}")
        return cls(
            logs=tuple(logs),
            witnesses=tuple(witnesses.values()),
            urls=MappingProxyType(urls),
            quorum=_threshold(groups, named, witnesses) if named else None,
        )


def _threshold(groups: Mapping[str, list[str]], named: list[str], witnesses: Collection[str]) -> int:
    threshold, *members = groups.get(named[0]) or [""]
    if len(named) != 1 or sorted(members) != sorted(witnesses) or not threshold.isascii() or not threshold.isdigit():
        raise TrustError("the quorum is one group of all witnesses with a number as its threshold")
    return int(threshold)


def _distinct(what: str, values: Sequence[str | bytes]) -> None:
    if len(set(values)) != len(values):
        raise TrustError(f"log and witnesses have {what} that are all different")
