"""Marked words in every text field of the confidential line, and a record of where they were planted."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
from baqylau_infra.system import System

from demo.client import Api, Json, Line, Refused, Stage, until, when_known

CONTENT = "qupiyasozi7f3"
"""Stands in texts and people's names: on no topic, in no log, in no notice, not even on the confidential line."""
CODES = "qupiyakody9b1"
"""Stands in codes and in unit names: outside the line only the gate knows it."""
SECRET = "cXVwaXlhc296aTdmM3F1cGl5YXNvemk3ZjM="
"""A webhook's secret: base64 of the marked word, twice."""
MARKS = (CONTENT, CODES, SECRET)

Fields = set[tuple[str, str, str]]
"""Method, path as OpenAPI writes it, and the body's field, dotted; list items have no number of their own."""


@dataclass
class Planter:
    """One service's API, and where marked words were sent through it."""

    api: Api
    service: str
    sent: list[tuple[str, str, str, Any]]

    def post(self, path: str, body: Json) -> Json:
        self.sent.append((self.service, "POST", path, body))
        return self.api.post(path, body)

    def put(self, path: str, body: Json) -> Json:
        self.sent.append((self.service, "PUT", path, body))
        return self.api.put(path, body)

    def refused(self, path: str, body: Json) -> None:
        """Send what can't be taken: the refusal repeats nothing of it."""
        with pytest.raises(Refused) as refused:
            self.post(path, body)
        assert not any(mark in str(refused.value) for mark in MARKS)


