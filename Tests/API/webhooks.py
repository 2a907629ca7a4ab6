"""Webhooks from the receiver's side: signatures are checked by a library that others have written."""

import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from server import Server
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

WAIT = 30  # seconds
# The receiver is on this machine and speaks no TLS: only the settings allow that.
SETTINGS = "webhooks:\n  http: true\n  allow: [127.0.0.1]\n"
TEA = {
    "segment": "hooked",
    "audience": "Customer",
    "tags": ["hook"],
    "rules": [{"match": {"attribute": "Customer.Country", "is": "equalTo", "value": "Norway"}}],
}
TYPES = ["segment.refreshed", "segment.activated", "segment.deactivated", "segment.deleted", "segment.failed", "segment.skipped"]


class Receiver:
    """Takes what arrives at a port of its own, and answers with `status`."""

    def __init__(self):
        self.status, self.arrived = 204, queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                receiver.arrived.put(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/hook?token=t0p"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def take(self, *secrets):
        """The next message, whose signature has to fit each of the secrets."""
        headers, body = self.last = self.arrived.get(timeout=WAIT)
        for secret in secrets:
            Webhook(secret).verify(body, headers)
        return headers["webhook-id"], json.loads(body)

    def take_type(self, kind, *secrets):
        """The next message of a type: what is activated is also refreshed, sooner or later."""
        while True:
            name, message = self.take(*secrets)
            if message["type"] == kind:
                return name, message


def walk(server: Server):
    """From the first message to dead letters and back, over a restart of the server."""
    (server.folder / "settings.yaml").write_text(SETTINGS)
    receiver = Receiver()
    with server:
        client = server.session()
        secret = subscribe(client, receiver)
        events(client, receiver, secret)
        secret = rotate(client, receiver, secret)
        message = refused(client, receiver, secret)
    with server:
        again(server.session(), receiver, secret, message)
        logged = "".join(server.lines)
        assert "whsec_" not in logged and "t0p" not in logged, "a secret is in the log"
    receiver.http.shutdown()
    (server.folder / "settings.yaml").unlink()


def subscribe(client, receiver):
    inside = {"name": "inside", "url": "http://10.0.0.1/", "types": TYPES}
    assert client.ask("POST", "/webhooks", json=inside, expected=422).json()["code"] == "internalAddress"
    hook = {"name": "receiver", "url": receiver.url, "types": TYPES, "tags": ["hook"]}
    made = client.ask("POST", "/webhooks", json=hook, expected=201).json()
    client.ask("POST", "/webhooks/receiver/test", expected=202)
    assert receiver.take(made["secret"])[1]["type"] == "webhook.test"
    return made["secret"]


def events(client, receiver, secret):
    client.ask("POST", "/segments", json=TEA, expected=201)
    job = client.ask("POST", "/jobs", json={"segments": ["vip", "hooked"]}, expected=202).json()["job"]
    seen = {}
    while seen.get("segment.refreshed", {}).get("job") != job:
        name, message = receiver.take(secret)
        # Another segment's are not for this receiver.
        assert message["data"]["segment"]["name"] == "hooked", message
        seen.setdefault(message["type"], {}).update(message["data"])
    assert set(seen) == {"segment.activated", "segment.refreshed"}, seen
    refreshed = seen["segment.refreshed"]
    run = client.get_json(f"/segments/hooked/runs/{refreshed['run']}")
    assert {name: run[name] for name in ("members", "entered", "exited")} == {
        name: refreshed[name] for name in ("members", "entered", "exited")
    }
    assert refreshed["members"] > 0
    client.ask("PATCH", "/segments/hooked", json={"state": "inactive"}, headers={"If-Match": "*"})
    receiver.take_type("segment.deactivated", secret)


def rotate(client, receiver, secret):
    new = client.ask("POST", "/webhooks/receiver/secret", expected=201).json()["secret"]
    client.ask("POST", "/webhooks/receiver/test", expected=202)
    receiver.take_type("webhook.test", secret, new)
    client.ask("DELETE", "/webhooks/receiver/secret/old", expected=204)
    client.ask("POST", "/webhooks/receiver/test", expected=202)
    receiver.take_type("webhook.test", new)
    headers, body = receiver.last
    try:
        Webhook(secret).verify(body, headers)
        raise AssertionError("the old secret still signs")
    except WebhookVerificationError:
        return new


def refused(client, receiver, secret):
    """A redirect is not followed, and what is refused comes again."""
    receiver.status = 302
    client.ask("PATCH", "/segments/hooked", json={"state": "active"}, headers={"If-Match": "*"})
    message = receiver.take_type("segment.activated", secret)
    assert message == receiver.take_type("segment.activated", secret), "the second attempt is another message"
    return message[0]


def again(client, receiver, secret, message):
    """What was refused waits over a restart, is given up where the receiver is gone, and comes back on demand."""
    pending = client.get_json("/webhooks/receiver/deliveries", state="pending")["items"]
    assert message in [delivery["message"] for delivery in pending], pending
    receiver.status = 410
    client.ask("POST", "/webhooks/receiver/test", expected=202)
    receiver.take(secret)
    dead = until(lambda: client.get_json("/webhooks/receiver/deliveries", state="dead")["items"], lambda items: len(items) > 1)
    assert message in [delivery["message"] for delivery in dead]
    hook = client.get_json("/webhooks/receiver")
    assert hook["state"] == "disabled" and "410" in hook["reason"], hook
    receiver.status = 200
    client.ask("PATCH", "/webhooks/receiver", json={"state": "active"}, headers={"If-Match": "*"})
    since = {"since": dead[-1]["time"]}
    assert client.ask("POST", "/webhooks/receiver/redeliveries", json=since).json()["deliveries"] == len(dead)
    missing = {delivery["message"] for delivery in dead}
    while missing:
        missing.discard(receiver.take(secret)[0])
    until(lambda: client.get_json("/webhooks/receiver/deliveries", state="dead")["items"], lambda items: not items)
    client.ask("DELETE", "/webhooks/receiver", headers={"If-Match": "*"}, expected=204)


def until(ask, holds):
    """What is asked for, as soon as it holds."""
    pause = threading.Event()
    for _ in range(WAIT * 20):
        if holds(answer := ask()):
            return answer
        pause.wait(0.05)
    raise AssertionError(f"it did not happen in {WAIT} seconds: {answer}")
