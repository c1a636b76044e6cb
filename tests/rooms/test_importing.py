"""An import: lines go in together and come out as if one after the other; a refused one is told, and loses no other."""

from __future__ import annotations

import gzip
import json
import resource
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard

from nodes import a_node, a_number, a_patient, an_observation
from salus.access import MEASURE_ATTEMPTS
from salus.app import Imported, Node, import_files, workers_for
from salus.app.importing.telling import Chunk, ImportBroken, ImportRefused, Taken
from salus.app.importing.working import Crew
from salus.cli.outcomes import Outcomes, OutcomesRefused, imported
from salus.kernel import Invalid, SalusError
from salus.records import Problem, RecordRefused
from salus.storage import Duty

OWN = "urn:example:own"
FACILITIES = [f"H{n}" for n in range(1, 40)]
Body = dict[str, Any]
_hospitals = iter(FACILITIES)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("importing"), *FACILITIES) as opened:
        yield opened


@pytest.fixture
def hospital() -> str:
    return next(_hospitals)


def a_person(own: str, **more: Any) -> Body:
    return {"resourceType": "Patient", "identifier": [{"system": OWN, "value": own}], **more}


def seen(own: str, **more: Any) -> Body:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "seen"},
        "subject": {"reference": f"Patient?identifier={OWN}|{own}"},
        **more,
    }


def bundle(*resources: Body) -> Body:
    entries = [
        {
            "fullUrl": one.pop("fullUrl", None),
            "resource": one,
            "request": {"method": "POST", "url": one["resourceType"]},
        }
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": [
        {name: value for name, value in entry.items() if value is not None} for entry in entries]}  # fmt: skip


def ndjson(folder: Path, lines: Sequence[Body | bytes], name: str = "lines.ndjson") -> Path:
    path = folder / name
    path.write_bytes(b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in lines))
    return path


def taken(node: Node, facility: str, file: Path, **how: int) -> tuple[Imported, dict[int, SalusError]]:
    told: dict[int, SalusError] = {}
    done = import_files(node, facility, [file], told=lambda _, line, error: told.update({line: error}), **how)
    return done, told


def acceptances(node: Node, facility: str) -> int:
    with node.store.transaction(Duty.CARE) as tx:
        row = tx.row("select count(*) from records.acceptance where facility = %s", (facility,))
    return int(row[0]) if row else 0


def test_lines_share_a_transaction(node: Node, hospital: str, tmp_path: Path) -> None:
    done, _ = taken(node, hospital, ndjson(tmp_path, [a_person(str(n)) for n in range(20)]))

    assert (done.lines, done.entries, done.residents, done.turned) == (20, 20, 20, 0)
    assert acceptances(node, hospital) == 1


def test_a_refused_line_is_told_with_element_and_rule_and_loses_no_other(
    node: Node, hospital: str, tmp_path: Path
) -> None:
    lines = [
        a_person("1"),
        {"resourceType": "Patient", "gender": "blue"},
        b'{"resourceType": "Patient"',
        bundle(a_person("2"), {"resourceType": "Observation", "status": "final"}),
        {**seen("1"), "subject": {"reference": "Patient/00000000-0000-4000-8000-000000000009"}},
        {**seen("1"), "component": [{"code": {"text": "x"}, "valueQuantity": {"value": 1, "code": "m"}}]},
        a_person("3"),
    ]

    done, told = taken(node, hospital, ndjson(tmp_path, lines))

    assert (done.lines, done.turned) == (2, 5)
    assert {line: error.where for line, error in told.items()} == {
        2: "Patient.gender",
        3: "Resource",
        4: "Bundle.entry[1].resource.Observation.code",
        5: "Observation.subject.reference",
        6: "Observation.component[0].valueQuantity",
    }
    assert isinstance(told[6], RecordRefused)
    assert told[6].problems[0].rule == "qty-3"
    assert [line for _, line, _ in done.refused] == [2, 3, 4, 5, 6]


def test_a_line_finds_by_identifier_what_a_line_before_it_gave(node: Node, hospital: str, tmp_path: Path) -> None:
    lines = [seen("a"), a_person("a"), seen("a"), a_person("b"), seen("b"), a_person("a"), seen("a"), seen("b")]

    done, told = taken(node, hospital, ndjson(tmp_path, lines))

    assert sorted(told) == [1, 7]
    assert told[1].text.endswith("matches nothing here")
    assert told[7].text.endswith("matches more than one resource")
    assert done.lines == 6


