"""Two servers of MLLP that do next to nothing: what an answer costs, and what one durable row costs.

Usage: python bench/instruments/mllp_floor.py PORT [ADDRESS]. Without an address each frame is read and answered AA;
with one, each is first one row of a table `floor`, and what arrived meanwhile shares a commit, on one connection.
"""

from __future__ import annotations

import asyncio
import sys

import psycopg
import uvloop

ANSWER = b"\x0bMSH|^~\\&|N|N|HIS|B1|20310301||ACK|1|P|2.5\rMSA|AA|1\r\x1c\r"


class Rows:
    """Rows that wait for the next commit."""

    def __init__(self, address: str) -> None:
        self._connection = psycopg.connect(address)
        self._connection.execute("create table if not exists floor (id bigserial primary key, raw bytea)")
        self._connection.commit()
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._runs = False

    async def insert(self, raw: bytes) -> None:
        """Store one frame; return once it is durable."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((raw, stored))
        if not self._runs:
            self._runs = True
            self._next()
        await stored

    def _next(self) -> None:
        batch, self._waiting = self._waiting, []
        done = asyncio.get_running_loop().run_in_executor(None, self._commit, [raw for raw, _ in batch])
        done.add_done_callback(lambda _: self._stored(batch))

    def _stored(self, batch: list[tuple[bytes, asyncio.Future[None]]]) -> None:
        for _, stored in batch:
            stored.set_result(None)
        self._runs = bool(self._waiting)
        if self._runs:
            self._next()

    def _commit(self, rows: list[bytes]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany("insert into floor (raw) values (%s)", [(raw,) for raw in rows])
        self._connection.commit()


async def serve(port: int, rows: Rows | None) -> None:
    """Answer every frame."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rest = b""
        while chunk := await reader.read(1 << 16):
            *whole, rest = (rest + chunk).split(b"\x1c\r")
            if rows:
                await asyncio.gather(*(rows.insert(one) for one in whole))
            writer.write(ANSWER * len(whole))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Rows(sys.argv[2]) if len(sys.argv) > 2 else None))
