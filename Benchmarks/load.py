"""Open-loop load over connections that stay open: requests are sent when they are due, however slow the answers are.

A request's latency counts from when it is sent to the last byte of its answer. Requests wait for nothing but the clock, so
that a server that stalls hides nothing; how late this program's own clock was is reported beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

TIMEOUT = 60  # seconds that an answer may take
TOO_LATE = 504  # what the server says when it gives up


@dataclass
class Answer:
    status: int
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)


class Connection(asyncio.BufferedProtocol):
    """A connection that stays open, for one request at a time."""

    def __init__(self):
        self.buffer = bytearray(1 << 20)
        self.filled = 0
        self.answer: asyncio.Future | None = None
        self.is_open = True

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, error):
        self.is_open = False
        if self.answer and not self.answer.done():
            self.answer.set_exception(error or ConnectionError("the server closed the connection"))

    def get_buffer(self, _):
        if self.filled == len(self.buffer):
            self.buffer = self.buffer + bytearray(len(self.buffer))
        return memoryview(self.buffer)[self.filled :]

    def buffer_updated(self, count):
        self.filled += count
        end = self.buffer.find(b"\r\n\r\n", 0, self.filled)
        if end < 0 or not self.answer:
            return
        head = bytes(self.buffer[:end]).lower()
        start = end + 4
        if b"transfer-encoding: chunked" in head:
            if self.buffer[self.filled - 5 : self.filled] != b"0\r\n\r\n":
                return
            last = self.filled
        else:
            found = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
            last = start + int(found or 0)
        if self.filled < last:
            return
        answer = Answer(int(head[9:12]), bytes(self.buffer[start:last]))
        self.filled = 0
        self.answer.set_result(answer)

    async def ask(self, request: bytes) -> Answer:
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await asyncio.wait_for(self.answer, TIMEOUT)


class Client:
    """Asks the API with a key; takes a connection that is free, or opens one."""

    def __init__(self, port: int, key: str):
        self.port, self.key = port, key
        self.free: list[Connection] = []
        self.opened = 0

    def request(self, method: str, path: str, body=None, **headers) -> bytes:
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} /api/v1{path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Authorization: Bearer {self.key}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if content:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return "\r\n".join([*lines, "", ""]).encode() + content

    async def ask(self, method: str, path: str, body=None, **headers) -> Answer:
        while self.free and not self.free[-1].is_open:
            self.free.pop()
        connection = self.free.pop() if self.free else await self.connect()
        answer = await connection.ask(self.request(method, path, body, **headers))
        self.free.append(connection)
        if answer.status == TOO_LATE:
            raise TimeoutError
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:500].decode(errors='replace')}")
        return answer

    async def connect(self) -> Connection:
        self.opened += 1
        _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self.port)
        return connection

    async def watch(self) -> None:
        """Reads the stream of events until it is cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        try:
            writer.write(self.request("GET", "/events"))
            while await reader.read(1 << 16):
                pass
        finally:
            writer.close()


@dataclass
class Timings:
    """What a load has seen, in milliseconds."""

    latencies: list[float] = field(default_factory=list)
    # How late this program sent.
    lags: list[float] = field(default_factory=list)
    # How many got no answer in time; they count with the time until nobody waited any more.
    timeouts: int = 0
    seconds: float = 0

    def summary(self) -> dict:
        return {
            "requests": len(self.latencies),
            "timeouts": self.timeouts,
            "rate": round(len(self.latencies) / self.seconds, 1),
            **{name: percentile(self.latencies, part) for name, part in (("p50_ms", 50), ("p95_ms", 95), ("p99_ms", 99), ("p99.9_ms", 99.9))},
            "max_ms": percentile(self.latencies, 100),
            "sent_late_p99_ms": percentile(self.lags, 99),
        }


async def drive(rate: float, seconds: float, random: Random, make: Callable[[], Awaitable]) -> Timings:
    """Sends `rate` requests a second at random moments, as many independent people do.

    `make` gives the next request; what it raises, but a timeout, ends the benchmark.
    """
    timings = Timings(seconds=seconds)

    async def one():
        sent = time.perf_counter()
        try:
            await make()
        except TimeoutError:
            timings.timeouts += 1
        timings.latencies.append((time.perf_counter() - sent) * 1e3)

    # The collector's pauses are not the server's.
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        due = start
        async with asyncio.TaskGroup() as group:
            while (due := due + random.expovariate(rate)) < start + seconds:
                if (pause := due - time.perf_counter()) > 0:
                    await asyncio.sleep(pause)
                timings.lags.append((time.perf_counter() - due) * 1e3)
                group.create_task(one())
    finally:
        gc.enable()
    return timings


@contextlib.asynccontextmanager
async def beside(*works: Awaitable):
    """Does something else meanwhile, until the block is left."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def percentile(values: list[float], part: float) -> float:
    """The smallest value that so many percent of all do not exceed."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * part // 100))
    return round(ordered[int(rank) - 1], 2)
