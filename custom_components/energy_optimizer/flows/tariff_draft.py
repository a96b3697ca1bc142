"""A tariff that is being entered."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any, Self

from ..core.tariffs.days import Holidays, Season
from ..core.tariffs.flat import FlatTariff
from ..core.tariffs.holiday_rule import HolidayRule
from ..core.tariffs.presets import Preset
from ..core.tariffs.serialisation import Data, flat_to_data, plan_to_data, tariff_from_data
from ..core.tariffs.terms import Terms
from ..core.tariffs.time_of_use import TierPrice, TimeOfUsePlan, TimeOfUseTariff
from ..core.tariffs.validation import Problem, ProblemKind, validate
from .tariff_words import Words


@dataclass(kw_only=True, slots=True)
class TariffDraft:
    """What has been entered so far: a flat tariff or a plan, with its name."""

    name: str = ""
    flat: FlatTariff | None = None
    plan: TimeOfUsePlan | None = None
    holidays: HolidayRule | None = None
    preset: str | None = None
    terms: dict[str, Any] = field(default_factory=dict)
    """Fixed charges, as the settings keep them; empty until they were entered."""
    stored: bool = False
    """Whether it began as the tariff that is set up."""

    @classmethod
    def blank(cls, name: str, words: Words) -> Self:
        """Return a plan with one season and nothing else."""
        seasons = (Season(name=words("name_all_year")),)
        return cls(name=name, plan=TimeOfUsePlan(seasons=seasons, prices=()))

    @classmethod
    def from_preset(cls, preset: Preset, name: str, words: Words) -> Self:
        """Return a preset whose tiers and seasons speak the user's language."""
        plan = preset.plan
        for season in plan.seasons:
            plan = with_season_renamed(plan, season.name, words.name(season.name))
        for tier in plan.tiers:
            plan = with_tier_renamed(plan, tier, words.name(tier))
            plan = replace(
                plan,
                prices=tuple(
                    replace(price, tier=words.name(tier)) if price.tier == tier else price for price in plan.prices
                ),
            )
        return cls(name=name, plan=plan, holidays=preset.holidays, preset=preset.key)

    @classmethod
    def from_data(cls, name: str, data: Data) -> Self:
        """Return the tariff that is set up; raise ``ValueError``, ``KeyError`` or ``TypeError`` if it is unreadable."""
        tariff = tariff_from_data(data, UTC, None)
        if isinstance(tariff, FlatTariff):
            return cls(name=name, flat=tariff, terms=_terms(data), stored=True)
        rule = HolidayRule.from_data(data["holidays"]) if data.get("holidays") else None
        return cls(
            name=name,
            plan=tariff.plan,
            holidays=rule,
            preset=data.get("preset"),
            terms=_terms(data),
            stored=True,
        )

    def to_data(self) -> dict[str, Any]:
        """Return the settings that keep this tariff."""
        terms = {"terms": self.terms} if self.terms else {}
        if self.flat is not None:
            return {**flat_to_data(self.flat), **terms}
        rule = None if self.holidays is None else self.holidays.to_data()
        return {**plan_to_data(self.require_plan()), "holidays": rule, "preset": self.preset, **terms}

    def require_plan(self) -> TimeOfUsePlan:
        """Return the plan of a draft that is not flat."""
        if self.plan is None:
            raise ValueError("A flat tariff has no plan")
        return self.plan

    def tariff(self, time_zone: tzinfo, holidays: Holidays | None) -> FlatTariff | TimeOfUseTariff:
        """Return the tariff as it would stand now."""
        return self.flat or TimeOfUseTariff(plan=self.require_plan(), time_zone=time_zone, holidays=holidays)

    def problems(self) -> tuple[Problem, ...]:
        """Return all that keeps the draft from being a tariff."""
        return validate(self.require_plan(), holidays_differ=self.holidays is not None)

    def set_seasons(self, seasons: tuple[Season, ...]) -> None:
        """Take in new seasons, and with them what hangs on the old ones."""
        plan = self.require_plan()
        if (renamed := _renamed([each.name for each in plan.seasons], [each.name for each in seasons])) is not None:
            plan = with_season_renamed(plan, *renamed)
        names = {season.name for season in seasons}
        prices = [price for price in plan.prices if price.season is None or price.season in names]
        windows = [
            replace(window, seasons=window.seasons & names)
            for window in plan.windows
            if not window.seasons or window.seasons & names
        ]
        if len(names) == 1:
            prices = _for_all_seasons(prices, plan.prices)
            windows = [replace(window, seasons=frozenset()) for window in windows]
        self.plan = replace(plan, seasons=seasons, prices=tuple(prices), windows=tuple(windows))

    def set_prices(self, prices: tuple[TierPrice, ...]) -> None:
        """Take in new prices; hours follow a tier that was only renamed."""
        plan = self.require_plan()
        tiers = list(dict.fromkeys(price.tier for price in prices))
        if (renamed := _renamed(list(plan.tiers), tiers)) is not None:
            plan = with_tier_renamed(plan, *renamed)
        self.plan = replace(plan, prices=prices)

    def likely_rest_tier(self) -> str | None:
        """Return the tier of all other times or, in a new tariff that leaves hours open, the cheapest one."""
        plan = self.require_plan()
        if self.stored or plan.rest_tier or all(each.kind is not ProblemKind.UNCOVERED for each in self.problems()):
            return plan.rest_tier
        known = [(price.import_per_kwh, price.tier) for price in plan.prices if price.import_per_kwh is not None]
        return min(known, default=(0, None))[1]

    def wanted_prices(self) -> tuple[TierPrice, ...]:
        """Return the prices with an empty one for each that is missing."""
        missing = [problem for problem in self.problems() if problem.kind is ProblemKind.NO_PRICE]
        empty = [TierPrice(season=each.season, tier=each.tiers[0], import_per_kwh=None) for each in missing]
        return (*self.require_plan().prices, *empty)


def _terms(data: Data) -> dict[str, Any]:
    return Terms.from_data(data["terms"]).to_data() if data.get("terms") else {}


def with_season_renamed(plan: TimeOfUsePlan, old: str, new: str) -> TimeOfUsePlan:
    """Return *plan* with another name for a season."""
    return replace(
        plan,
        seasons=tuple(replace(each, name=new) if each.name == old else each for each in plan.seasons),
        prices=tuple(replace(each, season=new) if each.season == old else each for each in plan.prices),
        windows=tuple(
            replace(each, seasons=frozenset(new if name == old else name for name in each.seasons))
            for each in plan.windows
        ),
    )


def with_tier_renamed(plan: TimeOfUsePlan, old: str, new: str) -> TimeOfUsePlan:
    """Return *plan* with another name for a tier in its hours; its prices stay."""
    return replace(
        plan,
        windows=tuple(replace(each, tier=new) if each.tier == old else each for each in plan.windows),
        rest_tier=new if plan.rest_tier == old else plan.rest_tier,
    )


def _renamed(old: Sequence[str], new: Sequence[str]) -> tuple[str, str] | None:
    """Return the one name that was replaced by another in its place, if that is all that happened."""
    if len(old) != len(new):
        return None
    changed = [(before, after) for before, after in zip(old, new, strict=True) if before != after]
    return changed[0] if len(changed) == 1 and changed[0][1] not in old else None


def _for_all_seasons(kept: Sequence[TierPrice], before: Sequence[TierPrice]) -> list[TierPrice]:
    """Return one price per tier, of the season that is left or else of the first that had one."""
    found: dict[str, TierPrice] = {}
    for price in (*kept, *before):
        found.setdefault(price.tier, replace(price, season=None))
    return list(found.values())
