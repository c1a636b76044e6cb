"""A node's key for certificates ends and another begins: a published list says so, and doors believe nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from journeys.conftest import open_folder
from journeys.door import Door, a_door
from salus import app, ledger
from salus.cli.actors import signatures_of, trust_document
from salus.codec import key_id
from salus.codec.certificates import Outcome, Reason, TrustFile, decode_certificate, read_trust, verify
from salus.healthcode.certificates import CERTIFICATE_KEY, CertificateRefused, issuer_party
from salus.kernel import format_instant
from salus.rules import Document, PublicationRefused, Venue

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with a_door(open_folder(tmp_path_factory, "rotated")) as opened:
        yield opened


def an_entry(door: Door, spki: bytes, starts: datetime, ends: datetime, **changed: Any) -> dict[str, Any]:
    entry = {
        "party": issuer_party(door.node.name),
        "key": base64.b64encode(spki).decode(),
        "regions": ["900000"],
        "kinds": ["vaccination", "test"],
        "starts": format_instant(starts),
        "ends": format_instant(ends),
        "ended": None,
    }
    return entry | changed


def taken(door: Door, number: int, *, hinted: bool = False) -> str:
    """Take a certificate of one of the resident's facts, and return its text."""
    fact = app.my_certificates(door.node, door.resident).facts[number]
    name = app.take_certificate(door.node, door.resident, fact.resource, hinted=hinted)
    return app.my_certificate(door.node, door.resident, name).text


def told(door: Door, text: str, trust: TrustFile) -> Reason | None:
    """Why a door is not shown a certificate, None where it is."""
    verdict = verify(text, trust, door.now, Venue.CARE_HOME)
    assert (verdict.outcome is Outcome.GOOD) == (verdict.reason is None)
    return verdict.reason


def published(door: Door, document: Document) -> None:
    app.publish(door.node, document, signatures_of(document, door.signers))
    app.close_batch(door.node)


def test_a_key_is_rotated_and_what_it_signed_before_stays_good(door: Door) -> None:
    node = door.node
    first = taken(door, 0)
    app.new_issuer_key(node)
    app.close_batch(node)
    old, new = app.issuer_keys(node)
    hour = door.now.replace(minute=0, second=0, microsecond=0)
    switch = hour + 30 * HOUR
    keys = [
        an_entry(door, old, hour - 10 * DAY, switch, ended="superseded"),
        an_entry(door, new, switch, switch + 100 * DAY),
    ]
    version = trust_document(keys, hour + 26 * HOUR, hour + 90 * DAY)
    published(door, version)
    unlisted = told(door, first, read_trust(door.trust()))

    door.witnesses.advance(27 * HOUR)
    second, listed = taken(door, 1), told(door, first, read_trust(door.trust()))
    door.witnesses.advance(4 * HOUR)
    trust = read_trust(door.trust())
    third = taken(door, 0)
    private = node.custodian.es256(CERTIFICATE_KEY)
    backdated = door.text(issued=hour)

    assert (unlisted, listed) == (None, None)
    kids = [decode_certificate(one).kid for one in (first, second, third)]
    assert kids[0] == kids[1] == key_id(private.public_key()) != kids[2]
    assert [told(door, one, trust) for one in (first, second, third)] == [None, None, None]
    assert told(door, backdated, trust) is Reason.KEY_ENDED
    assert len(ledger.leaves(node.store, "certificates")) == 3 - 1  # the third waits for its hour
    assert trust.dropped == 0

    lone = trust_document(keys, hour + 60 * HOUR, hour + 90 * DAY)
    with pytest.raises(PublicationRefused, match="the next version"):
        app.publish(node, lone, signatures_of(lone, door.signers))
    others = sorted({"vaccination", "test"} - {decode_certificate(third).certificate.kind.word})
    narrowed = trust_document(
        [keys[0], {**keys[1], "kinds": others}], hour + 60 * HOUR, hour + 90 * DAY, before=version
    )
    published(door, narrowed)
    door.witnesses.advance(32 * HOUR)
    later = read_trust(door.trust())

    assert [one.version for one in later.chain] == [1, 2]
    assert told(door, third, later) is Reason.NOT_ITS_USE
    with pytest.raises(CertificateRefused, match="no key of this node"):
        taken(door, 0, hinted=True)

    held = next(one for one in app.my_certificates(node, door.resident).held if one.text == first)
    app.void_certificate(node, door.resident, held.certificate_id)
    assert told(door, first, read_trust(door.trust())) is Reason.VOID
    assert [one.code for one in app.check_node(node)] == []
