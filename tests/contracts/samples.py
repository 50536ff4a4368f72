"""One event of each contract with every field filled in, also those that seldom meet in one record."""

from datetime import UTC, date, datetime

from baqylau.contracts import PublicEvent
from baqylau.contracts.notifications import NotificationFailed, NotificationSent
from baqylau.contracts.registry import DocumentCorrected, DocumentRegistered, DocumentWithdrawn
from baqylau.contracts.secrecy_gate import (
    EmployeePosted,
    EmployeeReleased,
    OrganizationRegistered,
    SegregationBreached,
    UnitDissolved,
    UnitEstablished,
    UnitMoved,
    UnitRegimeAssigned,
)
from baqylau.contracts.values import (
    ChannelKind,
    Classification,
    DocumentForm,
    DocumentKind,
    Line,
    Names,
    OrganizationKind,
    Regime,
)

from tests.contracts.samples_control import CONTROL
from tests.contracts.samples_letters import LETTERS
from tests.contracts.story import (
    ANSWERED,
    ASSIGNMENT,
    BREACH,
    DOCUMENT,
    EMPLOYEE,
    ISSUED,
    NOTICE,
    OTHER_ROOT_A,
    POSTING,
    RECIPIENT,
    ROOT_A,
    UNIT_A,
    UNIT_C,
)

UNIT_NAMES = Names(kk="Стратегия департаменті", ru="Департамент стратегии", en="Strategy Department")
SECRECY_GATE: tuple[PublicEvent, ...] = (
    OrganizationRegistered(
        code="MIN-A",
        names=Names(kk="А министрлігі", ru="Министерство А", en="Ministry A"),
        kind=OrganizationKind.STATE_BODY,
        territorial=False,
    ),
    UnitEstablished(
        unit_id=UNIT_A,
        organization="MIN-A",
        code="A-01",
        names=UNIT_NAMES,
        parent_id=ROOT_A,
        root_id=ROOT_A,
        documentation_service=False,
    ),
    UnitRegimeAssigned(
        unit_id=UNIT_A,
        organization="MIN-A",
        code="A-01",
        names=UNIT_NAMES,
        parent_id=ROOT_A,
        root_id=ROOT_A,
        documentation_service=False,
        regime=Regime.NON_CONFIDENTIAL,
        citations=("RK-703:2",),
    ),
    UnitMoved(
        unit_id=UNIT_A,
        organization="MIN-A",
        parent_id=OTHER_ROOT_A,
        previous_root_id=ROOT_A,
        root_id=OTHER_ROOT_A,
        moved_unit_ids=(UNIT_A,),
        regime=Regime.NON_CONFIDENTIAL,
    ),
    UnitDissolved(
        unit_id=UNIT_A, organization="MIN-A", dissolved_on=date(2021, 12, 31), regime=Regime.NON_CONFIDENTIAL
    ),
    EmployeePosted(
        posting_id=POSTING,
        employee_id=EMPLOYEE,
        unit_id=UNIT_A,
        organization="MIN-A",
        regime=Regime.NON_CONFIDENTIAL,
        citations=("RK-703:2",),
    ),
    EmployeeReleased(
        posting_id=POSTING,
        employee_id=EMPLOYEE,
        unit_id=UNIT_A,
        organization="MIN-A",
        regime=Regime.NON_CONFIDENTIAL,
    ),
    SegregationBreached(
        breach_id=BREACH,
        line=Line.NON_CONFIDENTIAL,
        recorded_by="registry",
        record_type="baqylau.registry.DocumentRegistered.v1",
        record_id=DOCUMENT,
        unit_id=UNIT_C,
        record_regime=Regime.NON_CONFIDENTIAL,
        unit_regime=Regime.CONFIDENTIAL,
        found_at=datetime(2021, 3, 1, 9, 30, 15, tzinfo=UTC),
        citations=("RK-703:2",),
    ),
)

REGISTRY: tuple[PublicEvent, ...] = (
    DocumentRegistered(
        document_id=DOCUMENT,
        organization="MIN-A",
        unit_id=UNIT_A,
        kind=DocumentKind.INSTRUCTION,
        form=DocumentForm.ELECTRONIC,
        classification=Classification.PUBLIC,
        language="kk",
        dated=ISSUED,
        registered_on=date(2021, 3, 2),
        registration_number="A-01-2021/17",
        answers_id=ANSWERED,
        citations=("RK-703:43-5-8", "RK-703:43-5-11"),
    ),
    DocumentCorrected(
        document_id=DOCUMENT,
        organization="MIN-A",
        unit_id=UNIT_A,
        corrected=("dated", "language"),
        corrected_on=date(2021, 3, 4),
    ),
    DocumentWithdrawn(document_id=DOCUMENT, organization="MIN-A", unit_id=UNIT_A, withdrawn_on=date(2021, 3, 5)),
)

NOTIFICATIONS: tuple[PublicEvent, ...] = (
    NotificationSent(
        notice_id=NOTICE,
        recipient_id=RECIPIENT,
        organization="MIN-A",
        unit_id=UNIT_A,
        cause_id=f"{ASSIGNMENT}.1",
        cause_type="baqylau.control.AssignmentIssued.v1",
        channel=ChannelKind.EMAIL,
        attempt=2,
        sent_at=datetime(2021, 3, 2, 4, 0, 7, 250000, tzinfo=UTC),
    ),
    NotificationFailed(
        notice_id=NOTICE,
        recipient_id=RECIPIENT,
        organization="MIN-A",
        unit_id=UNIT_A,
        cause_id=f"{ASSIGNMENT}.1",
        cause_type="baqylau.control.AssignmentIssued.v1",
        channel=ChannelKind.WEBHOOK,
        attempt=1,
        failed_at=datetime(2021, 3, 2, 4, 0, 2, tzinfo=UTC),
        reason_code="connection-refused",
        final=False,
    ),
)

SAMPLES: tuple[PublicEvent, ...] = SECRECY_GATE + REGISTRY + CONTROL + LETTERS + NOTIFICATIONS
