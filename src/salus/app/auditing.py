"""What a node finds about itself, for its auditor: log, register, keys, witnesses, and what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from salus import access, ledger, storage
from salus.app.checking import check_node
from salus.app.node import Node
from salus.storage import Duty

ORPHANS_OF = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One contradiction. `code` is stable."""

    code: str
    item: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigner:
    """A witness, and when it last cosigned the newest head that has a quorum; None if it is not among those."""

    name: str
    organisation: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """All of it, at one instant."""

    findings: tuple[Found, ...]
    size: int
    root: bytes | None
    signed: datetime | None
    quorum: int | None
    vouched: datetime | None
    witnesses: tuple[Cosigner, ...]
    parked: tuple[tuple[int, str, str], ...]
    registered: int
    unwrapped: int
    orphans: tuple[tuple[str, int], ...] = ()


def audited(node: Node) -> Audited:
    """Run the node's own checks. They take time in proportion to log and register, so they run once a minute."""
    newest, registered, unwrapped = ledger.latest(node.store), _registered(node), node.keys.unwraps()
    found = node.memory.recall("findings", node.stamp, lambda: _of_node(node))
    return Audited(
        findings=tuple(found),
        size=newest.size if newest else 0,
        root=newest.root if newest else None,
        signed=ledger.latest_at(node.store),
        quorum=node.trust.quorum if node.trust else None,
        vouched=ledger.latest_quorum_at(node.store, node.trust),
        witnesses=tuple(_cosigners(node)),
        parked=tuple(storage.parked(node.store)),
        registered=registered,
        unwrapped=unwrapped,
        orphans=tuple(_orphans(node)),
    )


def _orphans(node: Node) -> list[tuple[str, int]]:
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        return access.orphans(tx, at - ORPHANS_OF, at)


def _of_node(node: Node) -> list[Found]:
    """What `salus ledger verify --data` finds: the log's files, then every row that the log has to stand behind."""
    folder = node.settings.data / "log"
    trusted = node.trust.witnesses if node.trust else ()
    report = ledger.verify_directory(folder, node.sequencer.key, None, trusted) if _published(folder) else None
    found = [*(report.findings if report else ()), *check_node(node)]
    return [Found(code=one.code, item=one.where, text=one.text) for one in found]


def _published(folder: Path) -> bool:
    return (folder / "checkpoint").exists()


def _registered(node: Node) -> int:
    with node.store.transaction(Duty.CARE) as tx:
        return access.unwraps(tx)


def _cosigners(node: Node) -> list[Cosigner]:
    newest = ledger.cosigned(node.store, node.trust)
    return [
        Cosigner(name=one.name, organisation=one.organisation, at=newest.times.get(one.name) if newest else None)
        for one in (node.trust.witnesses if node.trust else ())
    ]
