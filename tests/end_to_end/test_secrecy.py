"""Marked words in every text field of the confidential line are found nowhere outside."""

from collections.abc import Iterator
from datetime import date
from uuid import uuid4

import httpx
import pytest
from baqylau_infra.system import System

from demo.client import Json, Line, Refused, Stage, until, when_known
from demo.subscriber import Subscriber
from tests.end_to_end import databases, wire
from tests.end_to_end.conftest import Telling

pytestmark = pytest.mark.real

CONTENT = "qupiyasozi7f3"
"""Stands in texts and people's names: on no topic, in no log, in no notice, not even on the confidential line."""
CODES = "qupiyakody9b1"
"""Stands in codes and in unit names: outside the line only the gate knows it."""


class Planting:
    """A document and an assignment on the confidential line, with a marked word wherever text is taken."""

    def __init__(self, system: System, stage: Stage) -> None:
        self.system = system
        self.stage = stage
        self.organization = f"PLANT-{uuid4().hex[:8]}"
        self.recipient = str(uuid4())
        self.unit_id = ""
        self.document_id = ""
        self.assignment_id = ""

    def plant(self) -> None:
        self.stage.it_is(date(2021, 6, 1))
        self._unit()
        self._document()
        self._assignment()
        self.stage.it_is(date(2021, 8, 1))
        until(lambda: "DeadlineMissed" in str(self._history()), "the deadline to be missed")
        self._after("/misses/2021-07-30/rescission", {"reason": CONTENT, "evidence": CONTENT})
        self._after("/corrections", {"reason": CONTENT, "text": f"{CONTENT} 2", "clause": f"{CODES} 2"})
        self._after("/withdrawal", {"reason": CONTENT})
        self.stage.real_time_again()

    def _unit(self) -> None:
        names = {"kk": CODES, "ru": CODES, "en": CODES}
        gate = self.stage.gate()
        body = {"code": self.organization, "names": {"kk": "Ұ", "ru": "О", "en": "O"}, "kind": "state_body"}
        gate.post("/organizations", {**body, "territorial": False})
        unit = {"organization": self.organization, "code": f"{CODES}-{self.organization}", "names": names}
        self.unit_id = gate.post("/units", unit)["id"]
        gate.put(f"/units/{self.unit_id}/regime", {"regime": "confidential"})
        gate.post("/postings", {"employee_id": self.recipient, "unit_id": self.unit_id})
        recipient = {"employee_id": self.recipient, "unit_id": self.unit_id, "organization": self.organization}
        told = {**recipient, "role": "registrar", "language": "kk", "channels": [{"email": f"{CONTENT}@example.org"}]}
        notifications = self.stage.notifications(Line.CONFIDENTIAL)
        when_known(lambda: notifications.put(f"/recipients/{self.recipient}", told))

    def _document(self) -> None:
        registry = self.stage.registry(Line.CONFIDENTIAL, organization=self.organization, units=[self.unit_id])
        document = {
            "organization": self.organization,
            "unit_id": self.unit_id,
            "kind": "instruction",
            "form": "paper",
            "classification": "top_secret",
            "title": f"Құпия {CONTENT}",
            "language": "kk",
            "dated": "2021-06-01",
            "sheets": 2,
            "on_letterhead": False,
            "executor": {"surname": CONTENT, "given_name": CONTENT, "phone": CONTENT},
            "addressee": {"unit_code": CONTENT, "territorial": False},
            "signature": {"name": CONTENT, "job_title": CONTENT, "short_title": CONTENT},
        }
        self.document_id = when_known(lambda: registry.post("/documents", document))["id"]
        registry.post(f"/documents/{self.document_id}/corrections", {"reason": CONTENT, "title": f"{CONTENT} 2"})
        token = self.system.token("registrar", Line.CONFIDENTIAL, self.organization, [self.unit_id])
        httpx.put(
            self.system.url("registry", Line.CONFIDENTIAL) + f"/documents/{self.document_id}/content",
            content=f"{CONTENT}\n" * 1000,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "text/plain"},
            timeout=30,
        ).raise_for_status()
        assert registry.get("/documents", q=CONTENT)["items"], "the word is really there, for those who may see it"

    def _assignment(self) -> None:
        person = {"name": CONTENT, "position": CONTENT}
        control = self.stage.control(Line.CONFIDENTIAL)
        subjects = {"first_head": person, "deputies": [{**person, "areas": [CODES]}]}
        when_known(lambda: control.put(f"/organizations/{self.organization}/control-subjects", subjects))
        assignment = {
            "document_id": self.document_id,
            "clause": CODES,
            "text": CONTENT,
            "source": "instruction",
            "originator": "president",
            "control": "short_term",
            "deadline": "2021-07-15",
            "executor": {"organization": self.organization, "unit_id": self.unit_id, "area": CODES},
        }
        self.assignment_id = when_known(lambda: control.post("/assignments", assignment))["id"]
        letter = {
            "kind": "extension",
            "new_deadline": "2021-07-30",
            "current_state": CONTENT,
            "justification": CONTENT,
            "responsible": [{"organization": self.organization, **person}],
            "evidence": CONTENT,
            "agreement": {"by": "deputy_prime_minister", "agreed_on": "2021-06-01", "reference": CONTENT},
            "letter": {"registration_number": CONTENT, "dated": "2021-06-01", "signed_by": CONTENT},
        }
        with pytest.raises(Refused) as turned_back:
            self._after("/extension-requests", {**letter, "new_deadline": "2021-07-01"})
        assert CONTENT not in turned_back.value.detail
        self._after("/extension-requests", letter | {"submitted_on": "2021-06-01"}, organization=self.organization)
        first = "/extension-requests/1"
        self._after(f"{first}/refusal", {"decided_by": "head_of_pa", "reason": CONTENT})
        self._after("/extension-requests", letter | {"submitted_on": "2021-06-01"}, organization=self.organization)
        second = "/extension-requests/2"
        self._after(f"{second}/opinion", {"unit": CONTENT, "supports": True, "text": CONTENT})
        outcome = {"exceptional_circumstances": CONTENT, "disciplinary_outcome": CONTENT}
        self._after(f"{second}/grant", {"decided_by": "president", **outcome})
        self._after("/reports", {"text": CONTENT, "evidence": CONTENT}, organization=self.organization)
        self._after("/reports/1/return", {"reason": CONTENT})

    def _history(self) -> Json:
        return self.stage.control(Line.CONFIDENTIAL).get(f"/assignments/{self.assignment_id}/history")

    def _after(self, path: str, body: Json, organization: str | None = None) -> Json:
        role = "executor" if organization else "controller"
        control = self.stage.control(Line.CONFIDENTIAL, role, organization)
        return control.post(f"/assignments/{self.assignment_id}{path}", body)


