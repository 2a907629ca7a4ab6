"""Commands at the machine while the server runs, and the way back to a backup."""

import json
import shutil
from pathlib import Path

from server import Server


def check(server: Server, place: Path):
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
    server.run("backup", "restore", path, "--yes")
    assert '"later"' not in server.run("show", "vip", "--format", "json")
    server.run("check")
    with server:
        assert server.session().get_json("/segments/vip")["revision"] == before["revision"]
    shutil.rmtree(place)
