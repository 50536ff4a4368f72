"""A notice's way through its channels: pauses that grow, outcomes that stay, retries that start anew."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from baqylau.contracts.values import ChannelKind
from baqylau.eventstore.aggregate import Cause
from baqylau.refusals import Refused
from baqylau.segregation import PermittedUnit
from notifications.domain.notice import PAUSES, About, DeliveryStatus, Failure, Notice, delivery_id

AT = datetime(2021, 3, 2, 4, 0, tzinfo=UTC)
RECIPIENT, UNIT = uuid4(), PermittedUnit(uuid4(), "MIN-A", "01", uuid4(), False)
ABOUT = About("x:1", "baqylau.registry.DocumentWithdrawn.v1", {"subject_id": str(uuid4())}, ())
REFUSED = Failure("connection-refused")


def cause(at: datetime = AT) -> Cause:
    return Cause(actor="notifications", recorded_at=at, correlation_id="c")


def written(*channels: ChannelKind) -> Notice:
    notice = Notice(Notice.id_for("x:1", RECIPIENT))
    notice.write(RECIPIENT, UNIT, ABOUT, channels, cause())
    return notice


def failures(notice: Notice) -> list[Notice.NotificationFailed]:
    return [event for event in notice.pending if isinstance(event, Notice.NotificationFailed)]


def test_an_event_and_a_recipient_have_one_notice() -> None:
    assert Notice.id_for("x:1", RECIPIENT) == Notice.id_for("x:1", RECIPIENT)
    assert Notice.id_for("x:1", RECIPIENT) != Notice.id_for("x:2", RECIPIENT)
    assert Notice.id_for("x:1", RECIPIENT) != Notice.id_for("x:1", uuid4())


def test_writing_twice_writes_once() -> None:
    notice = written(ChannelKind.EMAIL)

    notice.write(RECIPIENT, UNIT, ABOUT, [ChannelKind.EMAIL], cause())

    assert len(notice.pending) == 1


def test_reading_twice_keeps_the_first_time() -> None:
    notice = written()

    notice.read(RECIPIENT, cause(AT))
    notice.read(RECIPIENT, cause(AT + timedelta(days=1)))

    assert notice.read_at == AT
    assert len(notice.pending) == 2


def test_a_failing_channel_is_tried_after_growing_pauses_and_then_given_up() -> None:
    notice = written(ChannelKind.WEBHOOK)

    for _ in range(len(PAUSES) + 3):
        notice.settle(ChannelKind.WEBHOOK, REFUSED, cause())

    waits = [event.again_at - AT if event.again_at else None for event in failures(notice)]
    assert waits == [*PAUSES, None]
    assert list(PAUSES) == sorted(PAUSES)
    assert notice.deliveries[ChannelKind.WEBHOOK].status is DeliveryStatus.FAILED


def test_a_final_failure_is_not_tried_again_by_itself() -> None:
    notice = written(ChannelKind.WEBHOOK)

    notice.settle(ChannelKind.WEBHOOK, Failure("http-410", final=True), cause())

    assert [event.again_at for event in failures(notice)] == [None]


def test_what_was_sent_stays_sent_whatever_a_second_sender_says() -> None:
    notice = written(ChannelKind.WEBHOOK, ChannelKind.EMAIL)
    notice.settle(ChannelKind.WEBHOOK, None, cause())

    notice.settle(ChannelKind.WEBHOOK, REFUSED, cause())
    notice.settle(ChannelKind.WEBHOOK, None, cause())

    assert notice.deliveries[ChannelKind.WEBHOOK].status is DeliveryStatus.SENT
    assert notice.deliveries[ChannelKind.EMAIL].status is DeliveryStatus.WAITING
    assert len(notice.pending) == 2


def test_a_retry_begins_with_the_first_pause_and_counts_attempts_on() -> None:
    notice = written(ChannelKind.WEBHOOK)
    for _ in range(len(PAUSES) + 1):
        notice.settle(ChannelKind.WEBHOOK, REFUSED, cause())

    notice.retry(ChannelKind.WEBHOOK, cause())
    notice.settle(ChannelKind.WEBHOOK, REFUSED, cause())

    last = failures(notice)[-1]
    assert last.again_at == AT + PAUSES[0]
    assert last.attempt == len(PAUSES) + 2


def test_what_was_sent_cannot_be_retried() -> None:
    notice = written(ChannelKind.EMAIL)
    notice.settle(ChannelKind.EMAIL, None, cause())

    with pytest.raises(Refused, match="delivery-already-sent"):
        notice.retry(ChannelKind.EMAIL, cause())


def test_each_channel_of_a_notice_has_a_delivery_id_of_its_own_that_never_changes() -> None:
    notice_id = UUID("0d9b3a3c-0000-4000-8000-000000000001")

    assert delivery_id(notice_id, ChannelKind.EMAIL) == delivery_id(notice_id, ChannelKind.EMAIL)
    assert delivery_id(notice_id, ChannelKind.EMAIL) != delivery_id(notice_id, ChannelKind.WEBHOOK)


def test_the_same_history_gives_the_same_notice() -> None:
    notice = written(ChannelKind.WEBHOOK)
    notice.settle(ChannelKind.WEBHOOK, REFUSED, cause())
    notice.retry(ChannelKind.WEBHOOK, cause())
    notice.settle(ChannelKind.WEBHOOK, None, cause())
    notice.read(RECIPIENT, cause())

    again = Notice.replay(list(notice.pending))

    assert again is not None
    assert (again.version, again.read_at, again.deliveries) == (notice.version, notice.read_at, notice.deliveries)
