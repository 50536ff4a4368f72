"""What a service was told, of units above all, is held against the topics: an operator's short cut is found."""

from typing import LiteralString
from uuid import uuid4

import pytest
from baqylau.testing.wait import wait_until
from baqylau_infra.layout import named
from baqylau_infra.operating import Databases, command

from tests.segregation.town import SECRET, SERVICES, Town

pytestmark = pytest.mark.real


def databases(town: Town) -> Databases:
    return Databases(town.system.folder, town.system.database.host, bootstrap=town.system.bootstrap)


def verified(town: Town, title: str) -> tuple[int, str]:
    return command(databases(town), named(f"{title}-{SECRET}"), "verify")


def change(town: Town, title: str, statement: LiteralString, *parameters: object) -> list[tuple[object, ...]]:
    with databases(town).connect(named(f"{title}-{SECRET}")) as connection:
        return connection.execute(statement, parameters).fetchall()


def test_what_was_told_of_units_that_were_moved_and_dissolved_holds(town: Town) -> None:
    house, other = town.unit(SECRET), town.unit(SECRET)
    moved, gone = town.unit(SECRET, house), town.unit(SECRET, house)
    town.posted(moved)
    town.done("PUT", "secrecy-gate", "gate", f"/units/{moved}/parent", {"parent_id": other})
    town.done("POST", "secrecy-gate", "gate", f"/units/{gone}/dissolve", {"reason": "r"})
    known: LiteralString = "SELECT root_id::text, dissolved_on IS NULL FROM known_units WHERE id = ANY(%s) ORDER BY 2"
    for title in SERVICES:
        wait_until(
            lambda title=title: change(town, title, known, [moved, gone]) == [(house, False), (other, True)],
            f"{title} knows it",
        )

    for title in SERVICES:
        code, said = verified(town, title)
        assert code == 0, said
        assert " behind its copies;" in said


def verified_with(town: Town, title: str, statement: LiteralString, back: LiteralString, id_: str) -> str:
    """What is said of a change of one row behind the service's back, which is then undone."""
    assert len(change(town, title, statement, id_)) == 1
    try:
        code, said = verified(town, title)
    finally:
        assert len(change(town, title, back, id_)) == 1
    assert code == 1
    return said


def test_a_unit_that_nobody_told_of_is_found(town: Town) -> None:
    stranger = str(uuid4())
    put: LiteralString = (
        "INSERT INTO known_units (id, organization, code, names, root_id, documentation_service) "
        "SELECT %s, organization, 'X', names, root_id, true FROM known_units LIMIT 1 RETURNING 1"
    )

    said = verified_with(town, "registry", put, "DELETE FROM known_units WHERE id = %s RETURNING 1", stranger)

    assert f"known_units at {stranger}: told-by-nobody" in said


def test_a_unit_that_was_dissolved_by_hand_is_found(town: Town) -> None:
    unit = town.units[SECRET]
    dissolve: LiteralString = "UPDATE known_units SET dissolved_on = '2021-01-01' WHERE id = %s RETURNING 1"
    back: LiteralString = "UPDATE known_units SET dissolved_on = NULL WHERE id = %s RETURNING 1"

    said = verified_with(town, "control", dissolve, back, unit)

    assert f"known_units at {unit}: differs" in said


def test_a_document_that_control_was_told_of_and_has_no_more_is_found(town: Town) -> None:
    document = town.documents[SECRET]
    away: LiteralString = "UPDATE documents SET id = gen_random_uuid() WHERE id = %s RETURNING id"
    ((strange,),) = change(town, "control", away, document)
    try:
        code, said = verified(town, "control")
    finally:
        change(town, "control", "UPDATE documents SET id = %s WHERE id = %s RETURNING 1", document, strange)

    assert code == 1
    assert f"documents at {document}: lacking" in said
    assert f"documents at {strange}: told-by-nobody" in said


def test_a_posting_that_was_ended_by_hand_is_found(town: Town) -> None:
    employee = town.employees[SECRET]
    end: LiteralString = "UPDATE known_postings SET ended = true WHERE employee_id = %s RETURNING 1"
    back: LiteralString = "UPDATE known_postings SET ended = false WHERE employee_id = %s RETURNING 1"

    said = verified_with(town, "notifications", end, back, employee)

    assert said.count(": differs") == 1
    assert "known_postings at " in said
