"""Take messages of HL7 v2 over MLLP: frames in, answers out in the order of the frames, many under way on a connection.

Bounds: 64 connections, of which 8 may hold a frame beyond 256 KiB, none one beyond 4 MiB; the frames under way on one
have 256 KiB together before it is read on: 64 MiB at most. A frame has a minute to arrive. Whatever can be answered is
answered.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from salus.app import Incoming, Node, NodeSettings, Peer, Receiver, SettingsRefused
from salus.kernel import Clock
from salus.records import v2
from salus.records.v2 import Answer

log = logging.getLogger("salus.mllp")
START, END = b"\x0b", b"\x1c"
MOST_CONNECTIONS = 64
MOST_LARGE = 8
LARGE_BYTES = 256 * 1024
MOST_UNDER_WAY = 256
MOST_DISCARDED = 64 * 1024 * 1024
MOST_NOISE = 64 * 1024
KEPT_OF_EXCESS = 4096
IDLE_SECONDS = 3600.0
FRAME_SECONDS = 60.0
ANSWER_SECONDS = 30.0
HANDSHAKE_SECONDS = 10.0
_CHUNK = 64 * 1024

_EXCESS = Answer(
    code="AE", condition=v2.TOO_LONG, salus="SALUS-W420", text="a message of more than 4 MiB; send it in parts"
)
_SLOW = Answer(
    code="AR", condition=v2.INTERNAL, salus="SALUS-W421", text="the message did not end within a minute; send it again"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What one frame held; `fault` is the answer to one that is not taken, and `last` that nothing can follow it."""

    raw: bytes = field(repr=False)
    fault: Answer | None = None
    last: bool = False


class Frames:
    """The frames of one connection, whole and bounded."""

    def __init__(self, reader: asyncio.StreamReader, large: asyncio.Semaphore) -> None:
        self._reader = reader
        self._large = large
        self._holds = False
        self._rest = b""

    async def next(self) -> Frame | None:
        """Return the next frame; None once the connection ends, or sends what is no frame, or nothing for an hour."""
        self.release()
        try:
            if not await self._begun():
                return None
            deadline = asyncio.get_running_loop().time() + FRAME_SECONDS
            return await self._whole(deadline)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            return None

    def release(self) -> None:
        """Give back the right to hold a large frame."""
        if self._holds:
            self._holds = False
            self._large.release()

    async def _begun(self) -> bool:
        """Skip to the start of a frame, over line ends and a little noise."""
        noise = 0
        while (place := self._rest.find(START)) < 0:
            noise += len(self._rest)
            if noise > MOST_NOISE:
                return False
            try:
                self._rest = await asyncio.wait_for(self._reader.read(_CHUNK), IDLE_SECONDS)
            except TimeoutError:
                return False
            if not self._rest:
                return False
        self._rest = self._rest[place + 1 :]
        return True

    async def _whole(self, deadline: float) -> Frame | None:
        """Gather a frame to its end. A half one before a new start is dropped: its sender will send it again."""
        held, taken, chunk = bytearray(), 0, self._rest
        excess = False
        while True:
            place = chunk.find(END)
            part = chunk if place < 0 else chunk[:place]
            taken += len(part)
            excess = excess or taken > v2.MOST_BYTES
            held += part
            if excess:
                del held[KEPT_OF_EXCESS:]
                self.release()
            if place >= 0:
                self._rest = chunk[place + 1 :]
                raw = bytes(held)
                return Frame(raw=raw, fault=_EXCESS) if excess else Frame(raw=raw.rpartition(START)[2])
            if taken > MOST_DISCARDED:
                return Frame(raw=bytes(held), fault=_EXCESS, last=True)
            if not excess and len(held) > LARGE_BYTES and not self._holds:
                left = deadline - asyncio.get_running_loop().time()
                try:
                    await asyncio.wait_for(self._large.acquire(), max(left, 0.001))
                except TimeoutError:
                    return Frame(raw=bytes(held[:KEPT_OF_EXCESS]), fault=_SLOW, last=True)
                self._holds = True
            left = deadline - asyncio.get_running_loop().time()
            try:
                chunk = await asyncio.wait_for(self._reader.read(_CHUNK), max(left, 0.001))
            except TimeoutError:
                return Frame(raw=bytes(held[:KEPT_OF_EXCESS]), fault=_SLOW, last=True)
            if not chunk:
                return None


