"""Executive discipline over a period: for each organization, and for each post of its control subjects.

The figures are sums over the public events, as the head of `baqylau.contracts.control` says, so anyone can recompute
them. Those of a period count what happened in it; `open` is what stands open at its end.
"""

import csv
import html
import io
from collections.abc import Iterator
from datetime import date
from uuid import UUID

from baqylau.contracts.values import Names
from baqylau.eventstore.service import Service
from pydantic import BaseModel, ConfigDict, Field

from control.domain.paragraph_103_1 import OfficialRole
from control.projections.discipline import ORGANIZATION_ITSELF, Figure


class Figures(BaseModel):
    """`on_time`, `late`: completed. `open`: at the end of the period. `missed`: deadlines, without rescinded misses."""

    issued: int = 0
    on_time: int = 0
    late: int = 0
    open: int = 0
    missed: int = 0
    extended_once: int = 0
    extended_again: int = 0
    proposals_late: int = 0
    reviews_raised: int = 0


class OfficialDiscipline(Figures):
    """Of a post. Role, name and position are those of its latest entry."""

    post_id: UUID
    role: OfficialRole | None = None
    name: str | None = None
    position: str | None = None


class OrganizationDiscipline(Figures):
    """Of an organization, with its responsible officials."""

    organization: str
    names: Names | None = None
    officials: list[OfficialDiscipline] = Field(default_factory=list)


class Discipline(BaseModel):
    """`from`, `to`: both days belong to the period; null: from the first event, to the last."""

    model_config = ConfigDict(populate_by_name=True)

    first: date | None = Field(alias="from")
    last: date | None = Field(alias="to")
    organizations: list[OrganizationDiscipline]


def discipline(service: Service, bound: str | None, first: date | None, last: date | None) -> Discipline:
    """The figures of a period; `bound`: of one organization alone."""
    rows = service.store.search(
        "SELECT d.organization, d.post_id, d.figure, d.amount, o.names, p.role, p.name, p.position FROM ("
        "SELECT organization, post_id, figure, sum(amount)::bigint AS amount FROM discipline "
        "WHERE day <= %s AND (day >= %s OR figure = 'open') AND (%s::text IS NULL OR organization = %s) "
        "GROUP BY organization, post_id, figure) AS d "
        "LEFT JOIN known_organizations o ON o.code = d.organization LEFT JOIN posts p ON p.id = d.post_id "
        "ORDER BY d.organization, p.role DESC NULLS LAST, p.position, d.post_id",
        (last or date.max, first or date.min, bound, bound),
    )
    organizations: dict[str, OrganizationDiscipline] = {}
    officials: dict[tuple[str, UUID], OfficialDiscipline] = {}
    for organization, post_id, figure, amount, names, role, name, position in rows:
        of = organizations.setdefault(organization, OrganizationDiscipline(organization=organization, names=names))
        counted: Figures = of
        if post_id != ORGANIZATION_ITSELF:
            official = officials.get((organization, post_id))
            if official is None:
                official = OfficialDiscipline(post_id=post_id, role=role, name=name, position=position)
                officials[organization, post_id] = official
                of.officials.append(official)
            counted = official
        setattr(counted, figure, amount)
    return Discipline(first=first, last=last, organizations=list(organizations.values()))


def as_csv(found: Discipline) -> str:
    """A line for each organization (`post_id` empty) and each official, RFC 4180."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("organization", "post_id", "role", "position", "name", *Figure))
    for organization in found.organizations:
        writer.writerow((_cell(organization.organization), "", "", "", "", *_amounts(organization)))
        for official in organization.officials:
            who = (official.role or "", _cell(official.position or ""), _cell(official.name or ""))
            writer.writerow((_cell(organization.organization), official.post_id, *who, *_amounts(official)))
    return out.getvalue()


def _cell(text: str) -> str:
    """Text that a spreadsheet doesn't take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _amounts(figures: Figures) -> Iterator[int]:
    return (getattr(figures, figure) for figure in Figure)


