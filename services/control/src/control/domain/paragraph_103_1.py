"""103-1: an organization's control subjects, its first head and the deputies in their areas, are personally
responsible.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from uuid import UUID, uuid5

from baqylau.refusals import Ground

from control.domain.rule_sets import RuleSet
from control.domain.values import blank

_POSTS = UUID("6f0b5f0e-6c43-5b0e-9f0a-0d6c1a7f1031")


class OfficialRole(StrEnum):
    FIRST_HEAD = "first_head"
    DEPUTY = "deputy"


@dataclass(frozen=True, slots=True)
class FirstHead:
    name: str = field(repr=False)
    position: str = field(repr=False)
    acting: bool = False


@dataclass(frozen=True, slots=True)
class Deputy:
    """`areas`: what the deputy supervises."""

    name: str = field(repr=False)
    position: str = field(repr=False)
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ControlSubjects:
    """One entry of an organization's history, in force from `valid_from` until the next one."""

    organization: str
    first_head: FirstHead
    deputies: tuple[Deputy, ...]
    valid_from: date


@dataclass(frozen=True, slots=True)
class ResponsibleOfficial:
    """Who answers. Public events carry the id of the post, never the name and position."""

    organization: str
    post_id: UUID
    role: OfficialRole
    name: str = field(repr=False)
    position: str = field(repr=False)
    acting: bool = False


def control_subject_grounds(rules: RuleSet, first_head: FirstHead, deputies: tuple[Deputy, ...]) -> tuple[Ground, ...]:
    """103-1: a first head with name and position; each deputy with name, position and at least one area."""
    missing = [f"first_head.{part}" for part in ("name", "position") if blank(getattr(first_head, part))] + [
        f"deputies.{number}.{part}"
        for number, deputy in enumerate(deputies)
        for part in ("name", "position")
        if blank(getattr(deputy, part))
    ]
    without_area = [n for n, deputy in enumerate(deputies) if not deputy.areas or any(blank(a) for a in deputy.areas)]
    cite = rules.cite("103-1")
    return (
        *(Ground(cite, "control-subject-incomplete", element, of_payload=True) for element in missing),
        *(Ground(cite, "deputy-without-area", f"deputies.{n}.areas", of_payload=True) for n in without_area),
    )


def control_subjects_on(history: Iterable[ControlSubjects], day: date) -> ControlSubjects | None:
    """The entry in force on `day`; of two from the same day the later entered. The earliest also holds for the days
    before it. None where the organization has none. `history` is in the order of entry.
    """
    entries = sorted(history, key=lambda entry: entry.valid_from)
    begun = [entry for entry in entries if entry.valid_from <= day]
    if begun:
        return begun[-1]
    earliest = [entry for entry in entries if entry.valid_from == entries[0].valid_from]
    return earliest[-1] if earliest else None


def responsible_officials(history: Iterable[ControlSubjects], area: str, day: date) -> tuple[ResponsibleOfficial, ...]:
    """Who was personally responsible on `day` for an assignment in `area`: the first head, then each deputy over the
    area.
    """
    subjects = control_subjects_on(history, day)
    if subjects is None:
        return ()
    deputies = (_deputy(subjects.organization, deputy) for deputy in subjects.deputies if area in deputy.areas)
    return (_first_head(subjects), *deputies)


def first_heads(histories: Iterable[Iterable[ControlSubjects]], day: date) -> tuple[ResponsibleOfficial, ...]:
    """The first heads of several organizations on `day`, in the order given; one that has none recorded is left out."""
    entries = (control_subjects_on(history, day) for history in histories)
    return tuple(_first_head(subjects) for subjects in entries if subjects is not None)


@lru_cache(maxsize=10_000)
def first_head_post_id(organization: str) -> UUID:
    """The id of the post of first head: the organization has one, whoever holds or acts in it and whatever it is
    called.
    """
    return uuid5(_POSTS, f"{organization}\n{OfficialRole.FIRST_HEAD}")


def deputy_post_id(organization: str, deputy: Deputy) -> UUID:
    """The id of a deputy's post: several of one position are told apart by what they supervise."""
    return uuid5(_POSTS, "\n".join((organization, OfficialRole.DEPUTY, deputy.position, *sorted(deputy.areas))))


def _first_head(subjects: ControlSubjects) -> ResponsibleOfficial:
    post_id, head = first_head_post_id(subjects.organization), subjects.first_head
    return ResponsibleOfficial(
        subjects.organization, post_id, OfficialRole.FIRST_HEAD, head.name, head.position, head.acting
    )


def _deputy(organization: str, deputy: Deputy) -> ResponsibleOfficial:
    post_id = deputy_post_id(organization, deputy)
    return ResponsibleOfficial(organization, post_id, OfficialRole.DEPUTY, deputy.name, deputy.position)