@pytest.mark.parametrize("how", [{"at_once": 1}, {"at_once": 3}, {"at_once": 500}])
def test_however_many_go_in_together_the_outcome_is_that_of_one_after_the_other(
    node: Node, hospital: str, tmp_path: Path, how: dict[str, int]
) -> None:
    mine = f"{hospital}-"
    lines: list[Body] = []
    for n in range(12):
        lines += [seen(f"{mine}{n + 1}"), a_person(f"{mine}{n}"), seen(f"{mine}{n}")]
    lines += [a_person(f"{mine}5"), seen(f"{mine}5"), seen(f"{mine}6")]

    done, told = taken(node, hospital, ndjson(tmp_path, lines), **how)

    assert sorted(told) == [*range(1, 37, 3), 38]
    assert done.lines == len(lines) - len(told)


def test_a_full_address_means_an_entry_of_the_own_line_alone(node: Node, hospital: str, tmp_path: Path) -> None:
    urn = "urn:uuid:00000000-0000-4000-8000-00000000000a"
    visit = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": urn}}
    lines = [bundle(a_person("1", fullUrl=urn), dict(visit)), bundle(a_person("2", fullUrl=urn)), bundle(dict(visit))]

    done, told = taken(node, hospital, ndjson(tmp_path, lines))

    assert (done.lines, sorted(told)) == (2, [3])
    assert told[3].text.endswith("refers to no entry of this bundle")


def test_what_changes_something_waits_for_all_before_it(node: Node, hospital: str, tmp_path: Path) -> None:
    def put(own: str, family: str) -> Body:
        one = a_person(own, name=[{"family": family}])
        request = {"method": "PUT", "url": f"Patient?identifier={OWN}|{own}"}
        return {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": one, "request": request}]}

    done, told = taken(
        node, hospital, ndjson(tmp_path, [a_person("1"), put("1", "Li"), put("1", "Wu"), put("2", "Xu")])
    )

    assert (done.lines, done.residents, told) == (4, 2, {})


def test_what_is_in_is_not_taken_again_and_what_was_refused_is_tried_again(
    node: Node, hospital: str, tmp_path: Path
) -> None:
    file = ndjson(tmp_path, [seen("1"), a_person("1")])
    first, _ = taken(node, hospital, file)

    again, told = taken(node, hospital, file)

    assert (first.lines, first.turned) == (1, 1)
    assert (again.lines, again.skipped, told) == (1, 1, {})


def test_two_imports_of_one_file_at_once_take_each_line_once(node: Node, hospital: str, tmp_path: Path) -> None:
    file = ndjson(tmp_path, [a_person(str(n)) for n in range(60)])
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: taken(node, hospital, file, at_once=7)[0], range(2)))

    assert [one.lines + one.skipped for one in done] == [60, 60]
    assert sum(one.lines for one in done) == sum(one.residents for one in done) == 60


def test_an_unreadable_first_line_is_one_line(node: Node, hospital: str, tmp_path: Path) -> None:
    done, told = taken(node, hospital, ndjson(tmp_path, [b"\xff\xfe nonsense", a_person("1"), b"", a_person("2")]))

    assert (done.lines, sorted(told)) == (2, [1])


def test_a_document_over_many_lines_is_one_document(node: Node, hospital: str, tmp_path: Path) -> None:
    path = tmp_path / "patient.json"
    path.write_text(json.dumps(a_person("1"), indent=2))

    done, _ = taken(node, hospital, path)

    assert (done.lines, done.entries) == (1, 1)


def test_a_collection_goes_in_entry_by_entry(node: Node, hospital: str, tmp_path: Path) -> None:
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    entries = [{"fullUrl": urn, "resource": a_person("1")}, {"resource": seen("1", subject={"reference": urn})}]
    collection = {"resourceType": "Bundle", "type": "collection", "entry": entries}

    done, told = taken(node, hospital, ndjson(tmp_path, [collection, seen("1")]))

    assert (done.lines, done.entries, told) == (2, 3, {})


def test_entries_of_a_collection_without_addresses_find_each_other(node: Node, hospital: str, tmp_path: Path) -> None:
    entries = [{"resource": a_person("1", id="7")}, {"resource": seen("1", id="7", subject={"reference": "Patient/7"})}]
    collection = {"resourceType": "Bundle", "type": "collection", "entry": entries}

    done, told = taken(node, hospital, ndjson(tmp_path, [collection]))

    assert (done.lines, done.entries, told) == (1, 2, {})


