"""Settings of control's own."""

from datetime import date

from baqylau.platform.settings import Settings as BaseSettings
from pydantic import field_validator

from control.domain.rule_sets import RK_703, RuleBook, rule_book


class Settings(BaseSettings):
    """`rules_in_force_until`: the last day on which RK-703, as amended, is in force; left out: open."""

    rules_in_force_until: date | None = None

    @field_validator("rules_in_force_until", mode="before")
    @classmethod
    def _empty_is_open(cls, value: object) -> object:
        return value or None

    def rule_book(self) -> RuleBook:
        """The rule sets with their ends."""
        end = self.rules_in_force_until
        return rule_book({} if end is None else {RK_703.name: end})
