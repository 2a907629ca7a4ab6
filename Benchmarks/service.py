"""Measures the HTTP API under load: the list of segments while all of them are refreshed, the segments of a customer, memory.

    service.py [--customers N] [--segments N] [--minutes N] [--quick] [--parts lists,customers,memory] [--muster PATH] …

A company is made, its segments are saved and refreshed, and `muster serve` is asked as load.py says. All pages of a walk
through the list together have to be the whole list. Parts that are not measured keep what the file has of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from random import Random
from urllib.parse import quote, urlencode

import uvloop
from load import Answer, Client, beside, drive, percentile
from measure import HERE, machine, run, step
from segments.forms import aggregate, all_, is_, profile, rule, within

SCOPES = ["segments:read", "segments:write", "catalog:read", "results:read", "jobs:read", "jobs:write"]
COUNTRIES = ["Norway", "Sweden", "Denmark", "Finland", "Germany", "United Kingdom"]
CATEGORIES = ["Coffee", "Tea", "Homeware"]
PARTS = ["lists", "customers", "memory"]
SORTS = ["name", "-members", "-lastRefreshed", "displayName", "-changed", "state"]


# The company


def definition(number: int, random: Random) -> dict:
    """One of many segments of the kinds that companies have."""
    country, category = random.choice(COUNTRIES), random.choice(CATEGORIES)
    kind = number % 10
    if kind < 6:
        rules = [profile(all_(is_("Customer.Country", "equalTo", country), is_("Customer.Income", "greaterThanOrEqualTo", 10 * number)))]
        title = f"{country} from {10 * number}"
    elif kind < 8:
        rules = [
            rule(
                "OnlineOrderLine",
                all_(is_("OnlineOrderLine.Product.Category", "equalTo", category), within("OnlineOrder.OrderedAt", 1 + number % 700, "days")),
            )
        ]
        title = f"{category} in {1 + number % 700} days"
    elif kind < 9 or number < 100:
        most = random.randint(1, 9)
        rules = [rule("OnlineOrder", within("OnlineOrder.OrderedAt", 1 + number % 900, "days"), aggregate("count", None, "greaterThan", most))]
        title = f"More than {most} orders in {1 + number % 900} days"
    else:
        other = random.randrange(100)
        rules = [
            profile({"is": "memberOf", "value": f"segment-{other:05}"}),
            {**profile(is_("Customer.NewsletterConsent", "equalTo", True)), "combine": "intersect"},
        ]
        title = f"Newsletter readers of {other}"
    tags = sorted(random.sample(["vip", "campaign", "service", "core", "trial", category.lower()], 2))
    return {
        "segment": f"segment-{number:05}",
        "displayName": title,
        "description": f"{title}, for {random.choice(['spring', 'summer', 'autumn', 'winter'])}.",
        "audience": "Customer",
        "tags": tags,
        "rules": rules,
    }


class Company:
    """A workspace with many segments, and the server before it."""

    def __init__(self, binary: Path, folder: Path):
        self.binary, self.folder = binary, folder

    def run(self, *arguments) -> str:
        return run([self.binary, *arguments], cwd=self.folder).output

    def make(self, customers: int, segments: int) -> None:
        self.run("sample", self.folder, "--customers", customers, "--seed", 1)
        self.run("load")
        random = Random(1)
        documents = [json.dumps(definition(number, random)) for number in range(segments)]
        file = self.folder.parent / "segments.yaml"
        file.write_text("\n---\n".join(documents))
        self.run("save", file)
        self.run("refresh", "--all")
        self.run("users", "add", "bench", "--role", "administrator")
        self.key = self.run("api-keys", "create", "bench", "--user", "bench", *[f"--scope={scope}" for scope in SCOPES]).strip()

    @contextmanager
    def serving(self):
        """The server's process and port, from when it answers until it has ended."""
        log = (self.folder.parent / "serve.log").open("wb+")
        process = subprocess.Popen([self.binary, "serve", "--port", "0"], cwd=self.folder, stderr=log, stdout=subprocess.DEVNULL)
        try:
            for _ in range(600):
                time.sleep(0.1)
                if found := re.search(r"http://\S+?:(\d+)/api", (self.folder.parent / "serve.log").read_text()):
                    break
            else:
                sys.exit("The server does not say where it listens:\n" + (self.folder.parent / "serve.log").read_text())
            yield process, int(found[1])
        finally:
            process.terminate()
            process.wait(60)


# What is asked


