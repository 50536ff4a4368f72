"""Eight replicas of the gate command the same unit trees at once: whatever wins, no tree and nobody has two regimes."""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from baqylau.contracts.values import Regime
from baqylau.refusals import Refused
from baqylau_infra.database import Database
from secrecy_gate.audit import ProofKeeper, export
from secrecy_gate.verify import verify

from tests.segregation.gate import Gate, Gates

pytestmark = pytest.mark.real

WRITERS = 8
ORGANIZATIONS = 32
TREES = 16
ROUNDS = 4
"""Each tree is fought over so often: 2,048 rounds on one tree each, with 8 commands at once."""
SECRET, OPEN = Regime.CONFIDENTIAL, Regime.NON_CONFIDENTIAL


@dataclass(frozen=True)
class Tree:
    """A top unit, one under it, and one under that; nothing has a regime yet."""

    top: UUID
    child: UUID
    leaf: UUID


@dataclass
class Outcome:
    """Which commands were done and refused, by what they ask and why."""

    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
def gates(database: Database) -> Iterator[Gates]:
    with Gates(database.create("gate_of_eight"), WRITERS) as replicas:
        yield replicas


def established(gate: Gate, code: str) -> list[Tree]:
    gate.register(code).result(30)
    tops = [found.result(30) for found in [gate.establish(code, f"{n}") for n in range(TREES)]]
    children = [found.result(30) for found in [gate.establish(code, f"{t.code}.1", t.id) for t in tops]]
    leaves = [found.result(30) for found in [gate.establish(code, f"{c.code}.1", c.id) for c in children]]
    return [Tree(top.id, child.id, leaf.id) for top, child, leaf in zip(tops, children, leaves, strict=True)]


def one_of(chance: random.Random, gate: Gate, tree: Tree, other: Tree, people: list[UUID]) -> "tuple[str, Future[Any]]":
    """A command on a tree, such as all others give at the same time."""
    match chance.randrange(10):
        case 0 | 1:
            return "regime for the child", gate.assign(tree.child, chance.choice(list(Regime)))
        case 2 | 3:
            return "regime for the parent", gate.assign(tree.top, chance.choice(list(Regime)))
        case 4:
            return "move under another tree", gate.move(tree.child, other.child)
        case 5:
            return "move to the top", gate.move(tree.child, None)
        case 6:
            return "move back", gate.move(tree.leaf, tree.top)
        case 7:
            return "dissolve", gate.dissolve(tree.leaf)
        case _:
            return "post", gate.post(chance.choice(people), chance.choice([tree.child, tree.leaf]))


def fight(number: int, gate: Gate, trees: list[Tree], people: list[UUID], at_once: Barrier) -> Outcome:
    """One writer's commands, in its own order; all of a round wait for its writer together, and so share batches."""
    chance, outcome = random.Random(f"{number} {trees[0].top}"), Outcome()
    for _ in range(ROUNDS):
        order = chance.sample(trees, len(trees))
        at_once.wait(60)
        asked = [one_of(chance, gate, tree, chance.choice(trees), people) for tree in order]
        for what, future in asked:
            try:
                future.result(60)
                outcome.done[what] += 1
            except Refused as refused:
                outcome.refused.update(ground.reason for ground in refused.grounds)
    return outcome


@pytest.fixture(scope="module")
def outcome(gates: Gates) -> Outcome:
    """The whole fight."""
    whole, at_once = Outcome(), Barrier(WRITERS)
    with ThreadPoolExecutor(WRITERS) as pool:
        for number in range(ORGANIZATIONS):
            trees = established(gates.replicas[number % WRITERS], f"MIN-{number}")
            people = [uuid4() for _ in range(6)]
            fighting = [
                pool.submit(partial(fight, writer, gate, trees, people, at_once))
                for writer, gate in enumerate(gates.replicas)
            ]
            for found in [future.result(120) for future in fighting]:
                whole.done += found.done
                whole.refused += found.refused
    return whole


def rows(gates: Gates, query: Any) -> list[tuple[Any, ...]]:
    return gates.replicas[0].service.store.read(query)


def test_everything_was_really_fought_over(outcome: Outcome) -> None:
    assert set(outcome.done) == {
        "regime for the child",
        "regime for the parent",
        "move under another tree",
        "move to the top",
        "move back",
        "dissolve",
        "post",
    }
    assert {
        "unit-tree-has-other-regime",
        "regimes-differ",
        "unit-regime-unknown",
        "employee-serves-other-regime",
        "unit-dissolved",
        "unit-has-postings",
        "unit-moved-under-itself",
    } <= set(outcome.refused)
    assert sum(outcome.done.values()) > 5000


def test_no_tree_and_nobody_has_two_regimes_in_what_is_read(gates: Gates, outcome: Outcome) -> None:  # noqa: ARG001
    per_tree = (
        "SELECT root_id FROM units WHERE dissolved_on IS NULL "
        "GROUP BY root_id HAVING count(DISTINCT coalesce(regime, '')) > 1"
    )
    per_person = "SELECT employee_id FROM postings GROUP BY employee_id HAVING count(DISTINCT regime) > 1"
    otherwise = "SELECT p.id FROM postings p JOIN units u ON u.id = unit_id WHERE p.regime IS DISTINCT FROM u.regime"
    of_dissolved = "SELECT p.id FROM postings p JOIN units u ON u.id = unit_id WHERE u.dissolved_on IS NOT NULL"

    assert rows(gates, "SELECT regime FROM units GROUP BY regime ORDER BY 1")[:2] == [
        ("confidential",),
        ("non_confidential",),
    ]
    assert [rows(gates, query) for query in (per_tree, per_person, otherwise, of_dissolved)] == [[], [], [], []]


def test_the_whole_log_proves_it_here_and_offline(gates: Gates, outcome: Outcome) -> None:  # noqa: ARG001
    service = gates.replicas[0].service

    holds, position, digest = ProofKeeper(service).shown(lambda proof, digest: (proof.holds, proof.position, digest))
    offline = verify(export(service), digest)

    assert holds
    assert position == rows(gates, "SELECT max(notification_id) FROM stored_events")[0][0]
    assert offline.failures == ()
    assert offline.digest == digest


def test_the_log_and_what_is_read_say_the_same(gates: Gates, outcome: Outcome) -> None:  # noqa: ARG001
    proved = ProofKeeper(gates.replicas[0].service).shown(
        lambda proof, _: {unit: tree.root_id for tree in proof.trees.values() for unit in tree.units}
    )

    assert dict(rows(gates, "SELECT id, root_id FROM units")) == proved