class Conversation:
    """One connection: it is read on while answers are out, and answered in the order in which it spoke."""

    def __init__(self, frames: Frames, writer: asyncio.StreamWriter, receiver: Receiver, clock: Clock) -> None:
        self._frames, self._writer, self._receiver, self._clock = frames, writer, receiver, clock
        secured = writer.get_extra_info("ssl_object")
        self._peer = Peer(certificate=secured.getpeercert(binary_form=True) if secured else None)
        self._open: deque[tuple[Frame, asyncio.Future[Answer] | None]] = deque()
        self._bytes, self._ended = 0, False
        self._changed = asyncio.Event()

    async def hold(self) -> None:
        """Talk until either side ends. Raises what a broken connection raises."""
        listening = asyncio.create_task(self._listen())
        try:
            await self._answer()
        finally:
            listening.cancel()

    async def _listen(self) -> None:
        try:
            while frame := await self._frames.next():
                answer = None if frame.fault else self._receiver.submit(Incoming(raw=frame.raw, peer=self._peer))
                self._open.append((frame, answer))
                self._bytes += len(frame.raw)
                self._changed.set()
                if frame.last:
                    return
                while self._bytes > LARGE_BYTES or len(self._open) >= MOST_UNDER_WAY:
                    await self._change()
        finally:
            self._ended = True
            self._changed.set()

    async def _answer(self) -> None:
        while True:
            while not self._open:
                if self._ended:
                    return
                await self._change()
            first = self._open[0][1]
            if first:
                await asyncio.wait((first,))
            self._writer.write(b"".join(self._answered()))
            self._changed.set()
            await asyncio.wait_for(self._writer.drain(), ANSWER_SECONDS)

    def _answered(self) -> list[bytes]:
        """Return the frames that answer what stands first, as far as answers are there."""
        said: list[bytes] = []
        while self._open and ((one := self._open[0][1]) is None or one.done()):
            frame, answer = self._open.popleft()
            self._bytes -= len(frame.raw)
            told = frame.fault or (answer.result() if answer else _EXCESS)
            said += (START + text + END + b"\r" for text in v2.acknowledge(frame.raw, told, self._clock.now()))
        return said

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


class Listener:
    """The listening socket and its connections."""

    def __init__(self, node: Node, receiver: Receiver) -> None:
        self._node = node
        self._receiver = receiver
        self._large = asyncio.Semaphore(MOST_LARGE)
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Begin to listen; return the port. Raises SettingsRefused if the address or a certificate cannot be used."""
        settings = self._node.settings
        try:
            secure = _context(settings)
            more = {"ssl_handshake_timeout": HANDSHAKE_SECONDS} if secure else {}
            self._server = await asyncio.start_server(
                self._connected, settings.mllp_host, settings.mllp_port, ssl=secure, limit=2 * _CHUNK, **more
            )
        except (OSError, ssl.SSLError) as error:
            raise SettingsRefused(
                f"cannot take messages on {settings.mllp_host} port {settings.mllp_port}:"
                f" {error.strerror or type(error).__name__}; look at the settings of mllp"
            ) from None
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Take no more connections, and let those that are open finish the message they are at."""
        if self._server:
            self._server.close()
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=10)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._open) >= MOST_CONNECTIONS:
            writer.close()
            return
        self._open.add(task)
        frames = Frames(reader, self._large)
        try:
            await Conversation(frames, writer, self._receiver, self._node.clock).hold()
        except (ConnectionError, TimeoutError, ssl.SSLError, asyncio.CancelledError):
            pass  # the other end went, or this one is going; what was not answered is sent again
        finally:
            self._open.discard(task)
            frames.release()
            writer.close()


@asynccontextmanager
async def taking_messages(node: Node) -> AsyncIterator[int | None]:
    """Listen for messages as long as the block lasts, on the port that it is given; on none where none is set."""
    if not node.settings.mllp_port:
        yield None
        return
    receiver = Receiver(node)
    listener = Listener(node, receiver)
    try:
        yield await listener.start()
    finally:
        await listener.stop()
        receiver.close()


def _context(settings: NodeSettings) -> ssl.SSLContext | None:
    """Return the TLS context: nobody gets in without a certificate that is listed or signed by a listed one."""
    if not settings.mllp_certificate or not settings.mllp_key or not settings.mllp_clients:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.mllp_certificate, settings.mllp_key)
    context.load_verify_locations(settings.mllp_clients)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a hospital's own certificate may be listed by itself
    return context