def test_a_reference_to_two_entries_called_alike_leads_to_neither(node: Node, hospital: str, tmp_path: Path) -> None:
    people = [{"resource": a_person(number, id="7")} for number in ("1", "2")]
    entries = [*people, {"resource": seen("1", subject={"reference": "Patient/7"})}]
    alike = {"resourceType": "Bundle", "type": "collection", "entry": entries}

    done, told = taken(node, hospital, ndjson(tmp_path, [alike, alike | {"entry": people}]))

    assert (done.lines, done.entries, list(told)) == (1, 2, [1])


def test_a_document_about_nobody_who_is_here_is_refused_and_told(node: Node, hospital: str, tmp_path: Path) -> None:
    found = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": a_person("1", id="a")}]}

    done, told = taken(node, hospital, ndjson(tmp_path, [found]))

    assert (done.lines, list(told)) == (0, [1])


def test_a_line_of_20_mebibytes_stands_between_others(node: Node, hospital: str, tmp_path: Path) -> None:
    large = {"resourceType": "Binary", "contentType": "application/pdf", "data": "QUJD" * (5 * 2**20)}
    wide = {"resourceType": "Patient", "name": [{"family": "x" * (20 * 2**20)}]}

    done, told = taken(node, hospital, ndjson(tmp_path, [a_person("1"), large, wide, a_person("2")]))

    assert (done.lines, sorted(told)) == (3, [3])
    assert told[3].where == "Patient.name[0].family"


@pytest.mark.parametrize("name", ["lines.ndjson.gz", "lines.ndjson.zst"])
def test_a_packed_file_that_is_cut_short_keeps_what_came_before(
    node: Node, hospital: str, tmp_path: Path, name: str
) -> None:
    plain = ndjson(tmp_path, [a_person(str(n), text=text(n)) for n in range(100)]).read_bytes()
    pack = gzip.compress if name.endswith("gz") else zstandard.compress
    packed = b"".join(pack(plain[part : part + 8_000]) for part in range(0, len(plain), 8_000))
    path, seen_in = tmp_path / name, Imported()
    path.write_bytes(packed[:-20])

    with pytest.raises(Invalid, match="cut short"):
        import_files(node, hospital, [path], lambda done: seen_in.add("", Taken(number=0, read=0, lines=done.lines)))
    path.write_bytes(packed)
    assert seen_in.lines > 10
    assert taken(node, hospital, path)[0].lines == 100


def text(n: int) -> Body:
    said = " ".join(str(n * k % 9973) for k in range(60))
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{said}</div>'}


def test_an_attempt_to_write_a_measure_by_a_line_is_refused_and_counted(
    node: Node, hospital: str, tmp_path: Path
) -> None:
    bad = a_person("1", extension=[{"url": "https://example.org/health-code", "valueCode": "red"}])

    done, told = taken(node, hospital, ndjson(tmp_path, [a_person("2"), bad]))

    assert (done.lines, told[2].code) == (1, "SALUS-R120")
    with node.store.transaction(Duty.CARE) as tx:
        rows = tx.rows("select action from access.refusal where facility = %s", (hospital,))
    assert rows == [(MEASURE_ATTEMPTS[1],)]


def test_outcomes_are_a_line_each_and_name_nothing_that_was_sent(node: Node, hospital: str, tmp_path: Path) -> None:
    number = a_number(901)
    wrong = {**a_patient(number), "gender": "梅花"}
    file = ndjson(tmp_path, [a_person("1"), wrong, an_observation("Patient/none")])
    with Outcomes([file]) as outcomes:
        import_files(node, hospital, [file], told=outcomes.tell)
    lines = [json.loads(line) for line in (tmp_path / "lines.ndjson.outcomes.ndjson").read_bytes().splitlines()]

    assert [line["id"] for line in lines] == ["line-2", "line-3"]
    assert {line["resourceType"] for line in lines} == {"OperationOutcome"}
    assert lines[0]["issue"][0]["expression"] == ["Patient.gender"]
    written = json.dumps(lines, ensure_ascii=False)
    assert number not in written
    assert "梅花" not in written


def odd_person(number: str, **more: Any) -> Body:
    return a_patient(number, **more) | {"birthDate": "1801-01-01"}


