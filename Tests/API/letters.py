"""Letters from the mail server's side, which others have written."""

import email
import email.policy
import logging
import queue
import socket
import time
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from server import Server

WAIT = 30  # seconds
# A password in clear is all right on this machine.
logging.getLogger("mail.log").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", module="aiosmtpd")
SETTINGS = """
mail:
  host: 127.0.0.1
  port: {port}
  security: {security}
  user: muster
  password: s3cret
  from: muster@example.com
  to: [ann@example.com, bob@example.com]
"""


class Mailbox:
    """Takes letters from whoever has signed in."""

    def __init__(self):
        self.letters = queue.Queue()
        self.controller = Controller(
            self, hostname="127.0.0.1", port=0, authenticator=self.sign_in, auth_required=True, auth_require_tls=False
        )

    def sign_in(self, _server, _session, _envelope, _mechanism, data):
        known = LoginPassword(b"muster", b"s3cret")
        return AuthResult(success=data == known, handled=False)

    async def handle_DATA(self, _server, _session, envelope):
        self.letters.put(envelope)
        return "250 OK"

    def __enter__(self):
        # A port that is free is known only after it is taken.
        self.controller.port = free_port()
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def walk(server: Server):
    """A load that fails is told in one letter, which waits until it may be sent."""
    settings = server.folder / "settings.yaml"
    with Mailbox() as box:

        def serve(security):
            settings.write_text(SETTINGS.format(port=box.controller.port, security=security))
            settings.chmod(0o600)
            return server

        stores = next(server.folder.glob("**/Store.csv"))
        whole = stores.read_bytes()
        # The server speaks no TLS: nothing is said to it in clear.
        with serve("starttls"):
            client = server.session()
            # A key that is there twice.
            stores.write_bytes(whole + whole.splitlines(keepends=True)[-1])
            client.ask("POST", "/jobs", json={"segments": "all", "load": True}, expected=202)
            logged(server, "Mail: a letter was not taken")
            assert box.letters.empty()
        with serve("none"):
            envelope = box.letters.get(timeout=WAIT)
        stores.write_bytes(whole)
        assert "s3cret" not in "".join(server.lines), "the password is in the log"
    settings.unlink()
    assert envelope.mail_from == "muster@example.com"
    assert envelope.rcpt_tos == ["ann@example.com", "bob@example.com"]
    letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert letter["To"].addresses[1].addr_spec == "bob@example.com" and letter["Message-ID"] and letter["Date"].datetime
    text = letter.get_content()
    assert "Not loaded:\n- Store\n" in text and ": It reads the table 'Store', which was not loaded.\n" in text, text
    assert box.letters.empty(), "there is more than one letter"


def logged(server, text):
    """Returns when the server has said it."""
    deadline = time.monotonic() + WAIT
    while not any(text in line for line in server.lines):
        assert time.monotonic() < deadline, "".join(server.lines[-20:])
        time.sleep(0.05)