class Planting:
    """A document and two assignments on the confidential line, with a marked word wherever text is taken."""

    def __init__(self, system: System, stage: Stage) -> None:
        self.system = system
        self.stage = stage
        self.organization = f"PLANT-{uuid4().hex[:8]}"
        self.other = f"PLANT-{uuid4().hex[:8]}"
        self.recipient = str(uuid4())
        self.unit_id = ""
        self.other_unit_id = ""
        self.document_id = ""
        self.assignment_id = ""
        self.sent: list[tuple[str, str, str, Any]] = []

    def plant(self) -> None:
        self.stage.it_is(date(2021, 6, 1))
        self.unit_id, self.other_unit_id = self._unit(self.organization), self._unit(self.other)
        self._recipient()
        self.document_id = self._document()
        self._subjects()
        self._of_the_government()
        self.assignment_id = self._issued()
        self._work()
        self.stage.it_is(date(2021, 8, 1))
        until(lambda: "DeadlineMissed" in str(self._history()), "the deadline to be missed")
        self._after("/misses/2021-07-30/rescission", {"reason": CONTENT, "evidence": CONTENT})
        self._after("/corrections", {"reason": CONTENT, "text": f"{CONTENT} 2", "clause": f"{CODES} 2", "area": CODES})
        self._after("/withdrawal", {"reason": CONTENT})
        self.at("registry").post(f"/documents/{self._registered()}/withdrawal", {"reason": CONTENT})
        self._dissolved()
        self._parked()
        self.stage.real_time_again()

    def at(self, service: str, role: str = "", organization: str | None = None) -> Planter:
        """A service of the confidential line, or the gate, as whom it takes commands."""
        match service:
            case "gate":
                api = self.stage.gate()
            case "registry":
                api = self.stage.registry(
                    Line.CONFIDENTIAL, organization=self.organization, units=[self.unit_id] if self.unit_id else []
                )
            case "control":
                api = self.stage.control(Line.CONFIDENTIAL, role or "controller", organization)
            case _:
                api = self.stage.notifications(Line.CONFIDENTIAL)
        return Planter(api, service, self.sent)

    def planted(self, service: str) -> Fields:
        """Where a marked word was sent to a service."""
        found: Fields = set()
        for at, method, path, body in self.sent:
            if at == service:
                template = re.sub(r"/(extension-requests|reports)/\d+", r"/\1/{number}", path)
                template = re.sub(r"/misses/[^/]+", "/misses/{deadline}", template)
                template = re.sub(r"(?<=/organizations/)[^/]+", "{code}", template)
                template = re.sub(r"(?<=/parked/)[^/]+", "{key}", template)
                template = re.sub(r"/[0-9a-f]{8}-[0-9a-f-]{27}", "/{id}", template)
                found |= {(method, template, field) for field in _marked(body)}
        return found

    def _unit(self, organization: str) -> str:
        names = {"kk": CODES, "ru": CODES, "en": CODES}
        gate = self.at("gate")
        body = {"code": organization, "names": {"kk": "Ұ", "ru": "О", "en": "O"}, "kind": "state_body"}
        gate.post("/organizations", {**body, "territorial": False})
        unit = {"organization": organization, "code": f"{CODES}-{organization}", "names": names}
        unit_id = str(gate.post("/units", unit)["id"])
        gate.put(f"/units/{unit_id}/regime", {"regime": "confidential"})
        return unit_id

    def _recipient(self) -> None:
        self.at("gate").post("/postings", {"employee_id": self.recipient, "unit_id": self.unit_id})
        told = {
            "employee_id": self.recipient,
            "unit_id": self.unit_id,
            "organization": self.organization,
            "role": "registrar",
            "language": "kk",
            "channels": [
                {"email": f"{CONTENT}@example.org"},
                {"webhook": f"http://127.0.0.1:9/{CONTENT}", "secret": SECRET},
            ],
        }
        when_known(lambda: self.at("notifications").put(f"/recipients/{self.recipient}", told))

    def _requisites(self) -> Json:
        return {
            "title": f"Құпия {CONTENT}",
            "executor": {"surname": CONTENT, "given_name": CONTENT, "phone": CONTENT},
            "addressee": {"unit_code": CONTENT, "territorial": False},
            "signature": {"name": CONTENT, "job_title": CONTENT, "short_title": CONTENT},
        }

    def _unknown_addressee(self) -> Json:
        return {"organization": CONTENT, "unit_code": CONTENT, "territorial": False}

    def _registered(self) -> str:
        document = {
            "organization": self.organization,
            "unit_id": self.unit_id,
            "kind": "instruction",
            "form": "paper",
            "classification": "top_secret",
            "language": "kk",
            "dated": "2021-06-01",
            "sheets": 2,
            "on_letterhead": False,
            **self._requisites(),
        }
        return str(when_known(lambda: self.at("registry").post("/documents", document))["id"])

    def _document(self) -> str:
        document_id = self._registered()
        registry = self.at("registry")
        corrections = f"/documents/{document_id}/corrections"
        registry.post(corrections, {"reason": CONTENT, **self._requisites(), "title": f"{CONTENT} 2"})
        registry.refused(corrections, {"reason": CONTENT, "addressee": self._unknown_addressee()})
        registry.refused("/documents", {**self._requisites(), "addressee": self._unknown_addressee()})
        token = self.system.token("registrar", Line.CONFIDENTIAL, self.organization, [self.unit_id])
        httpx.put(
            self.system.url("registry", Line.CONFIDENTIAL) + f"/documents/{document_id}/content",
            content=f"{CONTENT}\n" * 1000,
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "text/plain",
                "Idempotency-Key": CONTENT,
            },
            timeout=30,
        ).raise_for_status()
        assert registry.api.get("/documents", q=CONTENT)["items"], "it is really there, for those who may see it"
        return document_id

    def _subjects(self) -> None:
        person = {"name": CONTENT, "position": CONTENT}
        subjects = {"first_head": person, "deputies": [{**person, "areas": [CODES]}]}
        for organization in (self.organization, self.other):
            path = f"/organizations/{organization}/control-subjects"
            when_known(lambda path=path: self.at("control").put(path, subjects))

    def _issued(self, **more: object) -> str:
        assignment = {
            "document_id": self.document_id,
            "clause": CODES,
            "text": CONTENT,
            "source": "instruction",
            "originator": "president",
            "control": "short_term",
            "deadline": "2021-07-15",
            "executor": {"organization": self.organization, "unit_id": self.unit_id, "area": CODES},
            "co_executors": [{"organization": self.other, "unit_id": self.other_unit_id, "area": CODES}],
            **more,
        }
        return str(when_known(lambda: self.at("control").post("/assignments", assignment))["id"])

    def _letter(self) -> Json:
        people = [
            {"organization": organization, "name": CONTENT, "position": CONTENT}
            for organization in (self.organization, self.other, CONTENT)
        ]
        return {
            "kind": "extension",
            "new_deadline": "2021-07-30",
            "current_state": CONTENT,
            "justification": CONTENT,
            "responsible": people,
            "evidence": CONTENT,
            "agreement": {"by": "deputy_prime_minister", "agreed_on": "2021-06-01", "reference": CONTENT},
            "letter": {"registration_number": CONTENT, "dated": "2021-06-01", "signed_by": CONTENT},
            "submitted_on": "2021-06-01",
        }

    def _of_the_government(self) -> None:
        """An assignment that the Government controls: it owes a notice of its decision."""
        self.assignment_id = self._issued(occasion="public_event")
        self._after("/extension-requests", self._letter(), organization=self.organization)
        self._after("/extension-requests/1/refusal", {"decided_by": "prime_minister", "reason": CONTENT})
        self._after("/extension-requests/1/notice", {"reference": CONTENT})

    def _work(self) -> None:
        letter, executor = self._letter(), self.organization
        too_early = {**letter, "new_deadline": "2021-07-01"}
        self.at("control").refused(f"/assignments/{self.assignment_id}/extension-requests", too_early)
        self._after("/proposals", {"organization": self.other, "text": CONTENT}, organization=self.other)
        self._after("/extension-requests", letter, organization=executor)
        self._after("/extension-requests/1/refusal", {"decided_by": "head_of_pa", "reason": CONTENT})
        self._after("/extension-requests", letter, organization=executor)
        opinion = {"unit": CONTENT, "supports": True, "text": CONTENT}
        self._after("/extension-requests/2/opinion", opinion)
        outcome = {"exceptional_circumstances": CONTENT, "disciplinary_outcome": CONTENT}
        self._after("/extension-requests/2/grant", {"decided_by": "president", **outcome})
        self._after("/reports", {"text": CONTENT, "evidence": CONTENT}, organization=executor)
        self._after("/reports/1/return", {"reason": CONTENT})
        replacement = {"organization": self.other, "unit_id": self.other_unit_id, "area": f"{CODES} 3"}
        self._after("/executors", {"reason": CONTENT, "previous": self.other, "replacement": replacement})

    def _dissolved(self) -> None:
        names = {"kk": CODES, "ru": CODES, "en": CODES}
        body = {"organization": self.organization, "code": f"{CODES}-2", "names": names, "parent_id": self.unit_id}
        unit = self.at("gate").post("/units", body)["id"]
        self.at("gate").post(f"/units/{unit}/dissolve", {"reason": CODES})

    def _parked(self) -> None:
        """Nothing is parked here: what an operator says about it is refused, and found nowhere either."""
        body = {"reason": CONTENT, "records": [{"upstream": CONTENT, "position": 1}]}
        for service in ("registry", "control", "notifications", "gate"):
            api = self.stage.gate("operator") if service == "gate" else self._operator(service)
            Planter(api, service, self.sent).refused(f"/parked/{uuid4()}/discard", body)

    def _operator(self, service: str) -> Api:
        found: Api = getattr(self.stage, service)(Line.CONFIDENTIAL, "operator")
        return found

    def _history(self) -> Json:
        return self.at("control").api.get(f"/assignments/{self.assignment_id}/history", limit=500)

    def _after(self, path: str, body: Json, organization: str | None = None) -> Json:
        role = "executor" if organization else "controller"
        return self.at("control", role, organization).post(f"/assignments/{self.assignment_id}{path}", body)


def _marked(value: Any, place: str = "") -> list[str]:
    """The fields, dotted, that hold a marked word."""
    match value:
        case str():
            return [place] if any(mark in value for mark in MARKS) else []
        case list():
            return [found for one in value for found in _marked(one, place)]
        case dict():
            return [found for name, one in value.items() for found in _marked(one, f"{place}.{name}".strip("."))]
    return []