class Lists:
    """Looks at the list: first pages in several orders, searches and filters, and walks through all pages."""

    def __init__(self, client: Client, random: Random, segments: int):
        self.client, self.random, self.segments = client, random, segments
        self.walks: list[tuple[str, list[bytes]]] = []
        self.finished = 0

    def __call__(self):
        if self.random.random() < 0.3:
            cursor, names = self.walks.pop() if self.walks else (None, [])
            return self.walk(cursor, names)
        return self.client.ask("GET", "/segments?" + urlencode(self.look()))

    def look(self) -> dict:
        asked = {"sort": self.random.choice(SORTS), "limit": self.random.choice([50, 100])}
        return asked | self.random.choice(
            [
                {},
                {},
                {"search": f"{self.random.choice(CATEGORIES)} {self.random.randint(1, 99)}"},
                {"search": self.random.choice(COUNTRIES)},
                {"tag": "vip"},
                {"state": "active", "type": "dynamic"},
                {"audience": "Customer", "tag": "campaign"},
            ]
        )

    async def walk(self, cursor: str | None, names: list[bytes]) -> None:
        asked = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        body = (await self.client.ask("GET", "/segments?" + urlencode(asked))).body
        names = names + re.findall(rb'[{,]"name":"([^"]*)"', body)
        if following := re.search(rb'"next":"([^"]*)"', body):
            self.walks.append((following[1].decode(), names))
            return
        if len(names) != self.segments or len(set(names)) != self.segments:
            raise RuntimeError(f"A walk found {len(set(names))} segments on {len(names)} rows of {self.segments}")
        self.finished += 1


async def refresh_all(client: Client, done: list[float], pause: float = 0) -> None:
    """Refreshes all segments, again and again."""
    while True:
        start = time.perf_counter()
        job = (await patient(client, "POST", "/jobs", {"segments": "all"})).json["job"]
        while True:
            await asyncio.sleep(0.5)
            # Edits make jobs, too.
            jobs = (await patient(client, "GET", "/jobs?limit=100")).json["items"]
            summary = next((one for one in jobs if one["job"] == job), None)
            if summary is None:
                raise RuntimeError(f"Job {job} is not among the last 100")
            if summary["state"] not in ("waiting", "running"):
                break
        if summary["state"] != "successful":
            raise RuntimeError(f"Job {job} is {summary['state']}")
        done.append(time.perf_counter() - start)
        await asyncio.sleep(pause)


async def patient(client: Client, *request, **headers) -> Answer:
    """Asks until there is an answer."""
    while True:
        try:
            return await client.ask(*request, **headers)
        except TimeoutError:
            pass


def customer(client: Client, random: Random, customers: int):
    return client.ask("GET", f"/audiences/Customer/profiles/{random.randint(1, customers)}/segments")


async def edits(client: Client, rate: float, random: Random, segments: int) -> None:
    """Somebody who works on segments: looks at one, then changes its description, tags or definition."""
    number = 0
    while True:
        await asyncio.sleep(random.expovariate(rate))
        number += 1
        path = f"/segments/{quote(f'segment-{random.randrange(segments):05}')}"
        if number % 4:
            change = {"description": f"Edit {number}"} if number % 2 else {"tags": {"add": [f"tag{number % 7}"]}}
            await patient(client, "PATCH", path, change, If_Match="*")
        else:
            found = (await patient(client, "GET", path)).json["definition"]
            await patient(client, "PUT", path, found | {"displayName": f"Title {number}"}, If_Match="*")


async def watch(client: Client, random: Random) -> None:
    """Somebody who watches, and comes back from time to time."""
    while True:
        with_end = asyncio.timeout(random.uniform(20, 120))
        try:
            async with with_end:
                await client.watch()
        except TimeoutError:
            pass


# The parts


async def measure_lists(client: Client, options: argparse.Namespace, result: dict) -> None:
    part = {"segments": options.segments, "asked_rate": options.rate}
    lists = Lists(client, Random(2), options.segments)
    await drive(20, 3, Random(1), lists)
    part["idle"] = (await drive(options.rate, options.seconds / 2, Random(3), lists)).summary()
    done: list[float] = []
    async with beside(refresh_all(client, done)):
        await asyncio.sleep(1)
        part["while_refreshing"] = (await drive(options.rate, options.seconds, Random(4), lists)).summary()
    part |= {"walks_through_all_pages": lists.finished, "refreshes_of_all_finished": len(done), "connections": client.opened}
    part["refresh_seconds"] = [round(one, 1) for one in done]
    part["p99_refreshing_over_idle"] = round(part["while_refreshing"]["p99_ms"] / part["idle"]["p99_ms"], 1)
    result["list_p99_ms"] = part["while_refreshing"]["p99_ms"]
    result["lists"] = part


