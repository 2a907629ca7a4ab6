"""Commands at the machine while the server runs, and the way back to a backup."""

import json
import shutil
import subprocess
import time
from pathlib import Path
from random import Random

from server import Server


KILLS = 12


def check(server: Server, place: Path, random: Random):
    """Makes a backup of a running server, changes something, and goes back."""
    with server:
        client = server.session()
        before = client.get_json("/segments/vip")
        path = json.loads(server.run("backup", "--to", str(place), "--json"))["path"]
        assert "all sound" in server.run("backup", "check", path)
        # No account and no key: it is asked through the socket.
        asked = json.loads(server.run("api", "GET", "/segments/vip"))
        assert asked == before, "the socket answers otherwise"
        client.ask("PATCH", "/segments/vip", json={"description": "later"}, headers={"If-Match": "*"})
        entries = client.get_json("/audit")["items"]
        assert any(entry["action"] == "backup.made" and entry["kind"] == "commandLine" for entry in entries)
        try:
            server.run("backup", "restore", path, "--yes")
            raise AssertionError("a workspace was replaced under its server")
        except RuntimeError as refusal:
            assert "in use" in str(refusal), refusal
    kill_restores(server, path, random)
    server.run("backup", "restore", path, "--yes")
    assert '"later"' not in server.run("show", "vip", "--format", "json")
    server.run("check")
    with server:
        assert server.session().get_json("/segments/vip")["revision"] == before["revision"]
    shutil.rmtree(place)


def kill_restores(server, path, random):
    """Whenever a restore is killed, the workspace has the old state or the new one, and the next one can be done."""
    command = [str(server.program), "backup", "restore", path, "--yes"]
    began = time.monotonic()
    subprocess.run(command, cwd=server.folder, check=True, capture_output=True)
    takes = time.monotonic() - began
    before = json.loads(server.run("show", "vip", "--format", "json")).get("description")
    for number in range(KILLS):
        server.run("edit", "vip", "--description", f"kill {number}")
        process = subprocess.Popen(command, cwd=server.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(takes * random.random())
        process.kill()
        process.wait()
        shown = json.loads(server.run("show", "vip", "--format", "json")).get("description")
        assert shown in (f"kill {number}", before), shown
        server.run("check")
    unfinished = [aside for aside in server.folder.glob(".muster-*") if (aside / "unfinished").exists()]
    assert not unfinished, unfinished
    for aside in server.folder.glob(".muster-*"):
        shutil.rmtree(aside)
