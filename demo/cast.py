"""Who takes part: state bodies of 2020 under their real names; the people in them are made up."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from demo.client import Line

RESOLUTION_DAY = date(2020, 11, 30)

RESOLUTION: dict[str, Any] = {
    "kind": "act",
    "form": "electronic",
    "classification": "public",
    "title": "Қазақстан Республикасы Үкіметінің кейбір шешімдеріне өзгерістер мен толықтырулар енгізу туралы "
    "(Қазақстан Республикасы Үкіметінің 2020 жылғы 30 қарашадағы № 809 қаулысы)",
    "language": "kk",
    "dated": RESOLUTION_DAY.isoformat(),
    "sheets": 14,
    "on_letterhead": True,
    "executor": {"surname": "Әбдіқадырова", "phone": "+7 7172 74-50-01"},
    "signature": {"name": "А. Мамин", "job_title": "Қазақстан Республикасының Премьер-Министрі"},
}

SECRET_ORDER: dict[str, Any] = {
    "kind": "order",
    "form": "electronic",
    "classification": "secret",
    "title": "Мемлекеттік құпияларды қорғау жөніндегі 2021 жылғы іс-шаралар жоспарын бекіту туралы",
    "language": "kk",
    "dated": "2021-04-14",
    "sheets": 1,
    "on_letterhead": True,
    "executor": {"surname": "Серікбаев", "given_name": "Дәурен", "phone": "+7 7172 72-00-17"},
    "signature": {"name": "Қ. Омаров", "short_title": "Министр"},
}


LETTER: dict[str, Any] = {
    "kind": "extension",
    "new_deadline": "2021-04-30",
    "current_state": "Жүйелердің жартысы сәйкестендірілді.",
    "justification": "Жеткізушілермен шарттар 2021 жылғы наурызда ғана жасалады.",
    "responsible": [
        {"organization": "MDDI", "name": "Д. Ким", "position": "вице-министр"},
        {"organization": "MCS", "name": "Б. Тоқтаров", "position": "вице-министр"},
        {"organization": "MF", "name": "Е. Дүйсен", "position": "вице-министр"},
    ],
    "agreement": {"by": "deputy_prime_minister", "agreed_on": "2021-02-25", "reference": "12-14/311"},
    "letter": {"registration_number": "MDDI-05-2021/118", "dated": "2021-02-26", "signed_by": "Т. Оспан"},
}


@dataclass(frozen=True)
class Names:
    kk: str
    ru: str
    en: str


@dataclass(frozen=True)
class Unit:
    """`reader`: the surname of the one employee who is told what concerns the unit."""

    organization: str
    code: str
    names: Names
    line: Line
    reader: str
    documentation_service: bool = False

    @property
    def employee_id(self) -> UUID:
        return uuid5(NAMESPACE_URL, f"baqylau-demo/{self.code}/{self.reader}")


@dataclass(frozen=True)
class Official:
    """A control subject (103-1); `areas` is empty for a first head."""

    name: str
    position: str
    areas: tuple[str, ...] = ()


@dataclass(frozen=True)
class Organization:
    code: str
    names: Names
    first_head: Official
    deputies: tuple[Official, ...]


PMO = Organization(
    "PMO",
    Names("Премьер-Министрдің Кеңсесі", "Канцелярия Премьер-Министра", "Prime Minister's Office"),
    Official("Н. Жақсылық", "Кеңсе Басшысы"),
    (),
)
CULTURE = Organization(
    "MCS",
    Names("Мәдениет және спорт министрлігі", "Министерство культуры и спорта", "Ministry of Culture and Sports"),
    Official("А. Ермекова", "министр"),
    (Official("Б. Тоқтаров", "вице-министр", ("archives",)), Official("С. Ли", "вице-министр", ("sports",))),
)
JUSTICE = Organization(
    "MJ",
    Names("Әділет министрлігі", "Министерство юстиции", "Ministry of Justice"),
    Official("М. Сейітов", "министр"),
    (Official("Г. Нұрлан", "вице-министр", ("legislation",)),),
)
DIGITAL = Organization(
    "MDDI",
    Names(
        "Цифрлық даму, инновациялар және аэроғарыш өнеркәсібі министрлігі",
        "Министерство цифрового развития, инноваций и аэрокосмической промышленности",
        "Ministry of Digital Development",
    ),
    Official("Т. Оспан", "министр"),
    (Official("Д. Ким", "вице-министр", ("e-government",)),),
)
FINANCE = Organization(
    "MF",
    Names("Қаржы министрлігі", "Министерство финансов", "Ministry of Finance"),
    Official("Ж. Бекова", "министр"),
    (Official("Е. Дүйсен", "вице-министр", ("budget",)), Official("Р. Ахметов", "вице-министр", ("treasury",))),
)
DEFENCE = Organization(
    "MD",
    Names("Қорғаныс министрлігі", "Министерство обороны", "Ministry of Defence"),
    Official("Қ. Омаров", "министр"),
    (Official("И. Петров", "министрдің орынбасары", ("secrets",)),),
)
ORGANIZATIONS = (PMO, CULTURE, JUSTICE, DIGITAL, FINANCE, DEFENCE)

_SERVICE = Names("Құжаттамалық қамтамасыз ету қызметі", "Служба документационного обеспечения", "Documentation service")

RECORDS = Unit("PMO", "PMO-01", _SERVICE, Line.OPEN, "Әбдіқадырова", documentation_service=True)
ARCHIVES = Unit(
    "MCS",
    "MCS-07",
    Names(
        "Архив ісі және құжаттаманы басқару комитеті",
        "Комитет архивного дела и управления документацией",
        "Committee of archives and records management",
    ),
    Line.OPEN,
    "Мұқанова",
)
LEGISLATION = Unit(
    "MJ",
    "MJ-03",
    Names("Заңнама департаменті", "Департамент законодательства", "Department of legislation"),
    Line.OPEN,
    "Иванова",
)
E_GOVERNMENT = Unit(
    "MDDI",
    "MDDI-05",
    Names("Электрондық үкімет департаменті", "Департамент электронного правительства", "Department of e-government"),
    Line.OPEN,
    "Сапаров",
)
BUDGET = Unit(
    "MF",
    "MF-02",
    Names("Бюджет департаменті", "Департамент бюджета", "Department of the budget"),
    Line.OPEN,
    "Жүнісов",
)
DEFENCE_RECORDS = Unit("MD", "MD-01", _SERVICE, Line.OPEN, "Оразова", documentation_service=True)
DEFENCE_SECRETS = Unit(
    "MD",
    "MD-08",
    Names(
        "Мемлекеттік құпияларды қорғау басқармасы",
        "Управление защиты государственных секретов",
        "Directorate for the protection of state secrets",
    ),
    Line.CONFIDENTIAL,
    "Серікбаев",
)
UNITS = (RECORDS, ARCHIVES, LEGISLATION, E_GOVERNMENT, BUDGET, DEFENCE_RECORDS, DEFENCE_SECRETS)

CONTROL_SUBJECTS = (
    (CULTURE, Line.OPEN),
    (JUSTICE, Line.OPEN),
    (DIGITAL, Line.OPEN),
    (FINANCE, Line.OPEN),
    (DEFENCE, Line.CONFIDENTIAL),
)
