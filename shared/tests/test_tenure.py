"""One holder at a time, and one that hangs doesn't hold for ever."""

import psycopg
import pytest
from baqylau.eventstore import tenure
from baqylau.eventstore.service import Service
from baqylau.testing.wait import wait_until

pytestmark = pytest.mark.real


def test_who_holds_the_lock_holds_it_alone_and_until_its_session_ends(tallies: Service) -> None:
    with tallies.store.connect() as second:
        with tallies.store.connect() as first:
            assert tenure.take(first, "t")
            assert not tenure.take(second, "t")
            assert tenure.take(second, "another")

        wait_until(lambda: tenure.take(second, "t"), "the session has ended")


def test_a_holder_that_was_silent_for_too_long_is_replaced_and_notices(
    tallies: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tallies.store.connect() as first, tallies.store.connect() as other, tallies.store.connect() as second:
        assert tenure.take(first, "t")
        assert tenure.take(other, "another")
        assert not tenure.take(second, "t"), "it has just said something"

        monkeypatch.setattr(tenure, "HUNG_SECONDS", 0)

        wait_until(lambda: tenure.take(second, "t"), "it has been ended")
        with pytest.raises(psycopg.OperationalError):
            first.execute("SELECT 1")
        other.execute("SELECT 1")  # who holds another lock was left alone
