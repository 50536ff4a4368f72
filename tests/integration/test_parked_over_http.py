"""An operator sees to what is parked: looks at it, plays it again, or gives it up; who did what and why stays."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from baqylau.messaging import parked
from baqylau.testing.wait import wait_until
from baqylau_infra.tokens import Keys

from tests.integration.flow import LINE, Flow

pytestmark = pytest.mark.real

Call = Callable[..., Any]


@pytest.fixture
def call(flow: Flow, keys: Keys) -> Call:
    """One request to the ledger, in a role."""
    client = flow.serve_ledger()

    def called(method: str, path: str, role: str = "operator", **request: Any) -> Any:
        token = keys.token([role], LINE, subject=f"{role}-7")
        headers = {"Authorization": f"Bearer {token}", **request.pop("headers", {})}
        return client.request(method, path, headers=headers, **request)

    return called


@pytest.fixture
def said() -> Iterator[list[Any]]:
    """What is logged."""
    with structlog.testing.capture_logs() as logs:
        yield logs


def steps(call: Call, key: object) -> list[tuple[str, str, Any]]:
    """What became of a key: the event, who did it, and to which positions or why."""
    answer = call("GET", f"/parked/{key}/history", "auditor")
    assert answer.status_code == 200, answer.text
    found = answer.json()["items"]
    return [(one["type"], one["actor"], one["data"].get("positions", one["data"]["reason"])) for one in found]


def test_the_poison_is_discarded_and_what_waited_behind_it_takes_effect(
    flow: Flow, call: Call, said: list[Any]
) -> None:
    stuck, other = flow.tally_in(0), flow.tally_in(0)
    flow.relay()
    flow.consume()
    flow.count(stuck, wrong=True)
    flow.count(stuck, 2)
    flow.count(other, 2)
    flow.wait_for(other, 2)  # nothing else of the partition waits
    poison, second, third = (record.position for record in flow.stored() if record.key == str(stuck))
    upstream = f"{flow.topic}/0"
    shown = call("GET", f"/parked/{stuck}").json()
    assert [(one["upstream"], one["position"], one["reason"], one["attempts"]) for one in shown["items"]] == [
        (upstream, poison, "not-to-be-taken", 1),
        (upstream, second, "behind-a-parked-record", 1),
        (upstream, third, "behind-a-parked-record", 1),
    ]
    assert shown["items"][0]["type"] == "baqylau.probe.Counted.v1"
    assert shown["items"][0]["attributes"]["id"] == f"{stuck}:1"

    retried = call("POST", f"/parked/{stuck}/retry").json()
    assert (retried["handled"], retried["left"], retried["reason"]) == (0, 3, "not-to-be-taken")
    named = {"reason": "Agreed with the registry.", "records": [{"upstream": upstream, "position": poison}]}
    discarded = call("POST", f"/parked/{stuck}/discard", json=named)
    assert discarded.status_code == 200
    assert (discarded.json()["discarded"], discarded.json()["left"]) == (1, 2)

    wait_until(lambda: flow.effects(stuck) == [2, 3], "those behind it take effect by themselves")
    flow.send(flow.stored())  # and if all of it comes again
    flow.count(stuck)
    wait_until(lambda: flow.effects(stuck) == [2, 3, 4], "the next one takes effect")
    assert flow.effects(other) == [1, 2]
    assert call("GET", f"/parked/{stuck}").json()["items"] == []
    assert steps(call, stuck) == [
        ("RecordParked", "ledger", "not-to-be-taken"),
        ("RecordParked", "ledger", "behind-a-parked-record"),
        ("RecordParked", "ledger", "behind-a-parked-record"),
        ("ParkedRecordsRetried", "operator-7", []),
        ("ParkedRecordsDiscarded", "operator-7", [poison]),
        ("ParkedRecordsRetried", "ledger", [second, third]),
    ]
    assert "Agreed" not in str(said)
    assert str(stuck) not in str(said)


def test_all_of_a_key_is_discarded_once_and_what_comes_later_is_handled(flow: Flow, call: Call) -> None:
    key = flow.tally_in(0)
    flow.consume()
    flow.relay()
    flow.count(key, wrong=True)
    flow.count(key)
    wait_until(lambda: flow.parked() == [(str(key), "not-to-be-taken", 2)], "both are parked")
    path, body = f"/parked/{key}/discard", {"reason": "Withdrawn by its author."}
    seen = call("GET", f"/parked/{key}").json()["version"]
    flow.count(key)
    wait_until(lambda: flow.parked()[0][2] == 3, "another one is parked")

    outdated = call("POST", path, json=body, headers={"If-Match": f'"{seen}"'})
    first = call("POST", path, json=body, headers={"Idempotency-Key": "d", "If-Match": f'"{seen + 1}"'})
    again = call("POST", path, json=body, headers={"Idempotency-Key": "d", "If-Match": f'"{seen + 1}"'})
    nothing_left = call("POST", path, json=body)

    assert [one.status_code for one in (outdated, first, again, nothing_left)] == [412, 200, 200, 404]
    assert first.json() == again.json()
    assert first.json()["discarded"] == 3
    flow.count(key)
    wait_until(lambda: flow.effects(key) == [4], "the next one is handled")
    assert [step[0] for step in steps(call, key)].count("ParkedRecordsDiscarded") == 1


def test_who_may_read_and_who_may_act(flow: Flow, call: Call) -> None:
    key = flow.tally_in(0)
    flow.count(key, wrong=True)
    flow.send(flow.stored())
    flow.consume()
    wait_until(flow.parked, "it is parked")
    body = {"reason": "r"}

    for path in ("/parked", f"/parked/{key}", f"/parked/{key}/history"):
        assert [call("GET", path, role).status_code for role in ("operator", "auditor", "controller")] == [
            200,
            200,
            403,
        ]
    assert call("GET", f"/parked/{key}", "operator").json()["items"][0]["value"] is None
    assert f'"tally_id":"{key}"' in call("GET", f"/parked/{key}", "auditor").json()["items"][0]["value"]
    for path in (f"/parked/{key}/discard", f"/parked/{key}/retry"):
        assert [call("POST", path, role, json=body).status_code for role in ("auditor", "subscriber")] == [403, 403]
    refused = [
        call("POST", f"/parked/{key}/discard", json=wrong)
        for wrong in ({}, {"reason": " "}, {"reason": "r", "records": []}, {"reason": "a\0b"})
    ]
    assert [one.status_code for one in refused] == [422] * 4
    other = {"reason": "r", "records": [{"upstream": f"{flow.topic}/0", "position": 10**9}]}
    answer = call("POST", f"/parked/{key}/discard", json=other)
    assert (answer.status_code, answer.json()["violations"][0]["reason"]) == (409, "record-not-parked")
    assert [call("GET", f"/parked/nothing{end}").status_code for end in ("", "/history")] == [404, 404]
    assert [step[0] for step in steps(call, key)] == ["RecordParked"]


def test_of_a_record_of_the_other_regime_nothing_is_shown_and_discarded_it_is_not_parked_again(
    flow: Flow, call: Call
) -> None:
    key, other = flow.tally_in(0), flow.tally_in(0)
    flow.count(key)
    foreign = flow.stored()[0]
    planted = type(foreign)(
        foreign.position,
        foreign.previous,
        foreign.topic,
        foreign.partition,
        "planted",
        {**foreign.headers, "regime": "confidential", "actor": "MARKED", "title": "MARKED"},
        b'{"title": "MARKED"}',
    )
    flow.send([planted, planted])
    flow.consume()
    wait_until(flow.parked, "it is parked")
    shown = call("GET", "/parked/planted", "auditor")
    assert "MARKED" not in shown.text

    assert call("POST", "/parked/planted/discard", json={"reason": "Reported."}).status_code == 200
    flow.send([planted, foreign])
    flow.count(other)
    flow.send(flow.stored()[1:])

    flow.wait_for(key, 1)
    flow.wait_for(other, 1)
    assert flow.parked() == []
    assert [step[0] for step in steps(call, "planted")] == ["RecordParked", "ParkedRecordsDiscarded"]


def test_a_key_with_more_than_one_retry_can_play_goes_on_by_itself(
    flow: Flow, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parked, "RETRY_LIMIT", 2)
    key = flow.tally_in(0)
    flow.relay()
    flow.consume()
    flow.count(key, needs="late")
    flow.count(key, 4)
    wait_until(lambda: flow.parked() == [(str(key), "fact-unknown", 5)], "all of the key waits")
    page = call("GET", f"/parked/{key}?limit=3").json()
    rest = call("GET", f"/parked/{key}", params={"after": page["next"], "limit": 3}).json()
    assert [len(page["items"]), len(rest["items"]), rest["next"]] == [3, 2, None]

    flow.state("late", flow.tally_in(1))

    flow.wait_for(key, 5)
    wait_until(lambda: flow.parked() == [], "nothing waits any more")
