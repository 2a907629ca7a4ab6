"""Asks a server over HTTP: as a person's client does, and as nobody would (schemathesis over the contract).

python Tests/API PROGRAM [--seed S] [--examples N] [--kills N]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import backup
import day
import letters
import signin
import webhooks
from chaos import Chaos
from server import Server

HERE = Path(__file__).parent
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
# What is there, so that requests come through to where the work is done.
KNOWN = {"segment": "vip", "version": 1, "job": 1}


def main():
    parser = argparse.ArgumentParser(prog="API", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--examples", type=int, default=10, help="how many requests of each operation are made up")
    parser.add_argument("--kills", type=int, default=50)
    arguments = parser.parse_args()
    print(f"SEED={arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="muster-api-") as folder:
        server = Server(Path(arguments.program).resolve(), Path(folder))
        server.prepare()
        with server:
            day.walk(server.session())
            print("A marketer's day went well.", flush=True)
            passed = all([fuzz(server, arguments, known) for known in (KNOWN, {})])
            errors = [line for line in server.lines if "error" in line.lower()]
            print("".join(errors), end="")
        with tempfile.TemporaryDirectory(prefix="muster-backups-") as place:
            backup.check(server, Path(place) / "copies", Random(arguments.seed))
        print("A backup of the running server was made and restored.", flush=True)
        webhooks.walk(server)
        print("Webhooks arrived, signed.", flush=True)
        signin.walk(server)
        print("People signed in by an OpenID provider, and into a demonstration.", flush=True)
        letters.walk(server)
        print("A letter told what failed.", flush=True)
        began = time.monotonic()
        print(f"{Chaos(server, arguments.seed).run(arguments.kills)}, in {time.monotonic() - began:.0f} s")
    return 0 if passed and not errors else 1


def fuzz(server: Server, arguments, known):
    """Holds answers against the contract: of what is known only reading, of made-up names everything."""
    config = server.folder / "schemathesis.toml"
    parameters = "".join(f'"path.{name}" = {value!r}\n' for name, value in known.items())
    config.write_text((HERE / "schemathesis.toml").read_text() + (f"\n[parameters]\n{parameters}" if known else ""))
    command = [
        SCHEMATHESIS, "--config-file", config, "run", f"{server.url}/openapi.json", "--phases", "examples,coverage,fuzzing",
        "--seed", str(arguments.seed), "--max-examples", str(arguments.examples), "--generation-database", ":memory:",
        "--exclude-operation-id", "watchEvents", "--continue-on-failure", "--request-timeout", "30", "--header", f"Authorization: Bearer {server.key}", "--warnings", "off", "--no-color",
    ]  # fmt: skip
    if known:
        # What it makes up to be refused is replaced by what is known.
        command += ["--include-method", "GET", "--exclude-checks", "negative_data_rejection"]
    outcome = subprocess.run(command, cwd=server.folder, capture_output=True, text=True)
    lines = outcome.stdout.splitlines()
    tested = next((line.strip() for line in lines if "generated," in line), "nothing was tested")
    print(f"schemathesis, {'names that are there' if known else 'any names'}: {tested}", flush=True)
    if outcome.returncode:
        print(outcome.stdout, outcome.stderr, sep="\n")
    return outcome.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
