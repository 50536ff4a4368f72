"""Who and when, in the samples.

MIN-A executes and MIN-B co-executes clause 4 of an instruction of the President, issued on 1 March 2021. Dates are
counted by hand with the Kazakhstan calendar of that year.
"""

from datetime import date
from uuid import UUID

from baqylau.contracts.values import (
    Derivation,
    Direction,
    MovedProposal,
    Official,
    OfficialRole,
    Party,
)

UNIT_A = UUID("a0000000-0000-4000-8000-000000000001")
ROOT_A = UUID("a0000000-0000-4000-8000-000000000002")
OTHER_ROOT_A = UUID("a0000000-0000-4000-8000-000000000003")
UNIT_B = UUID("b0000000-0000-4000-8000-000000000001")
UNIT_C = UUID("c0000000-0000-4000-8000-000000000001")
POSTING = UUID("e0000000-0000-4000-8000-000000000001")
EMPLOYEE = UUID("e0000000-0000-4000-8000-000000000002")
BREACH = UUID("e0000000-0000-4000-8000-000000000003")
DOCUMENT = UUID("d0000000-0000-4000-8000-000000000001")
ANSWERED = UUID("d0000000-0000-4000-8000-000000000002")
ASSIGNMENT = UUID("d0000000-0000-4000-8000-000000000003")
NOTICE = UUID("d0000000-0000-4000-8000-000000000004")
RECIPIENT = UUID("d0000000-0000-4000-8000-000000000005")

HEAD_A = Official(
    post_id=UUID("f0000000-0000-4000-8000-000000000001"),
    organization="MIN-A",
    role=OfficialRole.FIRST_HEAD,
    acting=False,
)
DEPUTY_A = Official(
    post_id=UUID("f0000000-0000-4000-8000-000000000002"),
    organization="MIN-A",
    role=OfficialRole.DEPUTY,
    acting=False,
)
HEAD_B = Official(
    post_id=UUID("f0000000-0000-4000-8000-000000000003"),
    organization="MIN-B",
    role=OfficialRole.FIRST_HEAD,
    acting=True,
)

MIN_A = Party(organization="MIN-A", unit_id=UNIT_A)
MIN_B = Party(organization="MIN-B", unit_id=UNIT_B)

ISSUED = date(2021, 3, 1)
DEADLINE = date(2021, 4, 30)
NEW_DEADLINE = date(2021, 5, 28)
PROPOSAL_DUE = date(2021, 4, 23)
NEW_PROPOSAL_DUE = date(2021, 5, 21)
LETTER = date(2021, 4, 20)
DECIDED = date(2021, 4, 26)
OPINION_DUE = date(2021, 5, 5)
NOTICE_DUE = date(2021, 5, 13)


def counted(
    citation: str, counted_from: date, counted_to: date, working_days: int, *off: date, calendar_version: int = 1
) -> Derivation:
    return Derivation(
        citation=citation,
        rule_set="RK-703",
        calendar_version=calendar_version,
        counted_from=counted_from,
        direction=Direction.FORWARDS if counted_to > counted_from else Direction.BACKWARDS,
        working_days=working_days,
        counted_to=counted_to,
        days_off=off,
    )


BACK_FROM_DEADLINE = counted("RK-703:103-2", DEADLINE, PROPOSAL_DUE, 5, date(2021, 4, 24), date(2021, 4, 25))
BACK_FROM_NEW_DEADLINE = counted(
    "RK-703:103-2", NEW_DEADLINE, NEW_PROPOSAL_DUE, 5, date(2021, 5, 22), date(2021, 5, 23)
)
ON_FROM_RECEIPT = counted(
    "RK-703:103-2",
    date(2021, 3, 3),
    date(2021, 3, 9),
    3,
    date(2021, 3, 6),
    date(2021, 3, 7),
    date(2021, 3, 8),
)
OPINION_COUNT = counted(
    "RK-703:103-7",
    LETTER,
    OPINION_DUE,
    10,
    date(2021, 4, 24),
    date(2021, 4, 25),
    date(2021, 5, 1),
    date(2021, 5, 2),
    date(2021, 5, 3),
)
NOTICE_COUNT = counted(
    "RK-703:103-3",
    DECIDED,
    NOTICE_DUE,
    10,
    date(2021, 5, 1),
    date(2021, 5, 2),
    date(2021, 5, 3),
    date(2021, 5, 7),
    date(2021, 5, 8),
    date(2021, 5, 9),
    date(2021, 5, 10),
)

MOVED_PROPOSAL = MovedProposal(
    organization="MIN-B",
    unit_id=UNIT_B,
    previous_due=PROPOSAL_DUE,
    due=NEW_PROPOSAL_DUE,
    compressed=False,
    derivation=BACK_FROM_NEW_DEADLINE,
)
