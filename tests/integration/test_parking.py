"""A record that can't be handled waits, with the later ones of its key; all others go on."""

from typing import Any

import pytest
from baqylau.messaging.parked import retry
from baqylau.testing.wait import wait_until

from tests.integration.flow import Flow

pytestmark = pytest.mark.real


def test_a_key_is_parked_with_what_follows_it_and_the_rest_of_the_partition_goes_on(flow: Flow) -> None:
    stuck, other = flow.tally_in(0), flow.tally_in(0)
    flow.relay()
    flow.consume()
    flow.count(stuck)
    flow.count(stuck, wrong=True)
    flow.count(stuck, 2)
    flow.count(other, 3)
    flow.wait_for(other, 3)
    assert flow.effects(stuck) == [1]
    assert flow.parked() == [(str(stuck), "not-to-be-taken", 3)]

    # A retry while the reason lasts changes nothing, and what comes now waits behind.
    assert _retry(flow, str(stuck)).handled == 0
    flow.count(stuck)
    wait_until(lambda: flow.parked()[0][2] == 4, "the next record of the key waits too")
    flow.state("mended", flow.tally_in(0))
    wait_until(lambda: flow.ledger.store.read("SELECT 1 FROM facts"), "the reason is gone")
    assert _retry(flow, str(stuck)).left == 0
    flow.count(stuck)

    flow.wait_for(stuck, 6)
    assert flow.parked() == []


def test_a_record_that_needs_a_fact_not_yet_there_heals_by_itself_and_so_do_those_behind_it(flow: Flow) -> None:
    early, other = flow.tally_in(0), flow.tally_in(0)
    flow.relay()
    flow.consume()
    flow.count(early)
    flow.count(early, needs="first")
    flow.count(early, needs="second")
    flow.count(early)
    flow.count(other, 2)
    flow.wait_for(other, 2)
    wait_until(lambda: flow.parked() == [(str(early), "fact-unknown", 3)], "the key waits")

    flow.state("first", flow.tally_in(1))
    wait_until(lambda: flow.effects(early) == [1, 2], "the first of them is taken")
    flow.state("second", flow.tally_in(1))

    flow.wait_for(early, 4)
    wait_until(lambda: flow.parked() == [], "nothing waits any more")


def test_a_record_of_the_other_regime_is_parked_and_never_handled_and_moves_no_position(flow: Flow) -> None:
    tally, foreign = flow.tally_in(0), flow.tally_in(0)
    flow.count(tally, 2)
    flow.count(foreign)
    flow.count(tally, 1)
    records = flow.stored()
    marked = {**records[2].headers, "regime": "confidential"}
    planted = _with(records[2], headers=marked, position=records[2].position + 10**9)

    flow.send([_with(records[0], headers=marked), records[0], records[1], planted, records[2], records[3]])
    flow.consume()

    flow.wait_for(tally, 3)
    assert flow.effects(foreign) == [1]
    assert {(key, reason) for key, reason, _ in flow.parked()} == {
        (str(tally), "foreign-regime"),
        (str(foreign), "foreign-regime"),
    }


def test_a_record_of_the_other_regime_in_the_producers_own_log_is_parked_and_the_rest_goes_on(flow: Flow) -> None:
    tally, foreign = flow.tally_in(0), flow.tally_in(0)
    flow.count(tally)
    flow.count(foreign)
    flow.count(tally)
    with flow.tallies.store.connect() as connection:
        connection.execute(
            "UPDATE public_events SET headers = convert_to(replace(convert_from(headers, 'UTF8'), "
            "'non_confidential', 'confidential'), 'UTF8') WHERE key = %s",
            (str(foreign),),
        )
    flow.relay()

    flow.consume(flow.serve_feed())

    flow.wait_for(tally, 2)
    assert flow.effects(foreign) == []
    assert (str(foreign), "foreign-regime", 1) in flow.parked()


def test_no_record_whatever_it_holds_stops_the_others(flow: Flow) -> None:
    tally, broken = flow.tally_in(0), flow.tally_in(0)
    flow.count(broken)
    flow.count(tally, 2)
    first, *rest = flow.stored()
    with flow.raw() as producer:
        for key, headers, value in (
            (None, [], b""),
            (b"\0\xff", [("ce_position", b""), ("ce_type", b"\0")], None),
            (b"k", [("ce_position", b"9" * 5000), ("ce_previousposition", b"0")], b"{}"),
            (b"k", [("ce_position", b"-1"), ("ce_previousposition", "١".encode())], b"{}"),
            (b"k" * 9000, [("ce_position", b"99999999999999999999"), ("ce_previousposition", b"0")], b"{}"),
            # These are next in the log: they are parked, by a key that must be fit for it.
            (b"\0" + b"k" * 9000, _headers(flow, first), b'{"number": "\\u0000"}'),
        ):
            producer.send(flow.topic, key=key, headers=headers, value=value, partition=0).get(20)
    flow.send(rest)

    flow.consume()

    flow.wait_for(tally, 2)
    assert sorted((reason, number) for _, reason, number in flow.parked()) == [
        *[("foreign-regime", 1)] * 4,  # one for each key: who can't be told apart by a position, is by that
        ("malformed number:int_parsing, tally_id:missing", 1),
    ]


def test_a_value_that_the_database_refuses_is_parked_alone(flow: Flow) -> None:
    tally, broken = flow.tally_in(0), flow.tally_in(0)
    flow.count(broken)
    flow.count(tally, 2)
    first, *rest = flow.stored()
    beyond = first.value.replace(b'"number":1', b'"number":99999999999')

    flow.send([_with(first, value=beyond), *rest])
    flow.consume()

    flow.wait_for(tally, 2)
    assert flow.parked() == [(str(broken), "refused-by-the-database 22003", 1)]
    assert _retry(flow, str(broken)).left == 1


def _retry(flow: Flow, key: str) -> Any:
    return flow.ledger.writer.submit(lambda work: retry(work, flow.intake, key)).result(30)


def _with(record: Any, **changes: Any) -> Any:
    return record._replace(**changes)


def _headers(flow: Flow, record: Any) -> list[tuple[str, bytes]]:
    return flow.envelope.kafka_headers(record)
