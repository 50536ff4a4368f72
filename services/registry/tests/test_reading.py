"""What a read answers in plain values is what its response model describes, whatever a document has and lacks."""

import json
from datetime import UTC, date, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from baqylau.contracts.values import Regime
from baqylau.eventstore.store import Store
from baqylau.lines import Line
from baqylau.platform.short_way import shown
from baqylau.segregation import KnownUnits
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from registry.api.schemas import Correction, DocumentList, DocumentView
from registry.application import Asked, Registry
from registry.domain.values import Requisites

UNIT = uuid4()
EVERYTHING = Asked(None, None, None, None, None, None, 2)
WORDS = st.text(max_size=20)
_CORRECTION = st.builds(Correction).map(lambda one: one.model_dump(mode="json"))
_ROW = st.tuples(
    st.uuids(),
    WORDS,
    st.just(UNIT),
    st.sampled_from(Regime).map(str),
    WORDS,
    st.dates(),
    st.builds(Requisites, sheets=st.integers(1, 2**31)).map(
        lambda one: json.loads(one.model_dump_json())
    ),  # as jsonb gives it
    st.none() | WORDS,
)
_CONTENT = st.tuples(st.none(), st.none()) | st.tuples(st.integers(1, 2**40), WORDS)
_WITHDRAWAL = st.tuples(st.none(), st.none()) | st.tuples(st.dates(), WORDS)
ROWS = st.builds(
    lambda first, content, corrections, withdrawal, version: (
        *first, *content, corrections, *withdrawal, version, datetime(2021, 3, 2, 6, 0, 0, 7, UTC)
    ),
    _ROW,
    _CONTENT,
    st.lists(_CORRECTION, max_size=2),
    _WITHDRAWAL,
    st.integers(1, 2**40),
)  # fmt: skip


class Reads:
    """A store that answers these rows."""

    def __init__(self, *rows: tuple[Any, ...]) -> None:
        self._rows = list(rows)

    def read(self, query: str, *_: Any) -> list[tuple[Any, ...]]:
        columns = query[len("SELECT ") : query.index(" FROM")].split(", ")
        assert all(len(row) == len(columns) for row in self._rows)
        return self._rows

    search = read


def registry(*rows: tuple[Any, ...]) -> Registry:
    return Registry(cast(Store, Reads(*rows)), KnownUnits(Line.NON_CONFIDENTIAL), Regime.NON_CONFIDENTIAL)


def same(plain: Any, model: type[BaseModel]) -> None:
    """To the value, as JSON: nothing lacks, nothing is there besides, nothing is written otherwise."""
    modelled = json.loads(model.model_validate(plain).model_dump_json())
    assert json.dumps(json.loads(bytes(shown(plain).body)), sort_keys=True) == json.dumps(modelled, sort_keys=True)


@given(ROWS)
def test_a_document(row: tuple[Any, ...]) -> None:
    same(registry(row).document(UUID(int=1), None), DocumentView)


@given(st.lists(ROWS, max_size=4))
def test_a_list_of_documents(rows: list[tuple[Any, ...]]) -> None:
    found = registry(*rows[:3]).documents(EVERYTHING, None)

    same(found, DocumentList)
    assert (found["next"] is not None) is (len(rows) > 2)


@pytest.mark.parametrize("lacks", ["content", "executor", "withdrawal"])
def test_a_difference_would_be_seen(lacks: str) -> None:
    requisites = Requisites(
        kind="order", form="paper", classification="public", title="Т", language="kk", dated=date(2021, 3, 1),
        sheets=1, on_letterhead=True,
    )  # fmt: skip
    told = json.loads(requisites.model_dump_json())
    where = (uuid4(), "MIN-A", UNIT, "non_confidential", "A-01-2021/1", date(2021, 3, 2))
    row = (*where, told, None, None, None, [], None, None, 1, datetime(2021, 3, 2, tzinfo=UTC))
    found = registry(row).document(UUID(int=1), None)
    same(found, DocumentView)

    del found[lacks]

    with pytest.raises((AssertionError, ValueError)):
        same(found, DocumentView)