_TITLE = ("Атқарушылық тәртіп", "Исполнительская дисциплина", "Executive discipline")
_WHO = ("Ұйым, лауазымды адам", "Организация, должностное лицо", "Organization, official")
_ALWAYS = ("барлық кезең", "весь период", "all of the time")
_NOTE = (
    "«Бақылауда» – кезең соңындағы жағдай. Сандарды жария оқиғалар бойынша қайта есептеуге болады.",
    "«На контроле» – на конец периода. Показатели можно пересчитать по публичным событиям.",
    "“Open” is at the end of the period. The figures can be recomputed from the public events.",
)
_HEADINGS = {
    Figure.ISSUED: ("Берілді", "Дано", "Issued"),
    Figure.ON_TIME: ("Мерзімінде орындалды", "Исполнено в срок", "Done on time"),
    Figure.LATE: ("Кешіктіріп орындалды", "Исполнено с опозданием", "Done late"),
    Figure.OPEN: ("Бақылауда", "На контроле", "Open"),
    Figure.MISSED: ("Мерзімі өтті", "Срок нарушен", "Deadlines missed"),
    Figure.EXTENDED_ONCE: ("Бір рет ұзартылды", "Продлено один раз", "Extended once"),
    Figure.EXTENDED_AGAIN: ("Қайта ұзартылды", "Продлено повторно", "Extended again"),
    Figure.PROPOSALS_LATE: ("Ұсыныстар кешікті", "Предложения с опозданием", "Proposals late"),
    Figure.REVIEWS_RAISED: ("Жауапкершілік қаралды", "Рассмотрение ответственности", "Reviews raised"),
}
_ROLES = {
    OfficialRole.FIRST_HEAD: "бірінші басшы / первый руководитель / first head",
    OfficialRole.DEPUTY: "орынбасар / заместитель / deputy",
}
_STYLE = """
@page { size: A4 landscape; margin: 14mm }
body { font: 10pt/1.35 "Noto Serif", Georgia, serif; color: #111; margin: 2rem auto; max-width: 72rem }
h1 { font-size: 15pt; margin: 0 } h1 span, p span, th span { display: block; font-weight: normal }
h1 span { font-size: 11pt; color: #444 } p { color: #444 }
table { border-collapse: collapse; width: 100%; margin-top: 1rem } thead { display: table-header-group }
th, td { border: 1px solid #999; padding: .3em .5em; text-align: right; vertical-align: bottom }
th { font-size: 8.5pt; background: #f2f2f2 } th span { font-size: 7.5pt; color: #444 }
td:first-child, th:first-child { text-align: left } tr { break-inside: avoid }
tr.organization td { font-weight: bold; border-top: 2px solid #333 } tr.official td:first-child { padding-left: 1.6em }
small { display: block; color: #555; font-weight: normal }
@media print { body { margin: 0; max-width: none } th { background: none } }
"""


def as_html(found: Discipline) -> str:
    """A page to print, its headings in Kazakh, Russian and English."""
    period = _three(_ALWAYS, "span") if found.first is None and found.last is None else _period(found)
    heads = "".join(f"<th scope='col'>{_three(_HEADINGS[figure], 'span')}</th>" for figure in Figure)
    return (
        "<!doctype html><html lang='kk'><head><meta charset='utf-8'>"
        f"<title>{' / '.join(_TITLE)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{_three(_TITLE, 'span')}</h1><p>{period}</p>"
        f"<table><thead><tr><th scope='col'>{_three(_WHO, 'span')}</th>{heads}</tr></thead>"
        f"<tbody>{''.join(_rows(found))}</tbody></table><p>{_three(_NOTE, 'span')}</p></body></html>"
    )


def _rows(found: Discipline) -> Iterator[str]:
    for organization in found.organizations:
        names = organization.names
        said = "" if names is None else f"<small>{' / '.join(map(html.escape, (names.kk, names.ru, names.en)))}</small>"
        yield _row("organization", html.escape(organization.organization) + said, organization)
        for official in organization.officials:
            role = _ROLES[official.role] if official.role else str(official.post_id)
            who = ", ".join(html.escape(part) for part in (official.name, official.position) if part)
            yield _row("official", f"{who}<small>{role}</small>", official)


def _row(kind: str, who: str, figures: Figures) -> str:
    return f"<tr class='{kind}'><td>{who}</td>{''.join(f'<td>{amount}</td>' for amount in _amounts(figures))}</tr>"


def _three(texts: tuple[str, str, str], tag: str) -> str:
    first, *others = map(html.escape, texts)
    return first + "".join(f"<{tag}>{text}</{tag}>" for text in others)


def _period(found: Discipline) -> str:
    first, last = (day.isoformat() if day else "…" for day in (found.first, found.last))
    return f"{first} – {last}"
