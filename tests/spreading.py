"""How a run of tests is spread over processes: what takes longest begins first, or one process would end with it alone.

The tests of a file share a database and stay together, but where each stands for itself and takes long.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadFileScheduling

APART = (
    "tests/journeys/test_attacks.py",
    "tests/journeys/test_benches.py",
    "tests/journeys/test_kills.py",
    "tests/promises/test_each_control_matters.py",
)
"""Files whose tests share nothing."""

LONGEST = (
    "tests/twins/test_random_queries_twin.py",
    "tests/journeys/test_live_pages.py",
    "tests/journeys/test_kills.py",
    "tests/journeys/test_messages_survive_kills.py",
    "tests/journeys/test_attacks.py",
    "tests/promises/test_each_control_matters.py",
    "tests/journeys/test_page_weights.py",
    "tests/journeys/test_real_bundles.py",
    "tests/journeys/test_roles_in_chromium.py",
    "tests/journeys/test_readme.py",
    "tests/journeys/test_fuzz.py",
    "tests/rooms/test_web_browser.py",
    "tests/journeys/test_benches.py",
    "tests/journeys/test_numbers_on_pages.py",
    "tests/rooms/test_identity_links.py",
    "tests/journeys/test_certificate_at_a_door.py",
    "tests/promises/test_access_holds_invariants.py",
    "tests/journeys/test_planted_secrets.py",
    "tests/journeys/test_browser_journey.py",
    "tests/journeys/test_code_on_a_phone.py",
    "tests/journeys/test_backup.py",
    "tests/journeys/test_restore_refused.py",
    "tests/journeys/test_a_resident_opens_and_closes.py",
    "tests/journeys/test_a_file_is_linked.py",
    "tests/journeys/test_fuzz_schema.py",
    "tests/twins/test_audit_twin.py",
    "tests/journeys/test_import_survives_kills.py",
    "tests/twins/test_arrivals_twin.py",
    "tests/conformance/test_fhir_examples.py",
    "tests/promises/test_no_way_of_asking_tells_of_what_is_closed.py",
    "tests/journeys/test_demo_witnesses.py",
    "tests/journeys/test_witnesses.py",
    "tests/rooms/test_validate_operation.py",
    "tests/rooms/test_ledger_mirror.py",
    "tests/rooms/test_ledger_crash.py",
    "tests/rooms/test_ledger_proofs.py",
    "tests/rooms/test_storage.py",
    "tests/twins/test_v2_reading_twin.py",
    "tests/twins/test_invariants_twin.py",
    "tests/rooms/test_importing.py",
    "tests/rooms/test_synth_days.py",
    "tests/rooms/test_records_queries.py",
    "tests/rooms/test_unwraps.py",
)
"""The files of more than half a minute of one process, the longest first; a file that is missing here comes later."""


class Spread(LoadFileScheduling):
    """Deal whole files, in the order in which they were collected; the tests of some files one by one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return nodeid if file in APART else file


def order(items: list[pytest.Item]) -> None:
    """Put the longest files first, and leave everything else as it is."""
    items.sort(key=lambda item: _place(item.nodeid.split("::", 1)[0], LONGEST))


def _place(file: str, listed: Sequence[str]) -> int:
    return listed.index(file) if file in listed else len(listed)
