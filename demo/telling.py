"""How the story looks in a terminal."""

from collections.abc import Mapping, Sequence
from datetime import date

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from demo.acts import Happening
from demo.client import Ground, Line
from demo.subscriber import Received

_MARKS = {Line.GATE: Text("gate", "magenta"), Line.OPEN: Text("open", "green"), Line.CONFIDENTIAL: Text("conf.", "red")}

_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green", "bright_magenta")
_MOST, _FIRST = 24, 9
"""A topic with more events than the first figure is shown with as many as the second, and its last."""


class Teller:
    """Prints what happens: the day, the line, what it was, and by which paragraph."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._day: date | None = None

    def title(self) -> None:
        self._console.print()
        self._console.print(Rule(Text("№ 809 · 30.11.2020 · and the five months after it", "bold"), characters="═"))

    def chapter(self, number: int, title: str) -> None:
        self._day = None
        self._console.print()
        self._console.print(Rule(Text(f"{number}. {title}", "bold cyan"), align="left", style="dim"))

    def happening(self, happening: Happening) -> None:
        day = "" if happening.day == self._day else f"{happening.day:%a %d.%m.%Y}"
        self._day = happening.day
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(width=14)
        grid.add_column(width=5)
        grid.add_column(width=1)
        grid.add_column(ratio=1)
        grid.add_column(justify="right", min_width=14)
        grid.add_row(
            Text(day, "bold"),
            _MARKS[happening.line],
            Text("✗", "bold red") if happening.grounds else Text("●", "green"),
            _what(happening),
            Text("\n".join(happening.by), "cyan"),
        )
        self._console.print(grid)

    def received(self, topics: Mapping[str, Sequence[Received]]) -> None:
        """What an outsider's subscriber was sent, topic by topic, in the order of each sender's log."""
        count = sum(len(events) for events in topics.values())
        self._console.print()
        self._console.print(
            Rule(Text(f"Meanwhile a plain Kafka subscriber received {count} CloudEvents", "bold cyan"), align="left")
        )
        for topic, events in topics.items():
            self._console.print(Padding(Text(f"{topic}: {len(events)}", "bold"), (1, 0, 0, 0)))
            self._console.print(_events(events))

    def farewell(self, seconds: float) -> None:
        self._console.print()
        self._console.print(
            f"Five months in {seconds:.0f} s. The clocks show real time again. Run it once more: the numbers go on.",
            style="dim",
        )


def _what(happening: Happening) -> RenderableType:
    parts: list[RenderableType] = [Text(happening.what, "bold" if happening.grounds else "")]
    parts += [Text(detail, "dim") for detail in happening.details]
    parts += [_ground(ground) for ground in happening.grounds]
    return Group(*parts)


def _ground(ground: Ground) -> Text:
    text = Text.assemble(("refused ", "red"), (ground.citation or "", "cyan"), (f" {ground.reason}", "red"))
    return text.append(f"  {ground.field}", "dim") if ground.field else text


def _events(events: Sequence[Received]) -> Table:
    """Each subject in a colour of its own; of a long topic the beginning and the end."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("position", justify="right")
    table.add_column("partition", justify="right", style="dim")
    table.add_column("type", no_wrap=True)
    table.add_column("subject", no_wrap=True)
    for event in events if len(events) <= _MOST else events[:_FIRST]:
        table.add_row(*_row(event))
    if len(events) > _MOST:
        table.add_row("⋮", "", f"{len(events) - _FIRST - 1} more", "", style="dim")
        table.add_row(*_row(events[-1]))
    return table


def _row(event: Received) -> tuple[str, str, str, Text]:
    colour = _COLOURS[int(event.subject[:4], 16) % len(_COLOURS)]
    name = event.type.split(".", 2)[2]  # the topic says whose event it is
    return str(event.position), str(event.partition), name, Text(event.subject, colour)
