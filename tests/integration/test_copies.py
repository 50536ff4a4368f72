"""A copy is held against what its consumer has handled of the topic: no more, whatever waits, was given up or lacks."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest
from baqylau.messaging.copies import copy_findings
from baqylau.messaging.intake import Intake
from baqylau.messaging.parked import Discarding, discard, retry
from baqylau.messaging.policy import Copy
from baqylau.testing.probe import POLICIES, FactStated
from baqylau.testing.wait import wait_until
from kafka.errors import UnknownTopicOrPartitionError

from tests.integration.flow import LINE, Flow, cause

pytestmark = pytest.mark.real


def verified(flow: Flow) -> tuple[list[str], Counter[str]]:
    """What is found, and the figures."""
    facts = Copy(
        flow.name,
        "CREATE TABLE IF NOT EXISTS facts (name text PRIMARY KEY);",
        {FactStated: POLICIES[FactStated]},
    )
    figures: Counter[str] = Counter()
    found = copy_findings(
        flow.ledger,
        [facts],
        lambda policies: Intake(policies, LINE, "ledger", lambda: datetime.now(UTC)),
        flow.kafka,
        figures,
    )
    return [str(finding) for finding in found], figures


def wait_for_fact(flow: Flow, name: str) -> None:
    wait_until(lambda: flow.ledger.store.read("SELECT 1 FROM facts WHERE name = %s", (name,)), f"{name} is known")


def stuck_fact(flow: Flow) -> UUID:
    """A fact that waits behind a record of its key; all else is handled."""
    stuck, other = flow.tally_in(0), flow.tally_in(0)
    flow.relay()
    flow.consume()
    flow.count(stuck, wrong=True)
    flow.state("late", stuck)
    flow.state("early", other)
    wait_for_fact(flow, "early")
    return stuck


def test_what_was_handled_is_compared_and_nothing_is_found(flow: Flow) -> None:
    stuck_fact(flow)

    assert verified(flow) == ([], Counter(records=3))


def test_what_was_retried_and_what_was_given_up_is_as_it_should_be(flow: Flow) -> None:
    stuck = stuck_fact(flow)
    body = Discarding(reason="Withdrawn by its author.")
    flow.ledger.writer.submit(lambda work: discard(work, str(stuck), body, cause())).result(30)
    assert verified(flow) == ([], Counter(records=3))

    again = flow.tally_in(0)
    flow.count(again, wrong=True)
    flow.state("later", again)
    flow.state("mended", flow.tally_in(0))
    wait_for_fact(flow, "mended")
    assert verified(flow) == ([], Counter(records=6))
    flow.ledger.writer.submit(lambda work: retry(work, flow.intake, str(again))).result(30)

    assert flow.parked() == []
    assert verified(flow) == ([], Counter(records=6))
    with flow.ledger.store.connect() as connection:
        connection.execute("DELETE FROM facts WHERE name = 'later'")
        connection.execute("INSERT INTO facts VALUES ('late')")
    assert verified(flow)[0] == ["facts at late: told-by-nobody", "facts at later: lacking"]


def test_what_comes_again_or_from_a_stranger_changes_nothing(flow: Flow) -> None:
    one = flow.tally_in(0)
    flow.state("one", one)
    flow.state("two", one)
    flow.state("three", one)
    first, second, third = flow.stored()
    with flow.raw() as producer:
        producer.send(flow.topic, key=b"x", value=b"{}", headers=[("ce_position", b"\xff")], partition=0).get(20)
    flow.send([first, third, second, first, second, third])
    flow.consume()
    wait_for_fact(flow, "three")

    assert verified(flow) == ([], Counter(records=3))


def test_a_record_of_the_other_regime_takes_nobody_s_place(flow: Flow) -> None:
    one = flow.tally_in(0)
    for name in ("one", "two", "three"):
        flow.state(name, one)
    first, second, third = flow.stored()
    foreign = {**first.headers, "regime": "confidential"}
    between = third._replace(previous=first.position, headers=foreign)
    flow.send([first._replace(headers=foreign), first, between, second, third])
    flow.consume()
    wait_for_fact(flow, "three")

    assert verified(flow) == ([], Counter(records=3))


def test_a_topic_that_is_not_there_is_no_verdict(flow: Flow) -> None:
    flow.name += "-elsewhere"

    with pytest.raises(UnknownTopicOrPartitionError):
        verified(flow)


def test_a_topic_that_lacks_what_was_handled_says_nothing_of_a_copy(flow: Flow) -> None:
    one = flow.tally_in(0)
    flow.state("one", one)
    flow.state("two", one)
    flow.send(flow.stored()[1:])
    flow.consume(flow.serve_feed())
    wait_for_fact(flow, "two")

    assert verified(flow) == ([], Counter({"not whole": 1, "records": 0}))