async def measure_customers(client: Client, options: argparse.Namespace, result: dict) -> None:
    part = {"customers": options.customers, "asked_rate": options.customer_rate}
    random = Random(5)

    def ask():
        return customer(client, random, options.customers)

    first = time.perf_counter()
    found = (await ask()).json["items"]
    part["first_ms"] = round((time.perf_counter() - first) * 1e3, 1)
    part["segments_of_one"] = len(found)
    await drive(20, 3, Random(1), ask)
    part["wrk"] = wrk(client, options)
    part["idle"] = (await drive(options.customer_rate, options.seconds, Random(6), ask)).summary()
    done: list[float] = []
    async with beside(refresh_all(client, done)):
        await asyncio.sleep(1)
        part["while_refreshing"] = (await drive(options.customer_rate, options.seconds, Random(7), ask)).summary()
    part["p99_refreshing_over_idle"] = round(part["while_refreshing"]["p99_ms"] / part["idle"]["p99_ms"], 1)
    result["customer_segments_p99_ms"] = part["wrk"]["p99_ms"]
    result["customer_segments"] = part


def wrk(client: Client, options: argparse.Namespace) -> dict:
    """The same, asked by wrk: over two connections, one question after another over each, as fast as they are answered."""
    path = "/api/v1/audiences/Customer/profiles/"
    script = f"""
        math.randomseed(7)
        request = function()
          return wrk.format("GET", "{path}" .. math.random({options.customers}) .. "/segments", {{Authorization = "Bearer {client.key}"}})
        end
        done = function(summary, latency)
          local errors = summary.errors
          local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
          io.stderr:write(string.format('{{"requests": %d, "failed": %d, "rate": %.1f, "p50_ms": %.2f, "p99_ms": %.2f, "max_ms": %.2f}}',
            summary.requests, failed, summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3,
            latency:percentile(99) / 1e3, latency.max / 1e3))
        end
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", "-c2", f"-d{round(options.seconds)}s", "-s", file.name, f"http://127.0.0.1:{client.port}"]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stderr)
    if found["failed"]:
        raise RuntimeError(f"{found['failed']} of {found['requests']} requests of wrk failed")
    return found


async def measure_memory(client: Client, process: subprocess.Popen, options: argparse.Namespace, result: dict) -> None:
    """Everything at the same time, at rates that leave the machine some room."""
    rates = {"lists": 20, "customers": 20, "edits": 1, "watchers": 10, "pause_between_refreshes_s": 20}
    samples: list[tuple[float, float]] = []
    seconds = options.minutes * 60
    start = time.perf_counter()

    async def sample():
        while True:
            samples.append((time.perf_counter() - start, resident_mb(process.pid)))
            await asyncio.sleep(1)

    lists = Lists(client, Random(8), options.segments)
    random, done = Random(9), []
    async with beside(
        sample(),
        refresh_all(client, done, pause=rates["pause_between_refreshes_s"]),
        edits(client, rates["edits"], Random(10), options.segments),
        *[watch(client, Random(11 + number)) for number in range(rates["watchers"])],
    ):
        async with asyncio.TaskGroup() as group:
            of_lists = group.create_task(drive(rates["lists"], seconds, Random(12), lists))
            of_customers = group.create_task(
                drive(rates["customers"], seconds, Random(13), lambda: customer(client, random, options.customers))
            )

    def median(first: float, last: float) -> float:
        return statistics.median(mb for at, mb in samples if first * seconds <= at <= last * seconds)

    plateau, second_half = median(1 / 6, 1 / 3), median(1 / 2, 1)
    result["memory_growth_mb"] = round(second_half - plateau, 1)
    result["memory"] = {
        "minutes": options.minutes,
        "load": rates,
        "plateau_mb": round(plateau, 1),
        "second_half_mb": round(second_half, 1),
        "peak_mb": round(max(mb for _, mb in samples), 1),
        "minutes_mb": [round(median(at / options.minutes, (at + 1) / options.minutes), 1) for at in range(options.minutes)],
        "refreshes_of_all_finished": len(done),
        "lists": of_lists.result().summary(),
        "customers": of_customers.result().summary(),
    }


def resident_mb(pid: int) -> float:
    """Resident memory of a process; Linux says it in pages."""
    statm = Path(f"/proc/{pid}/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(pid)])) * 1024 / 1e6


def main() -> None:
    options = arguments()
    result = json.loads(options.output.read_text()) if options.output and options.output.exists() else {}
    with tempfile.TemporaryDirectory(prefix="muster-bench-", dir=options.folder) as folder:
        company = Company(options.muster.resolve(), Path(folder) / "workspace")
        company.folder.mkdir()
        step(f"Making the company: {options.customers:,} customers, {options.segments:,} segments")
        company.make(options.customers, options.segments)
        for part in options.parts:
            step(f"Measuring {part}")
            result.setdefault("measured", {})[part] = conditions(options)
            # A server of its own for each: what one part leaves in memory is not the other's.
            with company.serving() as (process, port), machine_load() as load:
                client = Client(port, company.key)
                measure = {
                    "lists": lambda: measure_lists(client, options, result),
                    "customers": lambda: measure_customers(client, options, result),
                    "memory": lambda: measure_memory(client, process, options, result),
                }
                uvloop.run(measure[part]())
            result["measured"][part]["runnable_processes"] = percentile(load, 50)
            save(result, options)
    summarize(result)


def conditions(options: argparse.Namespace) -> dict:
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "muster": run([options.muster, "--version"]).output.strip(),
        "build": options.build,
        "machine": machine(),
        "note": options.note,
    }


@contextmanager
def machine_load():
    """How many processes want a processor, once a second: more than there are processors means that others were there."""
    seen: list[float] = []
    stop = threading.Event()

    def sample():
        while not stop.wait(1):
            if Path("/proc/loadavg").exists():
                seen.append(int(Path("/proc/loadavg").read_text().split()[3].split("/")[0]))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    yield seen
    stop.set()
    thread.join()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--segments", type=int, default=5_000)
    parser.add_argument("--rate", type=float, default=200, help="lists a second (200)")
    parser.add_argument("--customer-rate", type=float, default=50, help="questions for a customer's segments a second (50)")
    parser.add_argument("--seconds", type=float, default=60, help="of each measurement of latency (60)")
    parser.add_argument("--minutes", type=int, default=30, help="of the measurement of memory (30)")
    parser.add_argument("--parts", default=",".join(PARTS), help="which to measure (all)")
    parser.add_argument("--quick", action="store_true", help="a small company, seconds, nothing written: a smoke run")
    parser.add_argument("--muster", type=Path, default=HERE.parent / ".build/release/muster")
    parser.add_argument("--build", default="release", help="what is said of the build (release)")
    parser.add_argument("--note", help="what is said of the circumstances")
    parser.add_argument("--folder", type=Path, help="where the temporary folder goes")
    parser.add_argument("--output", type=Path, default=HERE.parent / "docs/benchmarks/service.json")
    options = parser.parse_args()
    options.parts = options.parts.split(",")
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"There is no part {', '.join(sorted(unknown))}; known are {', '.join(PARTS)}.")
    if options.quick:
        options.customers, options.segments, options.seconds, options.minutes, options.output = 2_000, 300, 5, 1, None
    if not options.muster.exists():
        sys.exit(f"{options.muster} does not exist: build first (make build), or name the program with --muster")
    return options


def save(result: dict, options: argparse.Namespace) -> None:
    if options.output:
        first = {key: result[key] for key in ("list_p99_ms", "customer_segments_p99_ms", "memory_growth_mb") if key in result}
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(first | result, indent=2) + "\n")


def summarize(result: dict) -> None:
    print()
    for name, part in (("list of segments", "lists"), ("segments of a customer", "customer_segments")):
        for state in ("idle", "while_refreshing"):
            if found := result.get(part, {}).get(state):
                print(
                    f"{name:24}{state:18}{found['rate']:7.1f}/s  p50 {found['p50_ms']:7.2f} ms  p99 {found['p99_ms']:7.2f} ms"
                    f"  max {found['max_ms']:7.1f} ms  (sent late, p99: {found['sent_late_p99_ms']:.2f} ms)"
                )
    if memory := result.get("memory"):
        print(
            f"memory                  {memory['minutes']} minutes: {memory['plateau_mb']} MB, in the second half "
            f"{memory['second_half_mb']} MB ({result['memory_growth_mb']:+} MB), peak {memory['peak_mb']} MB"
        )


if __name__ == "__main__":
    main()
