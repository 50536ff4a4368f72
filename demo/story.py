"""Resolution No. 809 of 30.11.2020 and the five months after it, lived through over HTTP. Prints nothing."""

from collections.abc import Callable, Iterator
from datetime import date, time

from demo import cast
from demo.acts import Acts, Happening, derived
from demo.client import Json, Line, Stage

JUST_PAST_MIDNIGHT = time(0, 1)

Chapter = tuple[str, Callable[[], Iterator[Happening]]]


class Story:
    """Told once, chapter by chapter. `notices`: what a unit's reader found in the inbox, by the unit's code."""

    def __init__(self, stage: Stage) -> None:
        self.acts = Acts(stage)
        self.stage = stage
        self.notices: dict[str, list[Json]] = {}

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """In order. After each of the first three nothing is on control: the services may then lose their clocks."""
        return (
            ("Who is who", self.who_is_who),
            ("The resolution", self.the_resolution),
            ("December: three working days", self.three_working_days),
            ("Winter: more time is asked for", self.more_time),
            ("Nauryz: a deadline passes", self.a_deadline_passes),
            ("April: a secret order", self.a_secret_order),
            ("April: off control", self.off_control),
        )

    def who_is_who(self) -> Iterator[Happening]:
        acts = self.acts
        self.stage.it_is(cast.RESOLUTION_DAY)
        for organization in cast.ORGANIZATIONS:
            acts.know(organization)
        yield acts.now(
            "The secrecy-gate knows six state bodies",
            details=tuple(f"{body.code}  {body.names.kk}" for body in cast.ORGANIZATIONS),
            line=Line.GATE,
        )
        for unit in cast.UNITS:
            acts.establish(unit)
        yield acts.now(
            "Each unit keeps records in one regime, for ever; each employee serves in one",
            by=("RK-703:2",),
            details=tuple(f"{unit.code}  {unit.names.kk}: {unit.line}" for unit in cast.UNITS),
            line=Line.GATE,
        )
        for unit in cast.UNITS:
            acts.tell_reader(unit)
        yield acts.now("In each unit someone is told of what concerns it, in Kazakh", by=("RK-703:2",))
        for organization, line in cast.CONTROL_SUBJECTS:
            acts.name_control_subjects(organization, line)
        named = ((body, body.first_head) for body, line in cast.CONTROL_SUBJECTS if line is Line.OPEN)
        yield acts.now(
            "The control subjects are named: first heads, and deputies with their areas",
            by=("RK-703:103-1",),
            details=tuple(
                f"{body.code}  {head.name}, {head.position}; "
                + "; ".join(f"{deputy.name} ({', '.join(deputy.areas)})" for deputy in body.deputies)
                for body, head in named
            ),
        )

    def the_resolution(self) -> Iterator[Happening]:
        acts = self.acts
        nameless = {**cast.RESOLUTION, "executor": {"phone": cast.RESOLUTION["executor"]["phone"]}}
        grounds = acts.refusal(lambda: acts.register("no. 809", cast.RECORDS, nameless))
        yield acts.now("Resolution No. 809 is brought to PMO-01, its executor not named", grounds=grounds)
        number = acts.register("no. 809", cast.RECORDS, cast.RESOLUTION)
        yield acts.now(
            f"With all requisites it is registered: {number}",
            by=("RK-703:43", "RK-703:46"),
            details=(cast.RESOLUTION["title"],),
        )

    def three_working_days(self) -> Iterator[Happening]:
        acts = self.acts
        self.stage.it_is(date(2020, 12, 11))
        yield acts.issue(
            "guidance",
            "no. 809",
            clause="1.2",
            text="Тапсырмалардың орындалуын бақылау жөнінде ұсынымдар әзірлеп, мемлекеттік органдарға жіберу.",
            originator="head_of_pa",
            control="urgent",
            urgency="urgent",
            deadline=date(2020, 12, 25),
            executor=(cast.ARCHIVES, "archives"),
            co_executors=((cast.LEGISLATION, "legislation"), (cast.E_GOVERNMENT, "e-government")),
        )
        self.stage.it_is(date(2020, 12, 15))
        acts.propose("guidance", "MJ", "Ұсынымдарға 103-1-тармақтың түсіндірмесін қосу.")
        yield acts.now("MJ's proposal is in", by=("RK-703:103-2",))
        self.stage.it_is(date(2020, 12, 21), JUST_PAST_MIDNIGHT)
        missed = acts.recorded("guidance", "ProposalMissed")
        yield acts.now(
            "Midnight: MDDI's proposal isn't in, and the miss is recorded by itself",
            by=missed["citations"],
            details=(
                f"due on {_day(missed['data']['due'])}, a Sunday that was worked for Friday 18.12.",
                *(f"responsible: {who}" for who in acts.responsible(missed, "MDDI")),
            ),
        )
        self.stage.it_is(date(2020, 12, 21))
        acts.propose("guidance", "MDDI", "Ұсынымдарды электрондық үкімет порталында орналастыру.")
        yield acts.now("MDDI's proposal comes late, and is taken all the same", by=("RK-703:103-2",))
        yield from acts.execute("guidance", "MCS", date(2020, 12, 24), accepted=date(2020, 12, 25))

    def more_time(self) -> Iterator[Happening]:
        acts = self.acts
        self.stage.it_is(date(2021, 1, 11))
        yield acts.issue(
            "systems",
            "no. 809",
            clause="2.1",
            text="Электрондық құжат айналымы жүйелерін бақылау мерзімдерінің жаңа тәртібіне сәйкестендіру.",
            originator="head_of_pa",
            touches_government_powers=True,
            control="medium_term",
            deadline=date(2021, 3, 26),
            executor=(cast.E_GOVERNMENT, "e-government"),
            co_executors=((cast.ARCHIVES, "archives"), (cast.BUDGET, "budget")),
        )
        self.stage.it_is(date(2021, 2, 26))
        half = {**cast.LETTER, "responsible": cast.LETTER["responsible"][:1], "agreement": None}
        grounds = acts.refusal(lambda: acts.ask_for_time("systems", "MDDI", half))
        yield acts.now("MDDI asks for more time; what its letter lacks turns it back", grounds=grounds)
        asked = acts.ask_for_time("systems", "MDDI", cast.LETTER)
        yield acts.now(
            f"The whole letter is taken in as No. {asked['number']} and goes to the {asked['addressed_to'].upper()}",
            by=("RK-703:103-3",),
            details=(
                f"asks for {_day(cast.LETTER['new_deadline'])}; may decide: {', '.join(asked['may_decide'])}",
                "a deputy Prime Minister has agreed: it touches the Government's powers",
            ),
        )
        self.stage.it_is(date(2021, 3, 1))
        grounds = acts.refusal(lambda: acts.grant("systems", "deputy_prime_minister"))
        yield acts.now("A deputy Prime Minister grants it: not that office's to grant, and too soon", grounds=grounds)
        self.stage.it_is(date(2021, 3, 3))
        acts.give_opinion("systems", "ПӘ Бақылау бөлімі", "Мерзімді ұзарту негізделген.")
        yield acts.now("The PA's unit gives its expert opinion", by=("RK-703:103-4",))
        self.stage.it_is(date(2021, 3, 5))
        acts.grant("systems", "head_of_pa")
        granted = acts.recorded("systems", "ExtensionGranted")
        yield acts.now(
            f"The Head of the PA grants it: until {_day(granted['data']['new_deadline'])}",
            by=granted["citations"],
            details=derived(acts.proposals("systems")),
        )

    def a_deadline_passes(self) -> Iterator[Happening]:
        acts = self.acts
        self.stage.it_is(date(2021, 3, 9))
        yield acts.issue(
            "money",
            "no. 809",
            clause="3",
            text="Құжаттаманы басқаруға арналған 2021 жылғы шығыстар туралы ақпарат беру.",
            source="instruction",
            originator="pa_leadership",
            control="short_term",
            deadline=date(2021, 3, 22),
            executor=(cast.BUDGET, "budget"),
            co_executors=((cast.LEGISLATION, "legislation"),),
        )
        self.stage.it_is(date(2021, 3, 12))
        acts.propose("money", "MJ", "Шығыстар жөнінде ескертпе жоқ.")
        yield acts.now("MJ's proposal is in", by=("RK-703:103-2",))
        self.stage.it_is(date(2021, 3, 23), JUST_PAST_MIDNIGHT)
        missed = acts.recorded("money", "DeadlineMissed")
        yield acts.now(
            "Midnight: MF has reported nothing, and the miss is recorded by itself",
            by=missed["citations"],
            details=(
                f"due on {_day(missed['data']['deadline'])}, a day off: a deadline set as a date stays that date",
                *(f"responsible in person: {who}" for who in acts.responsible(missed, "MF")),
            ),
        )
        yield from acts.execute("money", "MF", date(2021, 3, 25), accepted=date(2021, 3, 26))

    def a_secret_order(self) -> Iterator[Happening]:
        acts, order, secrets = self.acts, cast.SECRET_ORDER, cast.DEFENCE_SECRETS
        self.stage.it_is(date(2021, 4, 14))
        grounds = acts.refusal(lambda: acts.register("secret", cast.DEFENCE_RECORDS, order))
        yield acts.now("A secret order is brought to the open line, to MD's open unit", grounds=grounds)
        grounds = acts.refusal(lambda: acts.register("secret", secrets, order))
        yield acts.now("Then to MD-08, on the open line still: there nobody has heard of that unit", grounds=grounds)
        number = acts.register("secret", secrets, order, Line.CONFIDENTIAL)
        yield acts.now(f"On the confidential line it is registered: {number}", by=("RK-703:2",), line=Line.CONFIDENTIAL)
        yield acts.issue(
            "secrets",
            "secret",
            clause="1",
            text="Мемлекеттік құпияларды қорғау жоспарының орындалуын қамтамасыз ету.",
            source="instruction",
            originator="president",
            control="short_term",
            deadline=date(2021, 4, 30),
            executor=(secrets, "secrets"),
            line=Line.CONFIDENTIAL,
        )
        yield from acts.execute("secrets", "MD", date(2021, 4, 15), date(2021, 4, 16), Line.CONFIDENTIAL)
        self.notices["MD-08"] = notices = acts.inbox(secrets, "secrets")
        yield acts.now(
            f"{len(notices)} notices lie in the inbox in MD-08; all they say is",
            by=("RK-703:2",),
            details=sorted({str(notice["text"]) for notice in notices}),
            line=Line.CONFIDENTIAL,
        )

    def off_control(self) -> Iterator[Happening]:
        acts = self.acts
        for organization in ("MCS", "MF"):
            acts.propose("systems", organization, "Жүйелерді сәйкестендіру жөнінде ұсыныстар жіберілді.")
        yield acts.now("The proposals of MCS and MF are in, on the last day", by=("RK-703:103-2",))
        yield from acts.execute("systems", "MDDI", date(2021, 4, 28), accepted=date(2021, 4, 29))
        self.notices["MF-02"] = notices = acts.inbox(cast.BUDGET, "systems")
        told = [notice for notice in notices if "DeadlineMissed" in notice["kind"]]
        yield acts.now(
            f"{len(notices)} notices lie in the inbox in MF-02; that of the missed deadline says",
            details=[str(notice["text"]) for notice in told],
        )


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%a %d.%m.%Y}"
