"""A document's life: registered with all grounds judged, corrected, given its content, withdrawn."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from baqylau.contracts.values import Classification, DocumentForm, DocumentKind, OrganizationKind, Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.refusals import Ground, Refused
from baqylau.segregation import KnownOrganization, PermittedUnit
from registry.domain import judgement
from registry.domain.document import Document
from registry.domain.journal import Journal
from registry.domain.paragraph_2 import classification_grounds
from registry.domain.values import Addressee, Circumstances, Executor, Requisites, Signature

BuildRequisites = Callable[..., Requisites]
BuildCircumstances = Callable[..., Circumstances]
BuildDocument = Callable[..., Document]

UNKNOWN_UNIT = Ground("RK-703:2", "unit-regime-unknown", "unit_id")
DIGEST, OTHER_DIGEST = "a" * 64, "b" * 64


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [ground.reason for ground in refused.value.grounds]


def test_numbers_of_a_unit_and_year_follow_one_another(
    unit: PermittedUnit,
    journal: Journal,
    requisites: BuildRequisites,
    circumstances: BuildCircumstances,
    cause: Cause,
) -> None:
    documents = [Document(uuid4()) for _ in range(3)]

    for document in documents:
        document.register(unit, "MIN-A", requisites(), circumstances(), None, journal, cause)

    assert [document.registration_number for document in documents] == ["A-01-2021/1", "A-01-2021/2", "A-01-2021/3"]


def test_a_refused_document_takes_no_number(
    unit: PermittedUnit,
    journal: Journal,
    requisites: BuildRequisites,
    circumstances: BuildCircumstances,
    cause: Cause,
) -> None:
    with pytest.raises(Refused):
        Document(uuid4()).register(
            unit, "MIN-A", requisites(executor=Executor()), circumstances(), None, journal, cause
        )

    accepted = Document(uuid4())
    accepted.register(unit, "MIN-A", requisites(), circumstances(), None, journal, cause)

    assert accepted.registration_number == "A-01-2021/1"


def test_another_year_and_another_unit_have_journals_of_their_own(unit: PermittedUnit) -> None:
    ids = {Journal.id_for(unit.id, 2021), Journal.id_for(unit.id, 2022), Journal.id_for(uuid4(), 2021)}

    assert len(ids) == 3
    assert Journal.id_for(unit.id, 2021) in ids


def test_a_journal_goes_on_after_a_replay(unit: PermittedUnit, journal: Journal, cause: Cause) -> None:
    for _ in range(5):
        journal.enter(unit, 2021, uuid4(), cause)

    replayed = Journal.replay(journal.collect_events())

    assert replayed is not None
    assert replayed.enter(unit, 2021, uuid4(), cause) == 6


def test_every_ground_is_named_at_once_each_under_its_paragraph(
    journal: Journal, requisites: BuildRequisites, circumstances: BuildCircumstances, cause: Cause
) -> None:
    wrong = requisites(
        kind=DocumentKind.ORDER,
        form=DocumentForm.PAPER,
        classification=Classification.SECRET,
        dated=circumstances().today + timedelta(days=1),
        executor=Executor(),
        addressee=Addressee(organization="NOBODY"),
        signature=Signature(),
        answers_id=uuid4(),
    )

    with pytest.raises(Refused) as refused:
        Document(uuid4()).register(UNKNOWN_UNIT, "NONE", wrong, circumstances(organization=None), None, journal, cause)

    assert [(ground.citation, ground.field) for ground in refused.value.grounds] == [
        ("RK-703:2", "unit_id"),
        ("RK-703:2", "classification"),
        ("RK-703:43", "executor.surname"),
        ("RK-703:43", "executor.phone"),
        ("RK-703:46", "signature.name"),
        ("RK-703:46", "signature.job_title"),
        (None, "dated"),
        (None, "organization"),
        (None, "addressee.organization"),
        (None, "answers_id"),
    ]


@pytest.mark.parametrize("classification", Classification)
def test_every_classification_has_exactly_one_regime(classification: Classification) -> None:
    secret = {Classification.SECRET, Classification.TOP_SECRET, Classification.SPECIAL_IMPORTANCE}
    own = Regime.CONFIDENTIAL if classification in secret else Regime.NON_CONFIDENTIAL

    for regime in Regime:
        grounds = classification_grounds(classification, regime)
        assert [(g.citation, g.reason, g.of_payload) for g in grounds] == (
            [] if regime is own else [("RK-703:2", "classification-of-other-regime", False)]
        )


def test_a_unit_registers_for_its_own_organization_only(
    unit: PermittedUnit,
    journal: Journal,
    requisites: BuildRequisites,
    circumstances: BuildCircumstances,
    cause: Cause,
) -> None:
    other = KnownOrganization("MIN-B", OrganizationKind.STATE_BODY, territorial=False)

    with pytest.raises(Refused) as refused:
        Document(uuid4()).register(unit, "MIN-B", requisites(), circumstances(organization=other), None, journal, cause)

    assert reasons(refused) == ["unit-of-other-organization"]


def test_a_correction_names_only_what_changed_and_is_judged_as_a_whole(
    unit: PermittedUnit, registered: BuildDocument, circumstances: BuildCircumstances, cause: Cause
) -> None:
    document = registered()
    retitled = document.requisites.model_copy(update={"title": "Бұйрық туралы", "sheets": 3})
    to_letter = document.requisites.model_copy(update={"kind": DocumentKind.LETTER})

    document.correct(unit, retitled, circumstances(), "қате", cause)
    with pytest.raises(Refused) as refused:
        document.correct(unit, to_letter, circumstances(), "қате", cause)

    [event] = document.collect_events()
    assert isinstance(event, Document.DocumentCorrected)
    assert event.corrected == ("title",)
    assert reasons(refused) == ["addressee-missing"]
    assert document.requisites == retitled


def test_the_same_correction_again_is_nothing_new(
    unit: PermittedUnit, registered: BuildDocument, circumstances: BuildCircumstances, cause: Cause
) -> None:
    document = registered()

    document.correct(unit, document.requisites, circumstances(), "қате", cause)

    assert document.collect_events() == []


def test_a_document_can_not_answer_itself(
    unit: PermittedUnit, registered: BuildDocument, circumstances: BuildCircumstances, cause: Cause
) -> None:
    document = registered()
    to_itself = document.requisites.model_copy(update={"answers_id": document.id})

    with pytest.raises(Refused) as refused:
        document.correct(unit, to_itself, circumstances(answered_is_known=True), "қате", cause)

    assert reasons(refused) == ["document-answers-itself"]


def test_after_its_withdrawal_a_document_takes_no_act_more(
    unit: PermittedUnit, registered: BuildDocument, circumstances: BuildCircumstances, cause: Cause
) -> None:
    document = registered()
    retitled = document.requisites.model_copy(update={"title": "Бұйрық туралы"})
    document.withdraw(unit, "қате тіркелді", circumstances().today, cause)

    refusals = []
    acts: tuple[Callable[[], None], ...] = (
        lambda: document.withdraw(unit, "тағы", circumstances().today, cause),
        lambda: document.correct(unit, retitled, circumstances(), "қате", cause),
        lambda: document.store_content(unit, uuid4(), DIGEST, 5, "text/plain", cause),
    )
    for act in acts:
        with pytest.raises(Refused) as refused:
            act()
        refusals.append(reasons(refused))

    assert refusals == [["document-withdrawn"]] * 3
    assert document.version == 2


def test_no_act_on_a_document_goes_round_its_unit(
    registered: BuildDocument, circumstances: BuildCircumstances, cause: Cause
) -> None:
    dissolved = Ground(None, "unit-dissolved", "unit_id")
    document = registered()
    retitled = document.requisites.model_copy(update={"title": "Бұйрық туралы"})

    acts: tuple[Callable[[], None], ...] = (
        lambda: document.withdraw(dissolved, "қате", circumstances().today, cause),
        lambda: document.correct(dissolved, retitled, circumstances(), "қате", cause),
        lambda: document.store_content(dissolved, uuid4(), DIGEST, 5, "text/plain", cause),
    )
    for act in acts:
        with pytest.raises(Refused) as refused:
            act()
        assert reasons(refused) == ["unit-dissolved"]

    assert document.version == 1


@pytest.mark.parametrize(
    ("registered_digest", "first", "size", "grounds"),
    [
        (None, DIGEST, 5, []),
        (DIGEST, DIGEST, 5, []),
        (DIGEST, OTHER_DIGEST, 5, ["content-digest-differs"]),
        (None, DIGEST, 0, ["content-empty"]),
    ],
)
def test_a_content_has_the_registered_digest_where_there_is_one(
    registered_digest: str | None,
    first: str,
    size: int,
    grounds: list[str],
    unit: PermittedUnit,
    registered: BuildDocument,
    cause: Cause,
) -> None:
    document = registered(registered_digest)
    found: list[str] = []

    try:
        document.store_content(unit, uuid4(), first, size, "text/plain", cause)
    except Refused as refused:
        found = [ground.reason for ground in refused.grounds]

    assert found == grounds
    assert document.content_stored is not bool(grounds)


def test_a_content_is_final_but_the_same_again_is_nothing_new(
    unit: PermittedUnit, registered: BuildDocument, cause: Cause
) -> None:
    document = registered()
    document.store_content(unit, uuid4(), DIGEST, 5, "text/plain", cause)
    document.collect_events()

    document.store_content(unit, uuid4(), DIGEST, 5, "text/plain", cause)
    with pytest.raises(Refused) as refused:
        document.store_content(unit, uuid4(), OTHER_DIGEST, 5, "text/plain", cause)

    assert document.collect_events() == []
    assert reasons(refused) == ["content-final"]


def test_a_replayed_document_is_the_same(
    unit: PermittedUnit,
    journal: Journal,
    requisites: BuildRequisites,
    circumstances: BuildCircumstances,
    cause: Cause,
) -> None:
    document = Document(uuid4())
    document.register(unit, "MIN-A", requisites(), circumstances(), None, journal, cause)
    retitled = document.requisites.model_copy(update={"title": "Бұйрық туралы"})
    document.correct(unit, retitled, circumstances(), "қате", cause)
    document.store_content(unit, uuid4(), DIGEST, 5, "text/plain", cause)
    document.withdraw(unit, "қате", circumstances().today, cause)

    replayed = Document.replay(document.collect_events())

    assert vars(replayed) == vars(document)


@pytest.mark.parametrize(("days_after_today", "grounds"), [(-4000, []), (0, []), (1, ["dated-in-the-future"])])
def test_a_document_may_be_dated_to_the_very_day_of_the_act(
    days_after_today: int, grounds: list[str], requisites: BuildRequisites, circumstances: BuildCircumstances
) -> None:
    dated = circumstances().today + timedelta(days=days_after_today)

    found = judgement.grounds(requisites(dated=dated), circumstances())

    assert [(ground.reason, ground.citation, ground.of_payload) for ground in found] == [
        (reason, None, True) for reason in grounds
    ]
