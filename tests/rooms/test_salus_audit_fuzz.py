"""Files, leaves, documents and heads that nobody would write: never an error of the auditor's, never a good answer.

`SALUS_AUDIT_FUZZ` says how many examples each test takes.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from audited import Paper, an_honest_paper, decision, files_of, hash_of, told_in
from measures import ALIVE, DAY, HOUR
from salus.kernel import Invalid, canonical, format_instant
from salus.ledger import parse_leaf
from salus.proof import sign_checkpoint
from salus.proof.note import Note
from salus.proof.tiles import join_entries, split_entries
from salus.rules import Document, PublicationKind
from salus_audit import Asked, Audit, audit
from salus_audit.leaves import DUTIES, FIELDS, PUBLICATIONS

LATER = ALIVE + 2 * DAY
EXAMPLES = int(os.environ.get("SALUS_AUDIT_FUZZ", "20"))
several = tried(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Paper, dict[Path, bytes], Asked]:
    paper = an_honest_paper(tmp_path_factory.mktemp("fuzzed") / "log")
    asked = paper.asked(files={"mine": paper.measure(LATER).raw}, workers=1)
    asked = paper.asked(files=asked.files, workers=1)
    return paper, {one: one.read_bytes() for one in sorted(paper.folder.rglob("*")) if one.is_file()}, asked


def answered(asked: Asked) -> Audit:
    """Audit, and have the answer in every form; what is raised fails the test that asked."""
    found = audit(asked)
    json.dumps(found.as_json())
    assert found.good is not bool(found.findings.told)
    return found


@st.composite
def spoilt(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes with something done to them: changed, cut, put in or doubled."""
    at = draw(st.integers(0, max(len(content) - 1, 0)))
    deed = draw(st.integers(0, 4))
    if deed == 0:
        return content[:at] + bytes([content[at] ^ draw(st.integers(1, 255))]) + content[at + 1 :] if content else b"x"
    if deed == 1:
        return content[:at]
    if deed == 2:
        return content[:at] + draw(st.binary(min_size=1, max_size=80)) + content[at:]
    return content + content[at:] if deed == 3 else draw(st.binary(max_size=200))


@several
@given(data=st.data())
def test_a_spoilt_file_is_found_and_ends_no_audit(
    written: tuple[Paper, dict[Path, bytes], Asked], data: st.DataObject
) -> None:
    _, files, asked = written
    path = data.draw(st.sampled_from(sorted(files)))
    content = data.draw(spoilt(files[path]))
    path.write_bytes(content)
    try:
        found = answered(asked)
    finally:
        path.write_bytes(files[path])

    if content != files[path] and not (path.parent.name == "heads" and says_as_much(content, files[path])):
        assert not found.good, (path, content)


def says_as_much(content: bytes, before: bytes) -> bool:
    """A head may lack a witness's line, or bear a stranger's; that is nothing wrong as long as the log signed it."""
    try:
        told = [[Note.parse(one.decode()).text for one in split_entries(each)] for each in (content, before)]
    except (Invalid, ValueError):
        return False
    return told[0] == told[1] or set(told[0]) <= set(told[1])


@several
@given(data=st.data())
def test_spoilt_measures_files_and_kept_heads_are_found(
    written: tuple[Paper, dict[Path, bytes], Asked], data: st.DataObject
) -> None:
    paper, _, asked = written
    (raw,) = asked.files.values()
    file = data.draw(st.one_of(spoilt(raw), st.binary(max_size=50), odd_json.map(canonical_or_none)))
    kept = data.draw(st.one_of(spoilt(paper.log.heads[2][1].encode()), st.binary(max_size=50)))

    told = answered(
        Asked(place=asked.place, now=asked.now, key=asked.key, witnesses=asked.witnesses, files={"x": file})
    )
    heads = answered(
        Asked(place=asked.place, now=asked.now, key=asked.key, witnesses=asked.witnesses, since={"x": kept})
    )

    if file != raw:
        assert not told.good
    assert heads.good is not bool(heads.findings.told)


plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.text(max_size=12),
    st.sampled_from(
        ["country", "covid-19", "2031-03-01T08:00:00Z", "payload.v.0.dt", "issuers", hash_of("x"), "HC1", "day"]
    ),
)
names = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        "disease reason region venues wants tables periods rules keys previous facilities name rows clauses examples "
        "logic longest_hours var and plusTime reduce if payload renews en zh".split()
    ),
)
odd_json = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5), max_leaves=20
)


def canonical_or_none(value: Any) -> bytes:
    try:
        return canonical(value)
    except (Invalid, ValueError):
        return b"null"


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in pairs:
        yield from places_in(item, (*path, name))


@st.composite
def bodies(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """What no document says; or what the shipped ones say, with anything at one place of it."""
    from salus.rules import shipped_table
    from salus.rules.acceptance import shipped_acceptance

    shipped: Mapping[str, dict[str, Any]] = {
        "assignment-rules": shipped_table("covid-19"),
        "acceptance-rules": {**shipped_acceptance("measles"), "region": "country", "disease": "measles"},
        "emergency": {"disease": "covid-19", "reason": {"en": "An outbreak.", "zh": "疫情。"}},
        "declaration": {"venues": ["care-home"], "wants": ["test"], "region": "country"},
    }
    if kind not in shipped or draw(st.booleans()):
        return draw(st.dictionaries(names, odd_json, max_size=5))
    body: dict[str, Any] = json.loads(json.dumps(shipped[kind]))
    *path, last = draw(st.sampled_from(list(places_in(body))))
    parent: Any = body
    for name in path:
        parent = parent[name]
    parent[last] = draw(odd_json)
    return body


@several
@given(data=st.data())
def test_no_document_ends_an_audit(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is published, with all signatures and in time, is judged: it counts, or it is found."""
    paper = an_honest_paper(tmp_path / "log")
    for _ in range(3):
        kind = data.draw(st.sampled_from(PUBLICATIONS))
        starts = LATER + data.draw(st.integers(0, 120)) * HOUR
        lasts = data.draw(st.sampled_from((HOUR, DAY, 20 * DAY, 400 * DAY)))
        try:
            document = Document(
                kind=PublicationKind(kind),
                name=data.draw(st.sampled_from(("a", "issuers", "b-1"))),
                version=data.draw(st.integers(1, 3)),
                starts=starts,
                ends=starts + lasts,
                body=data.draw(bodies(kind)),
            )
        except (Invalid, ValueError):
            continue
        paper.publish(document, at=LATER)
    decision(paper, rules=paper.world.documents["assignment-rules"].digest)
    paper.close(LATER + 9 * DAY)

    answered(paper.asked(workers=1))


def values(form: str | tuple[str, ...]) -> st.SearchStrategy[Any]:
    """What may stand in a field of a leaf, up to the ends of what its form allows, and a little beyond."""
    if isinstance(form, tuple):
        return st.sampled_from(form)
    hashes = st.binary(min_size=32, max_size=32).map(lambda raw: base64.b64encode(raw).decode())
    name = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._/:-]{0,6}[A-Za-z0-9])?", fullmatch=True)
    signature = st.binary(min_size=64, max_size=64).map(lambda raw: base64.b64encode(raw).decode())
    return {
        "name": name | st.sampled_from(("L1", "S1", "signer-0", "paper-node")),
        "hash": hashes | st.just(hash_of("same")),
        "signature": signature,
        "instant": st.sampled_from(
            ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2031-02-29T00:00:00Z", format_instant(LATER))
        ),
        "day": st.sampled_from(("0001-01-01", "9999-12-31", "2031-02-25", "2031-02-30")),
        "month": st.sampled_from(("0001-01", "9999-12", "2031-13", "2031-02")),
        "count": st.integers(1, 2**53 - 1) | st.just(2**53),
        "count0": st.integers(0, 2**53 - 1),
        "names": st.lists(name, min_size=2, max_size=9),
        "signatures": st.dictionaries(name, signature, min_size=1, max_size=9),
    }[form]


@st.composite
def leaves(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from(sorted(FIELDS)))
    later = {name: form.removesuffix("?") for name, form in FIELDS[kind].items() if str(form).endswith("?")}
    has = [name for name in FIELDS[kind] if name not in later or draw(st.booleans())]
    return kind, {name: draw(values(later.get(name, FIELDS[kind][name]))) for name in has}


@several
@given(data=st.data())
def test_no_leaf_ends_an_audit_and_what_is_no_leaf_is_found(tmp_path: Path, data: st.DataObject) -> None:
    """Which of them is a leaf, the node's reader and the auditor's say alike."""
    paper = an_honest_paper(tmp_path / "log")
    wrong = []
    for _ in range(data.draw(st.integers(1, 8))):
        kind, body = data.draw(leaves())
        entry = json.dumps({kind: body}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        if data.draw(st.integers(0, 4)) == 0:
            entry = data.draw(spoilt(entry))[:65_000]
        if not is_leaf(entry):
            wrong.append(len(paper.log.entries))
        paper.log.entries.append(entry)
    paper.close(LATER + data.draw(st.integers(0, 40)) * DAY)

    found = answered(paper.asked(workers=1))

    assert [one.leaf for one in found.findings.told if one.code == "LOG-LEAF"] == wrong, told_in(found)


def is_leaf(entry: bytes) -> bool:
    """Tell whether the node takes an entry for a leaf that may stand anywhere but at the beginning."""
    try:
        return parse_leaf(entry).kind != "node"
    except Invalid:
        return False


@several
@given(data=st.data())
def test_no_line_under_a_head_ends_an_audit(
    written: tuple[Paper, dict[Path, bytes], Asked], data: st.DataObject
) -> None:
    """Heads that the log did sign, of any size and root, with any lines under them."""
    paper, files, asked = written
    heads = [note.encode() for _, note in paper.log.heads]
    size = data.draw(st.sampled_from((0, 1, len(paper.log.entries), 2**62, 2**63 - 1)) | st.integers(0, 40))
    note = sign_checkpoint(size, data.draw(st.binary(min_size=32, max_size=32)), paper.log.key).note
    lines = data.draw(
        st.lists(
            st.tuples(
                st.sampled_from(("witness-court.example", "x", "paper.example/log")), st.binary(min_size=5, max_size=80)
            ),
            max_size=4,
        )
    )
    odd = note + "".join(f"\u2014 {name} {base64.b64encode(raw).decode()}\n" for name, raw in lines)
    place = data.draw(st.integers(0, len(heads)))
    path = paper.folder / "heads" / "000"
    path.write_bytes(join_entries([*heads[:place], odd.encode(), *heads[place:]]))
    try:
        found = answered(asked)
        kept = answered(Asked(place=asked.place, now=asked.now, key=asked.key, since={"odd": odd.encode()}))
    finally:
        path.write_bytes(files[path])

    known = {int(note.split("\n")[1]) for _, note in paper.log.heads}
    if size <= len(paper.log.entries) and size > 0:
        assert not found.good or size not in known, told_in(found)
        assert not kept.good


def test_the_fuzz_has_every_kind_of_leaf_duty_and_file(written: tuple[Paper, dict[Path, bytes], Asked]) -> None:
    paper, files, _ = written
    assert {path.relative_to(paper.folder).parts[0] for path in files} == {
        *("checkpoint", "vkey", "heads", "tile", "published"),
    }
    assert set(files_of(paper.log)) <= {path.relative_to(paper.folder).as_posix() for path in files}
    assert len(FIELDS) >= 18
    assert "ombudsman" in DUTIES
