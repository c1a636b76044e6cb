"""An import and its workers, killed again and again: every line goes in once, and nothing is left half done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from killing import ENVIRONMENT, NodeUnderTest

from salus.storage import Settings, open_store

ROUNDS, PEOPLE = 3, 400
OWN = "urn:example:own"
pytestmark = pytest.mark.slow


@pytest.fixture
def node() -> Iterator[NodeUnderTest]:
    with tempfile.TemporaryDirectory(prefix="salus-kills-") as folder:
        Path(folder).chmod(0o711)
        opened = NodeUnderTest(Path(folder))
        opened.start()
        try:
            for _ in range(4):
                try:
                    opened.await_health()
                    break
                except AssertionError:
                    continue
            yield opened
        finally:
            opened.kill_salus()
            opened.kill_postgres()


def lines(seed: int) -> list[dict[str, Any]]:
    """Return Patients, a visit and a result of each that name them by identifier, and lines that are refused."""
    random, found = Random(seed), list[dict[str, Any]]()
    for n in range(PEOPLE):
        whom = {"reference": f"Patient?identifier={OWN}|{n}"}
        odd = {"birthDate": "2999-01-01"} if n % 40 == 0 else {}
        found.append({"resourceType": "Patient", "identifier": [{"system": OWN, "value": str(n)}], **odd})
        for _ in range(2):
            found.append({"resourceType": "Observation", "status": "final", "code": {"text": "seen"}, "subject": whom})
        if random.random() < 0.02:
            found.append({"resourceType": "Observation", "subject": whom})
    return found


def importing(node: NodeUnderTest, file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "salus", "import", str(file), "--data", str(node.data), "--facility", "H1"]
    return subprocess.Popen(
        [*command, "--workers", "2", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
        start_new_session=True,
    )


def inside(node: NodeUnderTest) -> dict[str, int]:
    with open_store(Settings(data=node.data)) as store, store.whole("salus") as tx:
        rows = tx.rows(
            "select 'lines', count(*) from records.import_line union all"
            " select type, count(*) from records.resource where type in ('Patient', 'Observation')"
            " and chart_key in (select chart_key from records.chart where facility = 'H1') group by type union all"
            " select 'bodiless', count(*) from records.resource r left join records.version v using (resource_key)"
            " where v.resource_key is null union all"
            " select 'unfound', count(*) from records.resource r left join records.found f using (resource_key)"
            " where f.resource_key is null union all"
            " select 'untold', count(*) from records.acceptance a where source = 'import' and not exists"
            " (select from access.entry) and a.entries > 0"
        )
    return dict(rows)


def test_killed_imports_go_on_and_lose_and_double_nothing(node: NodeUnderTest, tmp_path: Path) -> None:
    file, random = tmp_path / "lines.ndjson", Random(7)
    sent = lines(7)
    file.write_text("".join(json.dumps(one) + "\n" for one in sent))
    before, reached = inside(node), [0]
    for _ in range(ROUNDS):
        process = importing(node, file)
        _until(node, process, reached[-1], random)
        with suppress(ProcessLookupError):  # it may have come to its end
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        reached.append(inside(node)["lines"])

    last = importing(node, file)
    told = json.loads(last.communicate()[0])

    wrong = sum("status" not in one and one["resourceType"] == "Observation" for one in sent)
    after = inside(node)
    outcomes = file.with_name("lines.ndjson.outcomes.ndjson").read_bytes().splitlines()
    warned = [json.loads(one)["id"] for one in outcomes if json.loads(one)["issue"][0]["severity"] == "warning"]
    assert last.returncode == 1
    assert told["skipped"] == reached[-1] > 0
    assert told["skipped"] + told["documents"] == after["lines"] == len(sent) - wrong
    assert after["Patient"] - before.get("Patient", 0) == PEOPLE
    assert after["Observation"] - before.get("Observation", 0) == 2 * PEOPLE
    assert after["bodiless"] == after["unfound"] == after["untold"] == 0
    assert told["turned"] == len(outcomes) - len(warned) == wrong > 0
    assert sorted(warned) == sorted(f"line-{n}" for n, one in enumerate(sent, 1) if "birthDate" in one)


def _until(node: NodeUnderTest, process: subprocess.Popen[bytes], reached: int, random: Random) -> None:
    """Wait until some more went in, then a moment."""
    deadline = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline and inside(node)["lines"] <= reached:
        time.sleep(0.05)
    time.sleep(random.uniform(0, 0.3))
