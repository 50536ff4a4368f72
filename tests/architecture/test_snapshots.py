"""Every aggregate of every service, through a snapshot and on: it is what it was, in all its attributes and types."""

from datetime import UTC, date, datetime
from uuid import UUID

import control.bootstrap
import notifications.bootstrap
import pytest
import registry.bootstrap
import secrecy_gate.bootstrap
from baqylau.eventstore import snapshots
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.eventstore.mapper import PydanticMapper
from baqylau.testing.alike import alike, through_a_snapshot
from eventsourcing.persistence import JSONTranscoder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notifications.domain.recipient import EmailChannel, WebhookChannel

SERVICES = (secrecy_gate.bootstrap, registry.bootstrap, control.bootstrap, notifications.bootstrap)
PACKAGES = {"baqylau", *(service.__name__.partition(".")[0] for service in SERVICES)}
AGGREGATES = [cls for cls in snapshots.classes() if cls.__module__.partition(".")[0] in PACKAGES]

ID = UUID(int=9)
MAPPER = PydanticMapper(JSONTranscoder())
CAUSE = Cause(actor="controller", recorded_at=datetime(2021, 3, 2, tzinfo=UTC), correlation_id="c")
TEXT = st.sampled_from(["", "a", "Ә", "1", "null"])

st.register_type_strategy(str, TEXT)
st.register_type_strategy(int, st.integers(0, 3))
st.register_type_strategy(UUID, st.integers(0, 3).map(lambda number: UUID(int=number)))
st.register_type_strategy(date, st.dates(date(2021, 1, 1), date(2021, 1, 9)))
st.register_type_strategy(EmailChannel, st.just(EmailChannel(email="a@b.kz")))
st.register_type_strategy(WebhookChannel, st.just(WebhookChannel(webhook="https://b.kz", secret="c")))


@pytest.mark.parametrize("cls", AGGREGATES, ids=lambda cls: cls.__name__)
@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_aggregate_is_the_same_behind_a_snapshot_and_goes_on_as_it_would(
    cls: type[Aggregate], data: st.DataObject
) -> None:
    kinds = list(cls.event_classes().values())
    history: list[DomainEvent] = []
    restored = None
    for kind in [kinds[0], *data.draw(st.lists(st.sampled_from(kinds), max_size=10))]:
        version = st.just(len(history) + 1)
        made = data.draw(st.builds(kind, originator_id=st.just(ID), originator_version=version, cause=st.just(CAUSE)))
        event = MAPPER.to_domain_event(MAPPER.to_stored_event(made))
        try:
            replayed = cls.replay([*history, event])
        except (KeyError, AssertionError):
            continue  # of a letter or a unit, say, that isn't there
        history.append(event)
        restored = through_a_snapshot(event.mutate(restored))
        assert alike(restored, replayed)
