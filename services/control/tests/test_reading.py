"""What is shown, and to whom: cursors, names, and the forms of executive discipline."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import date
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from baqylau.eventstore.service import Service
from baqylau.lines import Line
from baqylau.platform.auth import Caller, Role
from baqylau.platform.short_way import shown
from baqylau.refusals import Refused
from control.api.assignment_view import withhold_names
from control.api.reading_schemas import AssignmentList
from control.discipline import Discipline, OfficialDiscipline, OrganizationDiscipline, as_csv, as_html
from control.domain.paragraph_103_1 import OfficialRole
from control.domain.values import Control, ControllingSide, Occasion, Originator, Source, Status
from control.queries import Filters, assignments, cursor_of, place_of
from hypothesis import given
from hypothesis import strategies as st


@given(deadline=st.dates(), id_=st.uuids())
def test_a_list_goes_on_after_the_item_that_its_cursor_names(deadline: date, id_: UUID) -> None:
    assert place_of(cursor_of(deadline, id_)) == (deadline, id_)


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        place_of(text)

    assert refusal.value.grounds[0].reason == "cursor-malformed"


def test_an_executor_reads_names_of_its_own_people_and_in_its_own_letters() -> None:
    def shown() -> dict[str, object]:
        return {
            "responsible": [
                {"organization": "MIN-A", "post_id": "1", "name": "Ахметов", "position": "министр"},
                {"organization": "MIN-B", "post_id": "2", "name": "Иванова", "position": "министр"},
            ],
            "extension_requests": [
                {
                    "responsible": [
                        {"organization": "MIN-A", "name": "Сейітов", "position": "вице-министр"},
                        {"organization": "MIN-B", "name": "Оспанов", "position": "вице-министр"},
                    ],
                    "letter": {"signed_by": "Ахметов"},
                }
            ],
        }

    to_executor, to_co_executor = shown(), shown()
    withhold_names(to_executor, "MIN-A", "MIN-A")
    withhold_names(to_co_executor, "MIN-B", "MIN-A")

    assert [name for name in ("Ахметов", "Иванова", "Сейітов", "Оспанов") if name in str(to_executor)] == [
        "Ахметов",
        "Сейітов",
        "Оспанов",
    ]
    assert [name for name in ("Ахметов", "Иванова", "Сейітов", "Оспанов") if name in str(to_co_executor)] == [
        "Иванова",
        "Оспанов",
    ]


POST = uuid4()
FOUND = Discipline(
    first=date(2021, 1, 1),
    last=date(2021, 12, 31),
    organizations=[
        OrganizationDiscipline(
            organization="MIN-A",
            issued=3,
            missed=1,
            officials=[
                OfficialDiscipline(
                    post_id=POST,
                    role=OfficialRole.FIRST_HEAD,
                    name="=cmd()",
                    position="<b>министр</b>",
                    issued=3,
                    open=2,
                )
            ],
        )
    ],
)


def test_the_csv_has_a_line_for_each_organization_and_official() -> None:
    organization, official = csv.DictReader(io.StringIO(as_csv(FOUND)))

    assert (organization["organization"], organization["post_id"], organization["issued"]) == ("MIN-A", "", "3")
    assert (official["post_id"], official["role"], official["open"]) == (str(POST), "first_head", "2")


def test_no_cell_is_a_formula() -> None:
    assert "'=cmd()" in as_csv(FOUND)


def test_the_page_escapes_what_it_shows_and_heads_in_three_languages() -> None:
    page = as_html(FOUND)

    assert "<b>" not in page
    assert "&lt;b&gt;министр" in page
    assert all(heading in page for heading in ("Мерзімі өтті", "Срок нарушен", "Deadlines missed", "2021-01-01"))


TEXT = st.text(max_size=20)
PARTIES = st.lists(st.tuples(TEXT, st.uuids()), min_size=1, max_size=3)
LISTED = st.builds(
    lambda fixed, parties, overdue, stranded: (
        *fixed, [organization for organization, _ in parties], [unit for _, unit in parties], overdue, stranded
    ),
    st.tuples(
        st.uuids(),
        st.integers(1, 2**40),
        st.uuids(),
        TEXT,
        st.sampled_from(Source).map(str),
        st.sampled_from(Originator).map(str),
        st.booleans(),
        st.none() | st.sampled_from(Occasion).map(str),
        st.sampled_from(ControllingSide).map(str),
        st.sampled_from(Control).map(str),
        st.sampled_from(Status).map(str),
        st.dates(),
        st.dates(),
        TEXT,
    ),
    PARTIES,
    st.booleans(),
    st.lists(st.uuids(), max_size=2),
)  # fmt: skip


class Reads:
    """A service whose store answers these rows."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self.store = self
        self._rows = rows

    def search(self, query: str, *_: Any) -> Sequence[tuple[Any, ...]]:
        assert query.startswith(
            "SELECT id, version, document_id, clause, source, originator, personal, occasion, controlled_by, control, "
            "status, issued_on, deadline, area, organizations, units, "
        )
        return self._rows


@given(st.lists(LISTED, max_size=4))
def test_a_list_in_plain_values_is_what_its_response_model_describes(rows: list[tuple[Any, ...]]) -> None:
    caller = Caller("c", Line.NON_CONFIDENTIAL, frozenset({Role.CONTROLLER}), None, frozenset())

    found = assignments(cast(Service, Reads(rows[:3])), caller, Filters(), date(2021, 3, 1), None, 2)

    plain = json.loads(bytes(shown(found).body))
    modelled = json.loads(AssignmentList.model_validate(found).model_dump_json())
    assert json.dumps(plain, sort_keys=True) == json.dumps(modelled, sort_keys=True)
    assert (found["next"] is not None) is (len(rows) > 2)
