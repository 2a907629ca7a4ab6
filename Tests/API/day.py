"""A marketer's day, by a client that knows nothing but the contract."""

import json

from server import Client

TEA = {
    "segment": "tea-lovers",
    "audience": "Customer",
    "displayName": "Tea lovers",
    "rules": [{"match": {"attribute": "Customer.Country", "is": "equalTo", "value": "Norway"}}],
}


def walk(client: Client):
    """From a look at the list to the trash and back."""
    look_around(client)
    draft_and_mend(client)
    two_editors(client)
    refresh_and_watch(client)
    tidy_up(client)


def look_around(client):
    pages = list(client.pages("/segments", limit=10, sort="-members"))
    items = [item for page in pages for item in page["items"]]
    assert len(items) == pages[0]["total"] == len({item["name"] for item in items}), "pages repeat or hide segments"
    counts = [item["members"] for item in items]
    assert counts == sorted(counts, reverse=True), counts
    assert all(item["refresh"]["status"] == "successful" for item in items)
    found = client.get_json("/segments", search="VIP")["items"]
    assert "vip" in [item["name"] for item in found]
    assert all("vip" in f"{item['name']} {item.get('displayName')} {item.get('description')}".lower() for item in found)
    detail = client.get_json("/segments/vip")
    assert detail["definition"]["segment"] == "vip" and detail["sentence"] and not detail["problems"]


def draft_and_mend(client):
    wrong = {**TEA, "rules": [{"match": {"attribute": "Customer.Cuntry", "is": "equalTo", "value": "Norway"}}]}
    judged = client.ask("POST", "/definitions/validate", json=wrong).json()
    assert judged["problems"][0]["place"] == "rules[0].match.attribute", judged
    key = {"Idempotency-Key": "tea-1"}
    draft = client.ask("POST", "/segments", json=wrong, headers=key, expected=201)
    again = client.ask("POST", "/segments", json=wrong, headers=key, expected=201)
    assert draft.json() == again.json() and draft.json()["state"] == "draft"
    client.ask("PATCH", "/segments/tea-lovers", json={"state": "active"}, headers=at(draft), expected=409)
    preview = client.ask("POST", "/definitions/preview", json=TEA, params={"rows": 5}).json()
    assert 0 < preview["count"] and len(preview["rows"]) == min(5, preview["count"])
    assert preview["rules"][0]["cumulative"] == preview["count"]
    mended = client.ask("PUT", "/segments/tea-lovers", json=TEA, params={"save": "only"}, headers=at(draft))
    assert mended.json()["state"] == "inactive" and "Norway" in mended.json()["sentence"]
    explained = client.ask("POST", "/definitions/explain", json=TEA).json()["items"][0]
    assert "SELECT" in explained["queries"][0]["sql"] and "'Norway'" in explained["queries"][0]["values"]


def two_editors(client):
    mine, theirs = client.ask("GET", "/segments/tea-lovers"), client.ask("GET", "/segments/tea-lovers")
    client.ask("PATCH", "/segments/tea-lovers", json={"tags": {"add": ["tea"]}}, headers=at(theirs))
    lost = client.ask("PATCH", "/segments/tea-lovers", json={"owner": "me"}, headers=at(mine), expected=412).json()
    assert lost["code"] == "changedMeanwhile" and lost["revision"] > mine.json()["revision"]
    renamed = client.ask(
        "PATCH", "/segments/tea-lovers", headers={"If-Match": f'"{lost["revision"]}"'},
        json={"name": "tea/☕", "owner": "me", "schedule": {"kind": "weekly", "weekdays": ["monday"]}},
    )  # fmt: skip
    assert renamed.json()["tags"] == ["tea"], "somebody else's change is lost"
    versions = client.get_json("/segments/tea%2F%E2%98%95/versions")["items"]
    assert versions[0]["version"] == len(versions) and versions[-1]["isDraft"]
    difference = client.get_json("/segments/tea%2F%E2%98%95/difference", **{"from": 2})
    assert "+tags: [tea]" in difference["yaml"] and difference["changes"], difference


def refresh_and_watch(client):
    with client.ask("GET", "/events", stream=True) as stream:
        events = parsed(stream)
        assert next(events)[0] == "ready"
        key = {"Idempotency-Key": "refresh-1"}
        made = client.ask("POST", "/jobs", json={"segments": "all", "load": True}, headers=key, expected=202).json()
        assert client.ask("POST", "/jobs", json={"segments": "all", "load": True}, headers=key).json()["job"] == made["job"]
        seen = set()
        for kind, data in events:
            seen.add(kind)
            if kind == "finished" and data["job"] == made["job"]:
                break
        assert {"job", "tasks", "progress", "runs"} <= seen, seen
    job = client.get_json(f"/jobs/{made['job']}")
    assert job["state"] == "successful" and all(task["status"] in ("successful", "skipped") for task in job["tasks"])
    assert [item["job"] for item in client.get_json("/jobs", segment="vip")["items"]] == [made["job"]]
    client.ask("POST", f"/jobs/{made['job']}/cancel", expected=409)

    monday = {"isOn": True, "timeZone": "Europe/Oslo", "weekdays": ["monday"], "times": ["03:00"]}
    assert len(client.ask("PUT", "/schedule", json=monday).json()["next"]) == 5
    bulk = {"segments": ["vip", "tea/☕"], "schedule": {"kind": "monthly", "days": [1]}, "individual": "keep"}
    done = client.ask("POST", "/schedules", json=bulk).json()["items"]
    assert [item["isKept"] for item in done] == [False, True], done
    client.ask("PUT", "/schedule", json={**monday, "isOn": False})
    status = client.get_json("/status")
    assert status["activeSegments"]["level"] == "fine" and status["unfinishedJobs"] == 0
    assert client.get_json("/cleanup")["items"] == []


def parsed(stream):
    """Events with their data, as they come."""
    kind = None
    for line in stream.iter_lines(chunk_size=1, decode_unicode=True):
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def tidy_up(client):
    names = ["tea/☕", "vip", "nobody"]
    done = client.ask("POST", "/segment-changes", json={"segments": names, "change": {"tags": {"add": ["day"]}}})
    assert [item["status"] for item in done.json()["items"]] == [200, 200, 404]
    tagged = client.get_json("/segments", tag="day")["items"]
    assert [item["name"] for item in tagged] == ["tea/☕", "vip"]
    used = client.get_json("/segments/vip/usage")["segments"]
    if used:
        refused = client.ask("DELETE", "/segments/vip", headers={"If-Match": "*"}, expected=409).json()
        assert refused["users"] == used
    client.ask("DELETE", "/segments/tea%2F%E2%98%95", headers={"If-Match": "*"}, expected=204)
    assert "tea/☕" in [item["name"] for item in client.get_json("/trash")["items"]]
    back = client.ask("POST", "/trash/tea%2F%E2%98%95/restore", json={"name": "tea"}).json()
    assert back["name"] == "tea" and back["definition"]["segment"] == "tea"


def at(answer):
    """For a change of what was read."""
    return {"If-Match": answer.headers["ETag"]}
