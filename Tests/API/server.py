"""A server of a sample company of its own."""

import os
import re
import subprocess
import threading
from pathlib import Path

import requests

START = 60  # seconds
STOP = 30
SCOPES = [f"{noun}:read" for noun in ("segments", "catalog", "results", "jobs")]
SCOPES += ["segments:write", "jobs:write", "administration"]


class Server:
    """Use it with `with`: it is stopped at the end, and must then end well."""

    def __init__(self, program: Path, folder: Path):
        self.program, self.folder = program, folder
        self.lines: list[str] = []
        self.options = ["--port", "0"]
        self.settings: dict[str, str] = {}

    def prepare(self):
        """Makes the company: its data loaded, its segments saved and refreshed."""
        self.run("sample", ".", "--customers", "1000", "--as-of", "2026-03-31")
        self.run("load")
        self.run("save", *sorted(str(file) for file in (self.folder / "segments").iterdir()))
        self.run("refresh", "--all", "--as-of", "2026-03-31")
        self.run("users", "add", "tester", "--role", "administrator")
        scopes = [f"--scope={scope}" for scope in SCOPES]
        self.key = self.run("api-keys", "create", "tests", "--user", "tester", *scopes).strip()

    def run(self, *arguments):
        command = [str(self.program), *arguments]
        outcome = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if outcome.returncode:
            raise RuntimeError(f"muster {' '.join(arguments)} ended with {outcome.returncode}:\n{outcome.stderr}")
        return outcome.stdout

    def __enter__(self):
        self.start()
        return self

    def start(self):
        self.process = subprocess.Popen(
            [str(self.program), "serve", *self.options], cwd=self.folder, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **self.settings},
        )  # fmt: skip
        self.is_up = threading.Event()
        threading.Thread(target=self.read, args=(self.process,), daemon=True).start()
        if not self.is_up.wait(START):
            raise RuntimeError("the server does not say where it listens:\n" + "".join(self.lines))

    def read(self, process):
        for line in process.stderr:
            self.lines.append(line)
            if found := re.search(r"http://\S+?/api/v1", line):
                self.url = found[0]
                self.is_up.set()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """As a supervisor does: what came is answered, and it ends well."""
        self.process.terminate()
        if code := self.process.wait(STOP):
            raise RuntimeError(f"the server ended with {code}:\n" + "".join(self.lines[-20:]))

    def __exit__(self, kind, *_):
        if kind:
            self.kill()
        else:
            self.stop()

    def session(self):
        """A client of it."""
        return Client(self.url, self.key)


class Client(requests.Session):
    """Paths instead of addresses; answers that are no success are errors, unless another status is expected."""

    def __init__(self, url, key):
        super().__init__()
        self.url = url
        self.headers["Authorization"] = f"Bearer {key}"

    def ask(self, method, path, expected=None, **options):
        answer = self.request(method, self.url + path, timeout=30, **options)
        fits = answer.ok if expected is None else answer.status_code == expected
        if not fits:
            raise AssertionError(f"{method} {path}: {answer.status_code}\n{answer.text[:2000]}")
        return answer

    def get_json(self, path, **parameters):
        return self.ask("GET", path, params=parameters).json()

    def pages(self, path, **parameters):
        """All pages of a list."""
        while True:
            page = self.get_json(path, **parameters)
            yield page
            if not (cursor := page.get("next")):
                return
            parameters["cursor"] = cursor
