"""A document's content is there whole, or not at all, whatever ends in the middle; and a verification says which."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import LiteralString
from uuid import UUID

import pytest
from baqylau import segregation
from baqylau.contracts.secrecy_gate import OrganizationRegistered, UnitRegimeAssigned
from baqylau.contracts.values import Names, Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.eventstore.verification import verify
from baqylau.eventstore.work import Work
from baqylau.platform.settings import Settings
from baqylau.refusals import Refused
from baqylau.segregation import KnownUnits
from baqylau.testing.wait import wait_until
from registry import publications
from registry.api.schemas import RegisterDocument
from registry.application import Received, Registry
from registry.projections.content import CONTENT, Contents
from registry.projections.documents import DOCUMENTS
from registry.verification import ContentsWhole

pytestmark = pytest.mark.real

TODAY, UNIT = date(2021, 3, 1), UUID(int=7)
CAUSE = Cause(actor="registrar", recorded_at=datetime(2021, 3, 1, tzinfo=UTC), correlation_id="c")
PIECES = (b"first piece, ", b"and the second")
WHOLE = b"".join(PIECES)
NAMES = Names(kk="Б", ru="О", en="U")


@dataclass
class Shelf:
    service: Service
    registry: Registry
    contents: Contents
    document: UUID

    def received(self) -> Received:
        """A content whose pieces are all there."""
        upload = self.contents.begin()
        for number, piece in enumerate(PIECES):
            self.contents.add(upload, number, piece)
        return Received(upload, hashlib.sha256(WHOLE).hexdigest(), len(WHOLE), "text/plain")

    def storing(self, work: Work, received: Received) -> None:
        self.registry.store_content(work, self.document, None, received, CAUSE)

    def stored(self) -> bytes:
        return b"".join(self.contents.pieces(self.registry.content(self.document, None).upload_id))


@pytest.fixture
def shelf(settings: Settings) -> Iterator[Shelf]:
    publish = publications.publisher(settings.line)
    service = Service("registry", settings, publish, [DOCUMENTS, CONTENT], [segregation.TABLES], [ContentsWhole])
    units = KnownUnits(settings.line)
    registry = Registry(service.store, units, Regime.NON_CONFIDENTIAL)
    service.writer.start()
    told = units.policies()
    organization = OrganizationRegistered(code="MIN-A", names=NAMES, kind="state_body", territorial=False)
    unit = UnitRegimeAssigned(
        unit_id=UNIT,
        organization="MIN-A",
        code="01",
        names=NAMES,
        root_id=UNIT,
        documentation_service=False,
        regime=Regime.NON_CONFIDENTIAL,
        citations=("RK-703:2",),
    )
    for event in (organization, unit):
        service.writer.submit(lambda work, event=event: told[type(event)](work, event, CAUSE)).result(30)
    body = {
        "organization": "MIN-A",
        "unit_id": UNIT,
        "kind": "memo",
        "form": "electronic",
        "classification": "public",
        "title": "Т",
        "language": "kk",
        "dated": "2021-03-01",
        "sheets": 1,
        "on_letterhead": False,
        "executor": {"surname": "С"},
        "addressee": {"organization": "MIN-A", "territorial": False},
        "signature": {"name": "С", "job_title": "Б"},
    }
    register = RegisterDocument.model_validate(body)
    made = service.writer.submit(lambda work: registry.register(work, register, TODAY, CAUSE)).result(30)
    yield Shelf(service, registry, Contents(service.store), made.id)
    service.writer.stop()
    service.close()


def test_an_upload_that_was_given_up_before_its_command_ran_becomes_no_content(shelf: Shelf) -> None:
    """The request was ended while its command waited: whoever sends it again must not be told that it is there."""
    received = shelf.received()
    shelf.contents.end(received.upload_id)

    with pytest.raises(Refused) as refused:
        shelf.service.writer.submit(lambda work: shelf.storing(work, received)).result(30)

    assert [ground.reason for ground in refused.value.grounds] == ["upload-given-up"]
    again = shelf.received()
    shelf.service.writer.submit(lambda work: shelf.storing(work, again)).result(30)
    assert shelf.stored() == WHOLE


def test_an_upload_that_is_given_up_while_its_command_runs_stays(shelf: Shelf) -> None:
    received, running, go_on = shelf.received(), threading.Event(), threading.Event()

    def task(work: Work) -> None:
        shelf.storing(work, received)
        running.set()
        go_on.wait(30)

    answer = shelf.service.writer.submit(task)
    running.wait(30)
    giving_up = threading.Thread(target=shelf.contents.end, args=(received.upload_id,))
    giving_up.start()
    waits: LiteralString = (
        "SELECT 1 FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND starts_with(query, 'DELETE FROM content_uploads')"
    )
    wait_until(lambda: shelf.service.store.read(waits), "who gives it up waits")
    go_on.set()
    giving_up.join(30)

    answer.result(30)
    assert shelf.stored() == WHOLE
    assert verify(shelf.service).holds


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM content_pieces WHERE number = 1",
        "DELETE FROM content_pieces",
        "UPDATE content_pieces SET piece = 'another'",
        "UPDATE content_pieces SET number = 1 - number + 10",
    ],
)
def test_a_verification_names_the_document_whose_content_was_damaged(shelf: Shelf, damage: str) -> None:
    received = shelf.received()
    shelf.service.writer.submit(lambda work: shelf.storing(work, received)).result(30)
    assert verify(shelf.service).holds

    with shelf.service.store.connect() as connection:
        connection.execute(damage)

    assert [found.what for found in verify(shelf.service).shown] == [f"content-damaged: of {shelf.document}"]