def outcomes_beside(file: Path) -> list[Body]:
    beside = file.with_name(f"{file.name}.outcomes.ndjson")
    return [json.loads(line) for line in beside.read_bytes().splitlines()] if beside.exists() else []


def with_outcomes(node: Node, facility: str, file: Path, **how: int) -> Imported:
    with Outcomes([file]) as outcomes:
        return import_files(
            node, facility, [file], told=outcomes.tell, warned=outcomes.warn, known=outcomes.begin, **how
        )


@pytest.mark.parametrize("how", [{}, {"at_once": 2}, {"at_once": 2, "workers": 1}], ids=str)
def test_what_is_odd_is_taken_in_and_told_as_a_warning_with_its_line(
    node: Node, hospital: str, tmp_path: Path, how: dict[str, int]
) -> None:
    number = a_number(910 + len(how))
    put = {"method": "PUT", "url": f"Patient?identifier={OWN}|{hospital}"}
    own = a_person(hospital, birthDate="2999-01-01")
    lines = [
        a_person(f"{hospital}1"),
        odd_person(number),
        bundle(a_person(f"{hospital}2"), odd_person(number)),
        {"resourceType": "Nothing"},
        {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": own, "request": put}]},
    ]
    file = ndjson(tmp_path, lines)
    done = with_outcomes(node, hospital, file, **how)
    told = outcomes_beside(file)

    assert (done.lines, done.turned, done.doubtful) == (4, 1, 3)
    assert [(one["id"], one["issue"][-1]["severity"], one["issue"][-1]["code"]) for one in told] == [
        ("line-2", "warning", "business-rule"),
        ("line-3", "warning", "business-rule"),
        ("line-4", "error", "not-supported"),
        ("line-5", "warning", "value"),
    ]
    assert [one["issue"][0]["expression"] for one in told if one["id"] != "line-4"] == [
        ["Patient.identifier[0].value"],
        ["Bundle.entry[1].resource.Patient.identifier[0].value"],
        ["Bundle.entry[0].resource.Patient.birthDate"],
    ]
    assert number not in json.dumps(told)


def test_warnings_of_lines_that_are_in_stay_until_the_file_is_another(
    node: Node, hospital: str, tmp_path: Path
) -> None:
    number = a_number(920)
    file = ndjson(tmp_path, [odd_person(number), seen("later"), odd_person(number)])
    with_outcomes(node, hospital, file)
    first = outcomes_beside(file)
    again = with_outcomes(node, hospital, file)
    second = outcomes_beside(file)
    ndjson(tmp_path, [a_person(f"{hospital}-9")])
    with_outcomes(node, hospital, file)

    assert [one["id"] for one in first] == ["line-1", "line-2", "line-3"]
    assert (again.skipped, again.turned, again.doubtful) == (2, 1, 0)
    assert sorted(second, key=lambda one: one["id"]) == first
    assert outcomes_beside(file) == []
    assert sorted(one.name for one in tmp_path.iterdir()) == [file.name]


def test_what_a_killed_import_could_not_tell_of_the_next_one_tells(node: Node, hospital: str, tmp_path: Path) -> None:
    odd_one, even = odd_person(a_number(930)), a_person(f"{hospital}-1")
    file = ndjson(tmp_path, [odd_one, bundle(even, odd_one), even, odd_one, {"resourceType": "Nothing"}])
    outcomes = Outcomes([file])

    def warned(path: Path, line: int, odd: Sequence[Problem]) -> None:
        if line > 1:
            raise KeyboardInterrupt
        outcomes.warn(path, line, odd)

    with pytest.raises(KeyboardInterrupt), outcomes:
        import_files(node, hospital, [file], warned=warned, known=outcomes.begin, at_once=1)
    import_files(node, hospital, [file])
    done = with_outcomes(node, hospital, file)
    told = outcomes_beside(file)
    with_outcomes(node, hospital, file)

    assert (done.skipped, done.turned, done.doubtful) == (4, 1, 0)
    assert [one["id"] for one in told] == ["line-1", "line-2", "line-4", "line-5"]
    assert sorted(outcomes_beside(file), key=lambda one: one["id"]) == told


def test_what_is_no_outcome_of_ours_is_not_kept(node: Node, hospital: str, tmp_path: Path) -> None:
    file = ndjson(tmp_path, [a_person(f"{hospital}-1")])
    taken(node, hospital, file)
    warning = {"id": "line-1", "issue": [{"severity": "warning"}]}
    others: list[Any] = [[], {}, {"issue": 1}, {"issue": [{}], "id": "line-1"}, {**warning, "id": 1}, warning["issue"]]
    beside = b"".join(json.dumps(one).encode() + b"\n" for one in [*others, {**warning, "id": "line-2"}, warning])
    file.with_name(f"{file.name}.outcomes.ndjson").write_bytes(beside + json.dumps(warning).encode())

    with_outcomes(node, hospital, file)

    assert outcomes_beside(file) == [warning]


def test_where_outcomes_find_no_room_the_import_stops_and_goes_on_later(
    node: Node, hospital: str, tmp_path: Path
) -> None:
    file = ndjson(tmp_path, [a_person("1"), *({"resourceType": "Nothing"} for _ in range(20)), a_person("2")])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    outcomes = Outcomes([file])
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
        with pytest.raises(OutcomesRefused, match="import again"), outcomes:
            import_files(node, hospital, [file], told=outcomes.tell, at_once=4)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    with Outcomes([file]) as again:
        done = import_files(node, hospital, [file], told=again.tell)
    assert (done.lines + done.skipped, done.turned, len(again.written)) == (2, 20, 1)


def test_a_folder_in_the_way_of_outcomes_is_told_before_anything_goes_in(tmp_path: Path) -> None:
    (tmp_path / "lines.ndjson.outcomes.ndjson").mkdir()

    with pytest.raises(OutcomesRefused), Outcomes([tmp_path / "lines.ndjson"]):
        pass


def test_the_outcomes_of_an_import_before_are_left_out_and_never_removed_as_input(tmp_path: Path) -> None:
    for name in ("a.ndjson", "a.ndjson.outcomes.ndjson", "b.ndjson", "c.outcomes.ndjson"):
        (tmp_path / name).touch()
    given = sorted(tmp_path.iterdir())

    files, left_out = imported(given)

    assert [path.name for path in files] == ["a.ndjson", "b.ndjson", "c.outcomes.ndjson"]
    assert [path.name for path in left_out] == ["a.ndjson.outcomes.ndjson"]
    with pytest.raises(OutcomesRefused, match="to be imported"), Outcomes(given):
        pass
    assert sorted(tmp_path.iterdir()) == given


def test_a_file_that_is_not_there_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="cannot be read"):
        workers_for([tmp_path / "nothing.ndjson"])


