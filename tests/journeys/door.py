"""A door and all behind it: a node with three witnesses, a declaration in its log, a resident with a record.

The node is served from a thread of this process, so that a test sees every request that reaches it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import zxingcpp
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from PIL import Image, ImageFilter, ImageOps
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nodes import a_node, a_number, a_patient, resident_of, send, system, the_resident
from salus import identity
from salus.app import Node, close_batch, demo_token, publish, trust_file
from salus.cli.actors import SIGNER, Party, declaration_document, signatures_of
from salus.codec import key_id, signer
from salus.codec.certificates import Certificate, CertificateKind, Disease, Hint, encode_certificate
from salus.codec.certificates.model import day_number, hour_number, instant
from salus.healthcode.certificates import CERTIFICATE_KEY, issuer_leaf
from salus.kernel import Role
from salus.ledger import Leaf, add_document, append, append_once
from salus.parties import Principal
from salus.rules import Document
from salus.storage import Duty
from salus.web import application
from salus_abuse.ports import free_port
from witnesses import Witnesses, three_witnesses

HOUSES = ("health", "university", "court", "bar")
INFLUENZA = {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "140", "display": "Influenza"}]}
NUCLEIC_ACID = {"coding": [{"system": "http://loinc.org", "code": "94500-6", "display": "SARS-CoV-2 RNA"}]}
NOT_DETECTED = {"coding": [{"system": "http://snomed.info/sct", "code": "260415000", "display": "Not detected"}]}
HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Door:
    """What a test of a door works with. `asked` are the paths of all requests that reached the node, in order.

    `instead` holds what is answered at a path in the node's place, as somebody in between could.
    """

    node: Node
    witnesses: Witnesses
    resident: Principal
    token: str
    url: str = ""
    asked: list[str] = field(default_factory=list)
    instead: dict[str, bytes] = field(default_factory=dict)
    signers: list[Party] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.node.clock.now()

    def trust(self) -> bytes:
        """Close a batch, so that the file is as young as now, and write it."""
        close_batch(self.node)
        return trust_file(self.node)

    def publish(self, document: Document) -> None:
        """Hand a document to the log, signed by all signers, and let witnesses see it."""
        publish(self.node, document, signatures_of(document, self.signers))
        close_batch(self.node)

    def text(self, **changed: Any) -> str:
        """A certificate by the node's own issuing key, good but for what is changed about it."""
        private = changed.pop("key", None) or self.node.custodian.es256(CERTIFICATE_KEY)
        issued = instant(hour_number(self.now - 2 * HOUR) * 3600)
        good: dict[str, Any] = {
            "kind": CertificateKind.VACCINATION,
            "disease": Disease.INFLUENZA,
            "when": day_number(self.now.date()) - 20,
            "issued": issued,
            "expires": issued + timedelta(days=30),
            "list_number": 1,
            "index": 1_040_000,
            "hint": Hint(initials="SX", month=1, day=1, last_two="07"),
        }
        return encode_certificate(Certificate(**good | changed), key_id(private.public_key()), signer(private))


def picture(text: str, *, blurred: bool = False) -> bytes:
    """Draw a code as a PNG, as a telephone would photograph it from a screen."""
    drawn = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_image(scale=5)
    height, width = drawn.shape
    image = Image.frombytes("L", (width, height), bytes(memoryview(drawn)))
    if blurred:
        image = image.filter(ImageFilter.GaussianBlur(14))
    written = BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def film(text: str, path: Path, *, turned: int = 0, inverted: bool = False) -> Path:
    """Write a film of a code, turned by degrees, as Chromium's fake camera takes it (YUV4MPEG2, 4:2:0)."""
    image = Image.open(BytesIO(picture(text))).convert("L")
    frame = Image.new("L", (640, 480), 200)
    frame.paste(image.resize((400, 400)), (120, 40))
    frame = frame.rotate(turned, fillcolor=200)
    frame = ImageOps.invert(frame) if inverted else frame
    plane = frame.tobytes() + b"\x80" * (640 * 480 // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + plane) * 10)
    return path


@contextmanager
def a_door(folder: Path, venues: tuple[str, ...] = ("care-home",)) -> Iterator[Door]:
    """Open a node whose log has a living declaration for these venues, and a resident with two facts on record."""
    with a_node(folder, "H1") as node, three_witnesses(folder / "witnesses", node) as witnesses:
        append_once(node.store, issuer_leaf(node.custodian, node.name))
        signers = [Party.new(f"signer-{one}", house, SIGNER) for one, house in enumerate(HOUSES)]
        for one in signers:
            append_once(node.store, Leaf(kind="party-key", body=one.key_leaf))
        close_batch(node)
        starts = node.clock.now().replace(microsecond=0) + 25 * HOUR
        wants = ["vaccination", "test"]
        document = declaration_document(
            "spring", starts, starts + timedelta(days=20), venues=list(venues), wants=wants, region="900101"
        )
        with node.store.transaction(Duty.LEDGER) as tx:
            add_document(tx, document.encoded)
            append(tx, Leaf(kind="publication", body=document.leaf(signatures_of(document, signers))))
        close_batch(node)
        witnesses.advance(26 * HOUR)
        resident, token = _resident(node)
        close_batch(node)
        yield Door(node, witnesses, resident, token, signers=signers)


def _resident(node: Node) -> tuple[Principal, str]:
    """Send a record with a vaccination and a test, and step into the role of its resident."""
    at = node.clock.now()
    person = a_patient(a_number(7), name=[{"text": "Sun Xinxiao"}], birthDate="1980-01-01")
    vaccination = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": INFLUENZA,
        "occurrenceDateTime": (at - timedelta(days=20)).date().isoformat(),
    }
    tested = {
        "resourceType": "Observation",
        "status": "final",
        "code": NUCLEIC_ACID,
        "effectiveDateTime": (at - 3 * HOUR).isoformat(timespec="seconds"),
        "valueCodeableConcept": NOT_DETECTED,
    }
    sent = [{"fullUrl": "urn:uuid:p", **person}]
    sent += [
        {"fullUrl": f"urn:uuid:{place}", **one} | {role: {"reference": "urn:uuid:p"}}
        for place, (role, one) in enumerate((("patient", vaccination), ("subject", tested)))
    ]
    key = resident_of(node, send(node, system(), *sent))
    with node.store.transaction(Duty.CARE) as tx:
        someone = identity.resident_by_key(tx, key)
    assert someone is not None
    token = demo_token(node, Role.RESIDENT, None, str(someone.resident_id), None)
    return the_resident(someone.resident_id), f"demo.{token}"


@contextmanager
def served(door: Door) -> Iterator[str]:
    """Serve the door's node on a free port until the block ends, and return the address."""
    port = free_port()
    loop, started = asyncio.new_event_loop(), threading.Event()
    running: list[Any] = []

    async def serve() -> None:
        counted = _counting(application(door.node, relay=False), door)
        server = Server(counted, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_level=LogLevels.error)
        running.append(server)
        started.set()
        await server.serve()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    started.wait()
    _listening(port)
    door.url = f"http://localhost:{port}"
    try:
        yield door.url
    finally:
        loop.call_soon_threadsafe(running[0].stop)
        thread.join(60)


def _counting(app: ASGIApp, door: Door) -> ASGIApp:
    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            door.asked.append(scope["path"])
        told = door.instead.get(scope.get("path", ""))
        await (app if told is None else Response(told))(scope, receive, send)

    return counted


def _listening(port: int) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 60):
            return
        time.sleep(0.05)
    raise AssertionError("the node does not listen")
