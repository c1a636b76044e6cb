"""Make and check offline proofs: of a look at a record, and of any entry of the public log (C2SP tlog-proof)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import click

from salus.access import ReadProof
from salus.cli.believing import check_named, trust_named, trust_option, trust_told, witness_option
from salus.cli.output import ending, json_option, say, tell
from salus.kernel import Invalid, format_instant
from salus.keys import Certificate
from salus.ledger import prove_entry
from salus.proof import PROOF_HEADER, Cosigned, LeafProof, ProofError, Trust, VerifierKey, is_packed, pack, unpack

_READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entry of which log a proof is asked for, and how it is to be written."""

    place: str
    index: int | None
    entry: Path | None
    out: Path | None
    compact: bool


@click.command()
@click.argument("file", required=False, type=_READABLE)
@trust_option
@click.option("--vkey", help="The log's key, instead of --trust.")
@witness_option
@click.option("--from", "place", help="Make a proof from the log at this folder or address, or from a mirror of it.")
@click.option("--index", type=click.IntRange(min=0), help="The entry's place in the log, from 0; with --from.")
@click.option("--entry", type=_READABLE, help="A file with the entry's bytes: to find it, or to check a proof of it.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the proof; with --from.")
@click.option("--compact", is_flag=True, help="Write the compact form, which needs --entry and the keys to be read.")
@json_option
@ending
def prove(
    file: Path | None,
    trust: Path | None,
    vkey: str | None,
    witnesses: tuple[str, ...],
    place: str | None,
    index: int | None,
    entry: Path | None,
    out: Path | None,
    compact: bool,
    as_json: bool,
) -> None:
    """Check the proof in FILE: of one look at a record, as its resident downloaded it, or of an entry of the log.

    With --from it makes the proof of an entry instead, from the log's files. Checking needs no node and no network.
    """
    if (file is None) == (place is None):
        raise click.UsageError("name a FILE to check, or with --from the log to make a proof from")
    check_named(trust, vkey, witnesses)
    if place is not None:
        if (index is None) == (entry is None) or (compact and out is None):
            raise click.UsageError("with --from name --index or --entry; what is --compact needs --out")
        wanted = Wanted(place=place, index=index, entry=entry, out=out, compact=compact)
        _make(wanted, trust_named(trust, vkey, witnesses), as_json=as_json)
        return
    raw = file.read_bytes() if file else b""
    if is_packed(raw) or raw.startswith(PROOF_HEADER.encode()):
        _check(raw, entry, trust_named(trust, vkey, witnesses), as_json=as_json)
    else:
        _look(raw, trust_told(trust)[0].log if trust else VerifierKey.parse(vkey or ""), as_json=as_json)


def _make(wanted: Wanted, trust: Trust, *, as_json: bool) -> None:
    sought = wanted.entry.read_bytes() if wanted.entry else (wanted.index or 0)
    entry, proof = prove_entry(wanted.place, trust, sought)
    written = pack(proof, trust) if wanted.compact else str(replace(proof, extra=entry)).encode()
    if wanted.out:
        wanted.out.write_bytes(written)
        _say(proof.index, entry, proof.check(entry, trust), as_json=as_json)
    else:
        say(written.decode().removesuffix("\n"))


def _check(raw: bytes, file: Path | None, trust: Trust, *, as_json: bool) -> None:
    """Check a proof after the standard, or the compact form of it; the entry comes beside it or in its extra line."""
    try:
        proof = unpack(raw, trust) if is_packed(raw) else LeafProof.parse(raw.decode())
    except UnicodeDecodeError:
        raise ProofError("the proof is not UTF-8 text") from None
    entry = file.read_bytes() if file else proof.extra
    if not entry:
        raise Invalid("this proof does not bring its entry along; name it with --entry", code="SALUS-Z041")
    _say(proof.index, entry, proof.check(entry, trust), as_json=as_json)


def _say(index: int, entry: bytes, found: Cosigned, *, as_json: bool) -> None:
    head = found.checkpoint
    by, as_of = format_instant(found.at), format_instant(found.as_of)
    if as_json:
        told = {"index": index, "size": head.size, "origin": head.origin, "at": by, "as_of": as_of}
        tell({"good": True, "entry": entry.decode("utf-8", "replace"), **told})
        return
    say(f"the entry is number {index} in the public log of {head.origin}, {head.size} entries long;")
    say(f"by {by} a quorum of its witnesses had it, and stood by it at {as_of}:")
    say(entry.decode("utf-8", "replace"))


def _look(raw: bytes, key: VerifierKey, *, as_json: bool) -> None:
    """Check the proof of one look at a record, or the certificate of a destroyed key."""
    try:
        read = json.loads(raw)
    except ValueError:
        read = {}
    told = read if isinstance(read, dict) else {}
    if "certificate" in told:
        _destruction(Certificate.of_file(told), key, as_json=as_json)
        return
    proof = ReadProof.of_file(told)
    checkpoint = proof.check([key])
    if as_json:
        tell({"good": True, "entry": json.loads(proof.entry), "size": checkpoint.size, "origin": checkpoint.origin})
        return
    say(f"the entry stands in the public log of {checkpoint.origin}, {checkpoint.size} entries long:")
    say(json.dumps(json.loads(proof.entry), ensure_ascii=False, indent=2))


def _destruction(one: Certificate, vkey: VerifierKey, *, as_json: bool) -> None:
    checkpoint = one.check([vkey])
    if as_json:
        told = {"opening": one.opening, "leaf": one.leaf, "size": checkpoint.size, "origin": checkpoint.origin}
        tell({"good": True, **told})
        return
    say(f"the key was destroyed, by the public log of {checkpoint.origin}, {checkpoint.size} entries long:")
    say(json.dumps({**one.opening["shred"], "done": one.leaf["done"]}, ensure_ascii=False, indent=2))