def test_workers_take_in_the_same_as_one_alone(node: Node, hospital: str, tmp_path: Path) -> None:
    lines: list[Body] = []
    for n in range(40):
        lines += [seen(f"w{n + 1}"), a_person(f"w{n}"), seen(f"w{n}")]

    done, told = taken(node, hospital, ndjson(tmp_path, lines), workers=2, at_once=4)

    assert sorted(told) == list(range(1, 121, 3))
    assert (done.lines, done.residents) == (80, 40)


def a_chunk(*lines: tuple[int, bytes]) -> Chunk:
    return Chunk(number=0, file=b"0" * 32, lines=lines, read=1)


def test_what_keeps_a_worker_from_the_node_is_told(node: Node, hospital: str, tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("another than it was")
    settings = replace(node.settings, passphrase_file=tmp_path / "passphrase", data=tmp_path)

    with pytest.raises(SalusError) as told, Crew(settings, hospital, 1) as crew:
        list(crew.taken([a_chunk((1, b"{}"))]))
    assert not isinstance(told.value, ImportBroken)
    assert told.value.code != ImportBroken.code


def test_what_nobody_foresaw_is_told_by_its_type_and_its_lines_alone(
    node: Node, hospital: str, capfd: pytest.CaptureFixture[str]
) -> None:
    nothing: Any = None
    with pytest.raises(SalusError, match="lines 7 to 8 met") as told, Crew(node.settings, hospital, 1) as crew:
        list(crew.taken([a_chunk((7, b"{}"), (8, nothing))]))
    assert (told.value.code, told.value.status) == (ImportBroken.code, 503)
    assert "Traceback" not in capfd.readouterr().err


def test_a_worker_that_is_dead_is_told_as_that(node: Node, hospital: str) -> None:
    with Crew(node.settings, hospital, 1) as crew:
        (worker,) = crew._workers
        worker.process.kill()
        worker.process.join()

        with pytest.raises(ImportBroken, match="start the same import again"):
            list(crew.taken([a_chunk((1, b"{}"))]))
