"""Whatever is asked, the answer is one that the API declares: never a fault of the service."""

from datetime import date
from urllib.parse import quote
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.control.conftest import Control, Place

pytestmark = pytest.mark.real

ODD = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["\x00", "MIN-A\x00", "0001-01-01", "9999-12-31", "10000-01-01", "0001-01-01T00:00:00+14:00", "true", "-1"]
    ),
    st.sampled_from(["9999-12-31T23:59:59-14:00", "MjAyMS0wNC0zMC8=", "MjAyMS0wNC0zMC8AAA==", str(2**63), "1e9"]),
    st.integers().map(str),
    st.datetimes().map(lambda at: at.isoformat()),
    st.dates().map(date.isoformat),
    st.binary(max_size=20).map(lambda raw: raw.decode("latin-1")),
)
PARAMETERS = [
    "status", "control", "organization", "due_before", "overdue", "stranded", "after", "limit", "version", "as_of",
    "from", "to", "format", "on",
]  # fmt: skip
PATHS = st.sampled_from(
    ["/assignments", "/assignments/{id}", "/assignments/{id}/history", "/assignments/{id}/attempts", "/discipline",
     "/organizations/MIN-A/control-subjects", "/rules", "/calendar/2021"]
)  # fmt: skip
DECLARED = {200, 401, 403, 404, 405, 409, 412, 413, 422}


@pytest.fixture
def id_(place: Place) -> str:
    return place.issued()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS, query=st.dictionaries(st.sampled_from(PARAMETERS), ODD, max_size=3))
def test_no_query_is_a_fault(control: Control, id_: str, path: str, query: dict[str, str]) -> None:
    asked = "&".join(f"{name}={quote(value, errors='surrogatepass')}" for name, value in query.items())

    answer = control.get(f"{path.format(id=id_)}?{asked}")

    assert answer.status_code in DECLARED, (answer.status_code, path, query)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=ODD.map(lambda value: quote(value, safe="", errors="surrogatepass")))
def test_no_path_is_a_fault(control: Control, odd: str) -> None:
    for path in ("/assignments/{}", "/calendar/{}", "/organizations/{}/control-subjects", "/assignments/{}/history"):
        assert control.get(path.format(odd)).status_code in DECLARED | {307}


NAMES = st.one_of(st.text(max_size=30), st.sampled_from(["\x00", "a\x00b", "\ud800", " ", "𝕬" * 301]), st.none())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, position=NAMES, areas=st.lists(NAMES, max_size=2), day=ODD, decree=NAMES)
def test_no_body_is_a_fault(
    control: Control,
    place: Place,  # noqa: ARG001
    name: str | None,
    position: str | None,
    areas: list[str | None],
    day: str,
    decree: str | None,
) -> None:
    deputy = {"name": name, "position": position, "areas": areas}
    subjects = {"first_head": {"name": name, "position": position}, "deputies": [deputy], "from": day}
    without_day = {key: value for key, value in subjects.items() if key != "from"}

    for body in (subjects, without_day):
        assert control.put("/organizations/MIN-A/control-subjects", body).status_code in DECLARED
    amendment = {"days": [{"date": day, "working": True}], "decree": decree}
    assert control.post("/calendar/amendments", amendment, role="operator").status_code in DECLARED | {201}


def test_what_is_unknown_and_what_is_not_yours_are_answered_alike(control: Control, place: Place) -> None:
    not_mine = control.get(f"/assignments/{place.issued()}", role="executor", organization="MIN-C")
    unknown = control.get(f"/assignments/{uuid4()}", role="executor", organization="MIN-C")

    assert (not_mine.status_code, not_mine.json()) == (unknown.status_code, unknown.json())