@pytest.fixture(scope="module")
def planted(system: System, stage: Stage, told: Telling, outsider: Subscriber) -> Planting:  # noqa: ARG001
    planting = Planting(system, stage)
    planting.plant()
    wire.settle(system, [wire.Reader(Line.CONFIDENTIAL, planting.unit_id, planting.recipient)], outsider)
    return planting


def test_no_topic_carries_a_text_and_the_open_topics_not_even_a_code(planted: Planting, outsider: Subscriber) -> None:
    seen_codes = set()
    for event in outsider.received:
        whole = f"{event.headers} {event.key} {event.value.decode()}"
        assert CONTENT not in whole, event.type
        if CODES in whole:
            seen_codes.add(event.topic)

    assert planted.assignment_id in {event.subject for event in outsider.received}
    assert seen_codes == {
        "baqylau.gate.secrecy-gate.v1",
        "baqylau.confidential.secrecy-gate.v1",
        "baqylau.confidential.registry.v1",
        "baqylau.confidential.control.v1",
    }


def test_no_log_of_any_process_holds_a_marked_word(planted: Planting, system: System) -> None:  # noqa: ARG001
    logs = list((system.folder / "logs").iterdir())

    assert len(logs) > len(system.services)
    assert [log.name for log in logs if CONTENT in log.read_text() or CODES in log.read_text()] == []


def test_no_database_of_the_open_line_holds_a_marked_word(planted: Planting, system: System) -> None:  # noqa: ARG001
    with_content, with_codes = databases.tables_with(system, CONTENT), databases.tables_with(system, CODES)

    assert {place.split(".")[0] for place in with_content} == {
        "registry-confidential",
        "control-confidential",
        "notifications-confidential",
    }
    assert not any(f"-{Line.OPEN}." in place for place in with_codes)


def test_the_open_lines_search_lists_and_inboxes_show_nothing_of_it(planted: Planting, system: System) -> None:
    assert wire.get(system, "registry", Line.OPEN, "/documents", "auditor", q=CONTENT)["items"] == []
    for path in (f"/documents/{planted.document_id}", f"/inbox/{planted.recipient}"):
        service = "registry" if "documents" in path else "notifications"
        with pytest.raises(httpx.HTTPStatusError, match="404"):
            wire.get(system, service, Line.OPEN, path, "auditor")
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        wire.get(system, "control", Line.OPEN, f"/assignments/{planted.assignment_id}", "auditor")


def test_neither_metrics_nor_feeds_nor_parked_records_of_the_open_side_show_a_marked_word(
    planted: Planting,  # noqa: ARG001
    system: System,
) -> None:
    for name, text in _answers_of_the_open_side(system):
        assert CONTENT not in text, name
        assert CODES not in text, name


def test_the_confidential_notices_say_that_there_is_something_and_not_what(planted: Planting, system: System) -> None:
    found = wire.notices(system, wire.Reader(Line.CONFIDENTIAL, planted.unit_id, planted.recipient))

    assert len(found) > 10
    assert not any(word in str(notice) for notice in found for word in (CONTENT, CODES))


def test_a_refusal_repeats_nothing_of_what_was_sent(planted: Planting, stage: Stage) -> None:
    body = {"title": {CONTENT: CONTENT}, "kind": CONTENT, "dated": CONTENT, CONTENT: CONTENT}

    with pytest.raises(Refused) as refused:
        stage.registry(Line.CONFIDENTIAL, units=[planted.unit_id]).post("/documents", body)

    assert refused.value.grounds
    assert CONTENT not in str(refused.value)
    assert not any(CONTENT in ground.reason for ground in refused.value.grounds)


def _answers_of_the_open_side(system: System) -> Iterator[tuple[str, str]]:
    for service in system.services:
        if service.line.value == Line.CONFIDENTIAL.value:
            continue
        url = system.url(service.name)
        yield f"{service.name}/metrics", httpx.get(url + "/metrics", timeout=30).text
        if service.stores:
            for path, role in (("/events", "subscriber"), ("/parked", "auditor")):
                token = system.token(role, Line.OPEN)
                answer = httpx.get(url + path, headers={"Authorization": f"Bearer {token}"}, timeout=30)
                yield service.name + path, answer.text
