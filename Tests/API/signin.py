"""Signing in by an OpenID provider that somebody else has written, and into a demonstration, as browsers do."""

import logging
import re
import socket

import requests
from oidc_provider_mock import User, run_server_in_thread
from server import Server

PEOPLE = [
    User(sub="1", claims={"email": "ann@example.com", "email_verified": True, "name": "Ann", "groups": ["crm", "chess"]}),
    User(sub="2", claims={"email": "eve@example.com", "groups": []}),
]


def walk(server: Server):
    """Serves again with a provider, then as a demonstration, then without both."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with run_server_in_thread(user_claims=PEOPLE) as provider:
        port = free_port()
        server.options = ["--port", str(port)]
        server.settings = {
            "MUSTER_LISTEN_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "MUSTER_OIDC_ISSUER": f"http://localhost:{provider.server_port}",
            "MUSTER_OIDC_CLIENT_ID": "muster",
            "MUSTER_OIDC_CLIENT_SECRET": "hush",
            "MUSTER_OIDC_ROLE": "none",
            "MUSTER_OIDC_GROUPS": "{crm: contributor}",
        }
        with server:
            by_provider(server)
    server.settings = {}
    demonstration(server)


def by_provider(server):
    browser = requests.Session()
    methods = browser.get(f"{server.url}/session/methods").json()
    assert methods["openIDConnect"] == {"displayName": "localhost", "start": "/api/v1/session/openid-connect"}
    page = signs_in(server, browser, "1")
    assert page.ok and '<meta http-equiv="refresh" content="0; url=/somewhere">' in page.text, page.text
    session = browser.get(f"{server.url}/session").json()
    account = session["account"]
    assert (account["name"], account["role"], account["displayName"]) == ("ann@example.com", "contributor", "Ann"), account
    assert session["method"] == "openIDConnect" and not account["hasPassword"]
    changing = {"Muster-Request-Token": session["requestToken"]}
    made = browser.post(f"{server.url}/api-keys", json={"name": "k", "scopes": ["segments:read"]}, headers=changing)
    assert made.status_code == 201, made.text
    again = requests.get(page.url, headers={"Cookie": page.request.headers["Cookie"]})
    assert again.status_code == 400 and "<code>used</code>" in again.text, again.text

    assert signs_in(server, requests.Session(), "2").status_code == 403
    denied = requests.Session()
    form = denied.get(f"{server.url}/session/openid-connect")
    assert denied.post(form.url, data={"action": "deny"}).status_code in (400, 403)

    ended = browser.delete(f"{server.url}/session", headers=changing)
    assert ended.ok and "/oauth2/end_session?client_id=muster" in ended.json()["providerSignOut"], ended.text
    assert browser.get(f"{server.url}/session").status_code == 401
    server.session().ask("PATCH", "/accounts/ann@example.com", json={"state": "disabled"})
    refused = signs_in(server, requests.Session(), "1")
    assert refused.status_code == 403 and "disabled" in refused.text
    entries = server.session().get_json("/audit", action="session.refused")["items"]
    assert [entry["after"]["reason"] for entry in entries[:2]] == ["disabled", "notInvited"], entries
    log = "".join(server.lines)
    assert "eyJ" not in log and "hush" not in log, "a token or a secret is in the log"


def signs_in(server, browser, subject):
    """What the browser shows when it is back."""
    form = browser.get(f"{server.url}/session/openid-connect", params={"returnTo": "/somewhere"})
    assert re.search("<form", form.text), form.text
    return browser.post(form.url, data={"sub": subject})


def demonstration(server):
    server.options = ["--port", "0", "--demo"]
    with server:
        browser = requests.Session()
        entered = browser.post(f"{server.url}/session/demo")
        assert entered.status_code == 201 and entered.json()["account"]["isDemo"], entered.text
        assert browser.get(f"{server.url}/segments").json()["items"]
        foreign = requests.post(f"{server.url}/session/demo", headers={"Host": "evil.example"})
        assert foreign.status_code == 403, "a page with a name of its own for this machine got in"
        assert any("demonstration" in line for line in server.lines)
    server.options = ["--port", "0"]
    with server:
        assert browser.get(f"{server.url}/session").status_code == 401
        assert requests.post(f"{server.url}/session/demo").status_code == 404


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
