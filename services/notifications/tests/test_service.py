"""The service on a real database: who is told, who may look, and what a crash between any two lines leaves."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from baqylau.contracts import notifications as public
from baqylau.contracts import secrecy_gate
from baqylau.contracts.base import PublicEvent, contract_of
from baqylau.eventstore.writer import Busy, OutOfReach
from baqylau.lines import Line, topic_of
from notifications import delivering
from notifications.api.stream import follow
from notifications.application import Reader
from notifications.deliverer import Deliverer
from starlette.requests import Request
from starlette.types import Message

pytestmark = pytest.mark.real

KEY = b"0123456789abcdef01234567"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def published(line: Any, recipient_id: UUID) -> list[PublicEvent]:
    topic = topic_of(line.line, "notifications")
    found = []
    for record in line.service.store.public_events(topic, 0, 10_000):
        contract = contract_of(record.headers["type"])
        assert contract is not None
        found.append(contract.model_validate_json(record.value))
    return [event for event in found if event.recipient_id == recipient_id]  # type: ignore[attr-defined]


def reasons(answer: Any) -> list[str]:
    return [violation["reason"] for violation in answer.json()["violations"]]


class TestWhoIsTold:
    def test_each_recipient_of_the_unit_has_one_notice_in_its_own_language(self, open_line: Any) -> None:
        unit = open_line.unit()
        kk, ru = open_line.recipient(unit), open_line.recipient(unit, language="ru")
        elsewhere = open_line.recipient(open_line.unit())

        open_line.hear(open_line.registered(unit, registration_number="01-2021/7"))

        assert [notice["text"] for notice in open_line.inbox(kk)["items"]] == [
            "01-2021/7 құжаты 02.03.2021 тіркелді. (RK-703:43-5-8)"
        ]
        assert open_line.inbox(ru)["items"][0]["text"].startswith("Документ 01-2021/7 зарегистрирован 02.03.2021.")
        assert open_line.inbox(elsewhere) == {"items": [], "next": None, "unread": 0}
        assert [type(event) for event in published(open_line, kk)] == [public.NotificationSent]

    def test_executor_and_co_executor_hear_of_an_assignment(
        self, open_line: Any, sample: dict[str, PublicEvent]
    ) -> None:
        executor, co_executor = open_line.unit(), open_line.unit("MIN-B")
        issued: Any = sample["AssignmentIssued"]
        event = issued.model_copy(
            update={
                "executor": issued.executor.model_copy(update={"unit_id": executor}),
                "co_executors": (issued.co_executors[0].model_copy(update={"unit_id": co_executor}),),
            }
        )
        first = open_line.recipient(executor)
        second = open_line.recipient(co_executor, organization="MIN-B", language="en")

        open_line.hear(event)

        assert open_line.inbox(first)["items"][0]["kind"] == "AssignmentIssued"
        assert "put on control" in open_line.inbox(second)["items"][0]["text"]

    def test_the_same_record_again_and_the_same_event_again_write_nothing(self, open_line: Any) -> None:
        unit = open_line.unit()
        recipient = open_line.recipient(unit)
        event = open_line.registered(unit)
        open_line.hear(event, record_id="same:1")

        open_line.take(open_line.last[0])  # the record: its position is known
        open_line.hear(event, record_id="same:1")  # the event in another record: its notice is there

        assert len(open_line.inbox(recipient)["items"]) == 1

    def test_an_event_of_a_unit_not_known_yet_waits_and_is_told_once_the_gate_has_spoken(self, open_line: Any) -> None:
        unknown, key = uuid4(), uuid4()
        open_line.hear(open_line.registered(unknown), key=key)
        waiting = {row["key"]: row for row in open_line.call("GET", "/parked", "operator").json()["items"]}
        assert waiting[str(key)]["reason"] == "unit-regime-unknown"
        assert waiting[str(key)]["retries_itself"]

        open_line.hear(
            secrecy_gate.UnitRegimeAssigned.model_validate(
                {
                    "unit_id": unknown,
                    "organization": "MIN-A",
                    "code": "01",
                    "names": {"kk": "Б", "ru": "О", "en": "U"},
                    "root_id": unknown,
                    "documentation_service": False,
                    "regime": "non_confidential",
                    "citations": (),
                }
            )
        )
        recipient = open_line.recipient(unknown)
        open_line.call("POST", f"/parked/{key}/retry", "operator")

        assert len(open_line.inbox(recipient)["items"]) == 1

    def test_who_was_released_is_told_no_more_whichever_event_came_first(self, open_line: Any) -> None:
        unit, employee = open_line.unit(), uuid4()
        recipient = open_line.recipient(unit, employee_id=employee)
        rows = open_line.service.store.read("SELECT id FROM known_postings WHERE employee_id = %s", (employee,))
        posting = {
            "posting_id": rows[0][0],
            "employee_id": employee,
            "unit_id": unit,
            "organization": "MIN-A",
            "regime": "non_confidential",
        }
        open_line.hear(secrecy_gate.EmployeeReleased.model_validate(posting))
        open_line.hear(secrecy_gate.EmployeePosted.model_validate(posting | {"citations": ()}))

        open_line.hear(open_line.registered(unit))

        assert open_line.inbox(recipient)["items"] == []

    def test_nobody_is_told_in_a_dissolved_unit_and_the_others_are(
        self, open_line: Any, sample: dict[str, PublicEvent]
    ) -> None:
        gone, stays = open_line.unit(), open_line.unit()
        to_gone, to_stays = open_line.recipient(gone), open_line.recipient(stays)
        open_line.hear(secrecy_gate.UnitDissolved(unit_id=gone, organization="MIN-A", dissolved_on="2021-03-01"))
        open_line.app.state.handling.units.forget()  # what NOTIFY makes each replica do
        missed: Any = sample["DeadlineMissed"]
        event = missed.model_copy(
            update={
                "executor": missed.executor.model_copy(update={"unit_id": gone}),
                "co_executors": (missed.executor.model_copy(update={"unit_id": stays}),),
            }
        )

        open_line.hear(event)

        assert open_line.inbox(to_gone)["items"] == []
        assert len(open_line.inbox(to_stays)["items"]) == 1


class TestRecipients:
    def test_unit_and_employee_that_are_not_known_here_are_refused_with_every_ground(self, open_line: Any) -> None:
        answer = open_line.put(uuid4(), employee_id=str(uuid4()), unit_id=str(uuid4()))

        assert answer.status_code == 409
        assert [(v["citation"], v["reason"], v["field"]) for v in answer.json()["violations"]] == [
            ("RK-703:2", "unit-regime-unknown", "unit_id"),
            ("RK-703:2", "employee-not-posted", "employee_id"),
        ]

    def test_the_organization_is_the_units(self, open_line: Any) -> None:
        unit, employee = open_line.unit("MIN-B"), uuid4()
        open_line.posting(employee, unit, "MIN-B")

        answer = open_line.put(uuid4(), employee_id=str(employee), unit_id=str(unit))

        assert reasons(answer) == ["unit-of-another-organization"]

    def test_the_same_again_changes_nothing_and_something_else_does(self, open_line: Any) -> None:
        unit, employee, id_ = open_line.unit(), uuid4(), uuid4()
        open_line.posting(employee, unit)
        said = {"employee_id": str(employee), "unit_id": str(unit)}

        versions = [open_line.put(id_, **said, language=language).json()["version"] for language in ("kk", "kk", "ru")]

        assert versions == [1, 1, 2]

    def test_a_secret_is_in_no_answer(self, open_line: Any) -> None:
        channels = [{"webhook": "https://example.kz/hook", "secret": SECRET}, {"email": "a@example.kz"}]
        recipient = open_line.recipient(open_line.unit(), channels=channels)

        answer = open_line.call("GET", f"/recipients/{recipient}", "auditor")

        assert [channel["webhook"] or channel["email"] for channel in answer.json()["channels"]] == [
            "https://example.kz/hook",
            "a@example.kz",
        ]
        assert SECRET not in answer.text

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"role": "\x00"}, "enum"),
            ({"organization": "MIN\x00"}, "string-pattern-mismatch"),
            ({"language": "de"}, "enum"),
            ({"unit_id": "x"}, "uuid-parsing"),
            ({"surname": "X"}, "extra-forbidden"),
            ({"channels": [{"email": "a\x00@b.kz"}]}, "string-pattern-mismatch"),
            ({"channels": [{"webhook": "https://b.kz/\x00", "secret": SECRET}]}, "string-pattern-mismatch"),
            ({"channels": [{"webhook": "https://b.kz/"}]}, "missing"),
            ({"channels": ["inbox"]}, "model-attributes-type"),
            ({"channels": [{"webhook": "https://b.kz/", "secret": "\x00"}]}, "webhook-secret-malformed"),
            ({"channels": [{"webhook": "http://b.kz/", "secret": SECRET}]}, "webhook-without-tls"),
        ],
    )
    def test_a_body_of_another_form_is_422_and_nothing_is_stored(
        self, open_line: Any, change: dict[str, Any], reason: str
    ) -> None:
        unit, employee, id_ = open_line.unit(), uuid4(), uuid4()
        open_line.posting(employee, unit)

        answer = open_line.put(id_, **({"employee_id": str(employee), "unit_id": str(unit)} | change))

        assert answer.status_code == 422
        assert any(found.startswith(reason) for found in reasons(answer)), reasons(answer)
        assert open_line.call("GET", f"/recipients/{id_}", "operator").status_code == 404


class TestWhoMayLook:
    def test_a_token_of_the_unit_opens_the_inbox_and_one_of_another_unit_does_not(self, open_line: Any) -> None:
        unit = open_line.unit()
        recipient = open_line.recipient(unit)
        open_line.hear(open_line.registered(unit))
        notice = open_line.inbox(recipient)["items"][0]["id"]

        def status(*roles: str, units: tuple[UUID, ...] = ()) -> list[int]:
            return [
                open_line.call(method, path, *roles, units=units).status_code
                for method, path in (("GET", f"/inbox/{recipient}"), ("POST", f"/inbox/{recipient}/{notice}/read"))
            ]

        assert status("executor", units=(uuid4(),)) == [404, 404]
        assert status("executor") == [404, 404]
        assert status("subscriber", units=(unit,)) == [403, 403]
        assert status() == [401, 401]
        assert status("auditor") == [200, 403]
        assert status("executor", units=(unit,)) == [200, 200]

    def test_a_token_of_the_other_line_opens_nothing(self, open_line: Any) -> None:
        headers = open_line.token("operator", line="confidential")

        assert open_line.call("GET", f"/inbox/{uuid4()}", headers=headers).status_code == 401

    def test_who_moved_to_another_unit_keeps_no_notice_of_the_former_for_the_new_ones_members(
        self, open_line: Any
    ) -> None:
        former, present, employee = open_line.unit(), open_line.unit(), uuid4()
        recipient = open_line.recipient(former, employee_id=employee)
        open_line.hear(open_line.registered(former))
        open_line.posting(employee, present)
        open_line.put(recipient, employee_id=str(employee), unit_id=str(present))

        seen = open_line.call("GET", f"/inbox/{recipient}", "executor", units=(present,)).json()

        assert seen == {"items": [], "next": None, "unread": 0}

    def test_a_list_is_newest_first_and_can_be_paged_to_its_end(self, open_line: Any) -> None:
        unit = open_line.unit()
        recipient = open_line.recipient(unit)
        for number in range(5):
            open_line.hear(open_line.registered(unit, registration_number=f"01-2021/{number}"))

        pages, after = [], None
        for _ in range(3):
            page = open_line.inbox(recipient, limit=2, **({"after": after} if after else {}))
            pages.append([notice["number"] for notice in page["items"]])
            after = page["next"]

        assert pages == [[5, 4], [3, 2], [1]]
        assert after is None

    def test_what_was_read_is_no_longer_unread_and_stays_read_since_the_first_time(self, open_line: Any) -> None:
        unit = open_line.unit()
        recipient = open_line.recipient(unit)
        open_line.hear(open_line.registered(unit))
        path = f"/inbox/{recipient}/{open_line.inbox(recipient)['items'][0]['id']}/read"

        first = open_line.call("POST", path, "executor", units=(unit,)).json()
        again = open_line.call("POST", path, "executor", units=(unit,)).json()

        assert first["read_at"] is not None
        assert again == first
        assert open_line.inbox(recipient)["unread"] == 0

    def test_a_stream_resumes_behind_the_last_notice_that_was_seen(self, open_line: Any) -> None:
        unit = open_line.unit()
        recipient = open_line.recipient(unit)
        for _ in range(3):
            open_line.hear(open_line.registered(unit))

        async def receive() -> Message:
            return await asyncio.Future()

        async def resumed(last_seen: str) -> list[str]:
            open_line.app.state.runtime.commits.bind(asyncio.get_running_loop())
            scope = {"type": "http", "app": open_line.app, "headers": [(b"last-event-id", last_seen.encode())]}
            stream = follow(Request(scope, receive), recipient, Reader(frozenset({unit})), 0)
            return [(await anext(stream)).decode().splitlines()[0] for _ in range(3)]

        assert asyncio.run(resumed("1")) == [": following", "id: 2", "id: 3"]
        assert asyncio.run(resumed("x\x00")) == [": following", "id: 1", "id: 2"]

    @pytest.mark.parametrize(
        "path",
        [
            "/inbox/{0}?after=0",
            "/inbox/{0}?after=x",
            "/inbox/{0}?after=-1",
            "/inbox/{0}?after=99999999999999999999",
            "/inbox/{0}?limit=0",
            "/inbox/{0}/stream?after=%00",
            "/inbox/x",
            "/deliveries?status=x%00",
            "/deliveries?after=1e3",
        ],
    )
    def test_an_odd_cursor_is_422(self, open_line: Any, path: str) -> None:
        recipient = open_line.recipient(open_line.unit())

        assert open_line.call("GET", path.format(recipient), "operator").status_code == 422

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/inbox/{0}"),
            ("GET", "/inbox/{0}/stream"),
            ("POST", "/inbox/{0}/{0}/read"),
            ("POST", "/deliveries/{0}/retry"),
            ("GET", "/recipients/{0}"),
        ],
    )
    def test_what_is_not_there_is_404(self, open_line: Any, method: str, path: str) -> None:
        assert open_line.call(method, path.format(uuid4()), "operator").status_code == 404


class TestTheConfidentialLine:
    def test_nothing_of_the_event_but_ids_is_kept_shown_or_sent(self, secret_line: Any, receiver: Any) -> None:
        unit = secret_line.unit()
        channels = [{"webhook": receiver.url, "secret": SECRET}]
        recipient = secret_line.recipient(unit, language="en", channels=channels)
        event = secret_line.registered(unit, classification="top_secret")

        secret_line.hear(event)
        secret_line.deliver()

        shown = secret_line.call("GET", f"/inbox/{recipient}", "executor", units=(unit,))
        assert shown.json()["items"][0]["text"] == f"There is something for you to see: {event.document_id}."
        assert shown.json()["items"][0]["kind"] is None
        kept = b"".join(row[0] for row in secret_line.service.store.read("SELECT state FROM stored_events"))
        for place in (shown.content, receiver.got[0][1], kept):
            for word in (b"MARKED-WORD", b"top_secret", b"2021-03-0", b"43-5-8"):
                assert word not in place

    def test_a_record_of_the_other_regime_is_parked_and_never_handled(self, secret_line: Any) -> None:
        unit = secret_line.unit()
        recipient = secret_line.recipient(unit)
        event = secret_line.registered(unit)
        secret_line.hear(secret_line.registered(unit))
        record = secret_line.last[0]
        foreign = type(record)(
            record.topic,
            0,
            "foreign-key",
            {**record.headers, "regime": "non_confidential", "id": "f:1"}
            | {"position": str(record.position + 1), "previousposition": str(record.position)},
            event.to_json(),
        )

        secret_line.take(foreign)
        secret_line._positions[record.topic] += 1

        assert len(secret_line.inbox(recipient)["items"]) == 1
        parked = secret_line.call("GET", "/parked", "operator").json()["items"]
        assert {row["key"]: row["reason"] for row in parked}["foreign-key"] == "foreign-regime"


class TestDelivery:
    def test_a_webhook_is_signed_so_that_its_receiver_can_check_it(self, open_line: Any, receiver: Any) -> None:
        unit = open_line.unit()
        recipient = open_line.recipient(unit, channels=[{"webhook": receiver.url, "secret": SECRET}])

        open_line.hear(open_line.registered(unit))
        open_line.deliver()

        headers, body = receiver.got[0]
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert json.loads(body)["data"]["recipient_id"] == str(recipient)
        assert open_line.deliveries_of(recipient)[0]["status"] == "sent"
        assert [event.channel for event in published(open_line, recipient)] == ["inbox", "webhook"]  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("status", "reason", "waits"), [(500, "http-500", True), (302, "http-302", True), (410, "http-410", False)]
    )
    def test_any_answer_but_success_is_a_failure_with_its_reason(
        self, open_line: Any, receiver: Any, status: int, reason: str, waits: bool
    ) -> None:
        receiver.status = status
        unit = open_line.unit()
        recipient = open_line.recipient(unit, channels=[{"webhook": receiver.url, "secret": SECRET}])

        open_line.hear(open_line.registered(unit))
        open_line.deliver()

        (delivery,) = open_line.deliveries_of(recipient)
        assert (delivery["reason"], delivery["status"]) == (reason, "waiting" if waits else "failed")
        failed = published(open_line, recipient)[-1]
        assert isinstance(failed, public.NotificationFailed)
        assert (failed.reason_code, failed.final) == (reason, not waits)
        assert len(receiver.got) == 1

    def test_a_receiver_that_is_away_gets_it_when_it_is_back_under_the_same_id(
        self, open_line: Any, receiver: Any
    ) -> None:
        receiver.status = 503
        unit = open_line.unit()
        recipient = open_line.recipient(unit, channels=[{"webhook": receiver.url, "secret": SECRET}])
        open_line.hear(open_line.registered(unit))
        open_line.deliver()
        (delivery,) = open_line.deliveries_of(recipient)

        receiver.status = 200
        open_line.call("POST", f"/deliveries/{delivery['id']}/retry", "operator")
        open_line.deliver()

        assert [headers["webhook-id"] for headers, _ in receiver.got] == [delivery["id"]] * 2
        assert receiver.got[0][1] == receiver.got[1][1]
        (delivery,) = open_line.deliveries_of(recipient)
        assert (delivery["status"], delivery["attempts"], delivery["reason"]) == ("sent", 2, None)
        again = open_line.call("POST", f"/deliveries/{delivery['id']}/retry", "operator")
        assert (again.status_code, reasons(again)) == (409, ["delivery-already-sent"])

    def test_a_crash_between_sending_and_recording_sends_again_under_the_same_id_and_records_once(
        self, open_line: Any, receiver: Any
    ) -> None:
        # At least once: the claim runs out, the same id is sent again, and its receiver passes over what it has had.
        unit = open_line.unit()
        recipient = open_line.recipient(unit, channels=[{"webhook": receiver.url, "secret": SECRET}])
        open_line.hear(open_line.registered(unit))
        now, claim = open_line.deliverer._recorded_at(), open_line.app.state.handling
        message = open_line.service.writer.submit(lambda work: delivering.claim(work, claim, now)).result()
        assert open_line.deliverer._send(message) is None  # and here the process dies

        open_line.deliver()
        assert len(receiver.got) == 1  # the claim holds
        later = Deliverer(
            open_line.service,
            claim,
            open_line.deliverer._mail,
            open_line.deliverer._webhooks,
            lambda: now + delivering.LEASE + timedelta(seconds=1),
        )
        while later.deliver_one():
            pass

        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
        assert len(receiver.got) == 2
        assert [type(event) for event in published(open_line, recipient)] == [public.NotificationSent] * 2

    def test_what_was_sent_is_recorded_though_the_writer_was_busy_for_a_moment(
        self, open_line: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unit = open_line.unit()
        recipient = open_line.recipient(unit, channels=[{"webhook": receiver.url, "secret": SECRET}])
        open_line.hear(open_line.registered(unit))
        submit, busy = open_line.service.writer.submit, [Busy(), OutOfReach()]

        def once_sent(task: Any) -> Any:
            if receiver.got and busy:
                raise busy.pop()
            return submit(task)

        monkeypatch.setattr(open_line.service.writer, "submit", once_sent)
        open_line.deliver()

        assert busy == []
        assert len(receiver.got) == 1
        assert open_line.deliveries_of(recipient)[0]["status"] == "sent"
        assert open_line.service.store.read("SELECT * FROM delivery_leases") == []

    def test_one_that_cannot_be_prepared_holds_up_no_other_and_comes_again(
        self, open_line: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unit, channels = open_line.unit(), [{"webhook": receiver.url, "secret": SECRET}]
        unlucky = open_line.recipient(unit, channels=channels, language="kk")
        other = open_line.recipient(unit, channels=channels, language="ru")
        open_line.hear(open_line.registered(unit))
        worded = delivering.worded

        def wordless(*said: Any) -> str:
            if "kk" in said:
                raise KeyError("a fact that an earlier release didn't write")
            return worded(*said)

        monkeypatch.setattr(delivering, "worded", wordless)
        open_line.deliver()

        status = {id_: open_line.deliveries_of(id_)[0]["status"] for id_ in (unlucky, other)}
        assert status == {unlucky: "waiting", other: "sent"}
        assert open_line.deliverer.deliver_one() is False, "its claim holds"

    def test_two_deliverers_never_claim_the_same(self, open_line: Any, receiver: Any) -> None:
        unit = open_line.unit()
        for _ in range(3):
            open_line.recipient(unit, channels=[{"webhook": receiver.url, "secret": SECRET}])
        open_line.hear(open_line.registered(unit))
        now, handling = open_line.deliverer._recorded_at(), open_line.app.state.handling

        claims = [open_line.service.writer.submit(lambda work: delivering.claim(work, handling, now)) for _ in range(4)]

        claimed = [claim.result() for claim in claims]
        assert len({message.id for message in claimed if message}) == 3
        assert claimed.count(None) == 1

    def test_who_was_released_while_a_delivery_waited_is_not_sent_it(self, open_line: Any, receiver: Any) -> None:
        unit, employee = open_line.unit(), uuid4()
        channels = [{"webhook": receiver.url, "secret": SECRET}]
        recipient = open_line.recipient(unit, employee_id=employee, channels=channels)
        open_line.hear(open_line.registered(unit))
        rows = open_line.service.store.read("SELECT id FROM known_postings WHERE employee_id = %s", (employee,))
        open_line.hear(
            secrecy_gate.EmployeeReleased(
                posting_id=rows[0][0],
                employee_id=employee,
                unit_id=unit,
                organization="MIN-A",
                regime=open_line.regime,
            )
        )

        open_line.deliver()

        assert receiver.got == []
        (delivery,) = open_line.deliveries_of(recipient)
        assert (delivery["status"], delivery["reason"]) == ("failed", "employee-not-posted")

    def test_a_channel_that_was_taken_away_is_not_used(self, open_line: Any, receiver: Any) -> None:
        unit, employee = open_line.unit(), uuid4()
        channels = [{"webhook": receiver.url, "secret": SECRET}]
        recipient = open_line.recipient(unit, employee_id=employee, channels=channels)
        open_line.hear(open_line.registered(unit))
        open_line.put(recipient, employee_id=str(employee), unit_id=str(unit))

        open_line.deliver()

        assert receiver.got == []
        assert open_line.deliveries_of(recipient)[0]["reason"] == "channel-removed"

    def test_without_a_mail_server_a_letter_fails_and_says_so(self, open_line: Any) -> None:
        unit = open_line.unit()
        recipient = open_line.recipient(unit, channels=[{"email": "a@example.kz"}])
        open_line.hear(open_line.registered(unit))

        open_line.deliver()

        failed = open_line.call("GET", "/deliveries", "auditor", params={"status": "failed"}).json()["items"]
        found = [delivery for delivery in failed if delivery["recipient_id"] == str(recipient)]
        assert [delivery["reason"] for delivery in found] == ["channel-not-configured"]

    def test_a_letter_reaches_its_mail_server(self, start: Callable[..., Any], mail_box: Any) -> None:
        line = start(Line.CONFIDENTIAL, smtp_url=mail_box.url, smtp_from="no-reply@example.kz")
        unit = line.unit()
        recipient = line.recipient(unit, language="en", channels=[{"email": "a@example.kz"}])
        event = line.registered(unit)

        line.hear(event)
        line.deliver()

        assert line.deliveries_of(recipient)[0]["status"] == "sent"
        assert str(event.document_id).encode() in mail_box.letters[0]
        assert b"MARKED-WORD" not in mail_box.letters[0]

    @pytest.mark.parametrize(("said", "status"), [(b"550 no such user", "failed"), (b"451 later", "waiting")])
    def test_a_letter_that_is_refused_for_good_is_not_tried_again(
        self, start: Callable[..., Any], mail_box: Any, said: bytes, status: str
    ) -> None:
        line = start(Line.NON_CONFIDENTIAL, smtp_url=mail_box.url, smtp_from="no-reply@example.kz")
        mail_box.rcpt = said
        unit = line.unit()
        recipient = line.recipient(unit, channels=[{"email": "a@example.kz"}])

        line.hear(line.registered(unit))
        line.deliver()
        mail_box.rcpt = b"250 ok"

        (delivery,) = line.deliveries_of(recipient)
        assert (delivery["status"], delivery["reason"]) == (status, f"smtp-{said[:3].decode()}")
