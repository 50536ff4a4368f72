"""What leaves the registry: thin events, on its own line, with nothing of a document's text or people in them."""

from collections.abc import Callable
from uuid import uuid4

from baqylau.eventstore.aggregate import Cause
from baqylau.lines import Line
from baqylau.segregation import PermittedUnit
from registry.domain.document import Document
from registry.domain.journal import Journal
from registry.domain.values import Addressee, Circumstances, Executor, Requisites, Signature
from registry.publications import publisher

MARK = "ҚҰПИЯСӨЗ"


def test_no_title_name_or_reason_is_published(
    unit: PermittedUnit,
    journal: Journal,
    requisites: Callable[..., Requisites],
    circumstances: Callable[..., Circumstances],
    cause: Cause,
) -> None:
    document = Document(uuid4())
    marked = requisites(
        title=MARK,
        executor=Executor(surname=MARK, given_name=MARK, phone=MARK),
        addressee=Addressee(unit_code=MARK),
        signature=Signature(name=MARK, job_title=MARK, short_title=MARK),
    )
    document.register(unit, "MIN-A", marked, circumstances(), "a" * 64, journal, cause)
    document.correct(unit, marked.model_copy(update={"title": MARK * 2}), circumstances(), MARK, cause)
    document.store_content(unit, uuid4(), "a" * 64, 5, "text/plain", cause)
    document.withdraw(unit, MARK, circumstances().today, cause)
    events = [*document.collect_events(), *journal.collect_events()]

    published = [made for made in map(publisher(Line.CONFIDENTIAL), events) if made is not None]

    assert [type(made.event).__name__ for made in published] == [
        "DocumentRegistered",
        "DocumentCorrected",
        "DocumentWithdrawn",
    ]
    for made in published:
        assert MARK not in made.event.to_json().decode()
        assert made.lines == (Line.CONFIDENTIAL,)
        assert made.unit_ids == (unit.id,)


def test_a_registration_says_its_number_its_codes_and_what_it_was_judged_by(
    unit: PermittedUnit,
    journal: Journal,
    requisites: Callable[..., Requisites],
    circumstances: Callable[..., Circumstances],
    cause: Cause,
) -> None:
    document = Document(uuid4())
    document.register(unit, "MIN-A", requisites(), circumstances(), None, journal, cause)

    published = publisher(Line.NON_CONFIDENTIAL)(document.collect_events()[0])

    assert published is not None
    assert published.event.model_dump(mode="json", exclude_none=True) == {
        "document_id": str(document.id),
        "organization": "MIN-A",
        "unit_id": str(unit.id),
        "kind": "instruction",
        "form": "electronic",
        "classification": "public",
        "language": "kk",
        "dated": "2021-03-01",
        "registered_on": "2021-03-02",
        "registration_number": "A-01-2021/1",
        "citations": ["RK-703:2", "RK-703:43", "RK-703:46"],
    }
