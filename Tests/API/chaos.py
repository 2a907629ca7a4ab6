"""kill -9 of a server under edits and refreshes, again and again.

What was acknowledged is there afterwards, no job stays where it was, and members are always those of one run.
"""

import threading
import time
from dataclasses import dataclass, field
from random import Random

import requests
from server import Server

EDITORS = 2
FINISH = 120  # seconds that jobs have after the last kill


@dataclass
class Known:
    """What the server has said of a segment, and what was asked for without an answer."""

    revision: int
    description: str
    # Descriptions that may be there, too: their requests were cut off.
    pending: set = field(default_factory=set)


class Editor(threading.Thread):
    """Makes changes until the server is gone, and remembers those that were acknowledged."""

    def __init__(self, client, name, random, known, jobs):
        super().__init__(daemon=True)
        self.client, self.name, self.random = client, name, random
        self.known, self.jobs = known, jobs
        self.failure = None

    def run(self):
        try:
            while True:
                self.random.choice([self.create, self.edit, self.edit, self.refresh])()
        except requests.RequestException:
            pass  # the server was killed
        except AssertionError as failure:
            self.failure = failure

    def create(self):
        number = len(self.known)
        name = f"{self.name}-{number}"
        definition = {
            "segment": name, "audience": "Customer", "description": "new",
            "rules": [{"match": {"attribute": "Customer.CustomerId", "is": "greaterThan", "value": number * 7}}],
        }  # fmt: skip
        known = self.known.setdefault(name, Known(0, "", {"new"}))
        answer = self.client.ask("POST", "/segments", json=definition, headers={"Idempotency-Key": name})
        known.revision, known.description = answer.json()["revision"], "new"

    def edit(self):
        made = [name for name, known in self.known.items() if known.revision]
        if not made:
            return
        name = self.random.choice(made)
        text = f"{self.name} {self.random.random()}"
        self.known[name].pending.add(text)
        answer = self.client.ask("PATCH", f"/segments/{name}", json={"description": text}, headers={"If-Match": "*"})
        self.known[name].revision, self.known[name].description = answer.json()["revision"], text
        self.known[name].pending.clear()

    def refresh(self):
        made = [name for name, known in self.known.items() if known.revision]
        body = {"segments": self.random.sample(made, min(3, len(made)))} if made else {"segments": "all"}
        self.jobs.append(self.client.ask("POST", "/jobs", json=body).json()["job"])


class Chaos:
    def __init__(self, server: Server, seed):
        self.server, self.random = server, Random(seed)
        self.known = [{} for _ in range(EDITORS)]
        self.jobs: list[int] = []

    def run(self, kills):
        for number in range(kills):
            self.server.start()
            client = self.server.session()
            self.check(client)
            editors = [
                Editor(self.server.session(), f"e{index}", Random(self.random.random()), known, self.jobs)
                for index, known in enumerate(self.known)
            ]
            for editor in editors:
                editor.start()
            time.sleep(self.random.uniform(0.2, 2.5))
            self.server.kill()
            for editor in editors:
                editor.join()
                assert not editor.failure, f"kill {number}: {editor.failure}"
        self.server.start()
        client = self.server.session()
        self.check(client)
        self.wait_for_jobs(client)
        self.server.stop()
        self.server.run("check")
        segments = sum(len(known) for known in self.known)
        return f"{kills} kills, {segments} segments and {len(self.jobs)} jobs: nothing acknowledged was lost"

    def check(self, client):
        """All that was acknowledged is there, and members are of one run."""
        listed = {item["name"]: item for page in client.pages("/segments", limit=1000) for item in page["items"]}
        for known in self.known:
            for name, expected in list(known.items()):
                found = listed.get(name)
                if not found and not expected.revision:
                    del known[name]  # never acknowledged
                    continue
                assert found, f"{name} was acknowledged, and is gone"
                assert found["revision"] >= expected.revision, f"{name} was at {expected}, and is at {found['revision']}"
                possible = {expected.description, *expected.pending}
                assert found["description"] in possible, f"{name}: {found['description']} is none of {possible}"
                expected.revision, expected.description = found["revision"], found["description"]
                expected.pending.clear()
        self.check_members(client)

    def check_members(self, client):
        segments = [item for item in client.get_json("/segments", limit=1000)["items"] if "members" in item]
        for item in self.random.sample(segments, min(3, len(segments))):
            pages = list(client.pages(f"/segments/{item['name']}/members", limit=1000))
            run = client.get_json(f"/segments/{item['name']}/runs/{pages[0]['run']}")
            keys = {row[0] for page in pages for row in page["rows"]}
            assert {page["run"] for page in pages} == {run["run"]}
            assert len(keys) == run["members"], f"{item['name']} has {len(keys)} members, and run {run['run']} {run['members']}"

    def wait_for_jobs(self, client):
        deadline = time.monotonic() + FINISH
        for job in self.jobs:
            while (state := client.get_json(f"/jobs/{job}")["state"]) in ("waiting", "running"):
                assert time.monotonic() < deadline, f"job {job} is still {state}"
                time.sleep(0.1)
