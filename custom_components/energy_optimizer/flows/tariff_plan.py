"""The steps of a tariff that follows the clock: seasons, prices, hours."""

from dataclasses import replace
from typing import Any, override

from homeassistant.config_entries import SubentryFlowResult

from ..core.tariffs.holiday_rule import HolidayRule
from ..core.tariffs.presets import PRESETS
from ..core.tariffs.validation import ProblemKind
from .tariff_base import TariffSteps
from .tariff_forms import (
    HOLIDAYS_DIFFER,
    PRICES,
    REST_TIER,
    SEASONS,
    WINDOWS,
    hours_form,
    prices_form,
    seasons_form,
)
from .tariff_rows import (
    RowError,
    read_prices,
    read_seasons,
    read_windows,
    write_prices,
    write_seasons,
    write_windows,
)
from .tariff_summary import problem_words


class PlanSteps(TariffSteps):
    """Asks for the parts of a time-of-use plan, each shown again with what was typed until it can be taken."""

    async def async_step_seasons(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask when which season starts, and whether holidays differ."""
        error: RowError | None = None
        if user_input is not None:
            try:
                self.draft.set_seasons(read_seasons(user_input[SEASONS], self.words))
            except RowError as err:
                error = err
            else:
                return await self._after_seasons(holidays_differ=user_input[HOLIDAYS_DIFFER])
        values = user_input or {
            SEASONS: write_seasons(self.draft.require_plan().seasons, self.words),
            HOLIDAYS_DIFFER: self.draft.holidays is not None,
        }
        return self.async_show_form(
            step_id="seasons",
            data_schema=self.add_suggested_values_to_schema(seasons_form(self.words), values),
            errors={SEASONS: error.key} if error else {},
            description_placeholders=error.placeholders if error else None,
        )

    async def _after_seasons(self, *, holidays_differ: bool) -> SubentryFlowResult:
        if not holidays_differ:
            self.draft.holidays = None
        elif self.draft.holidays is None:
            self.draft.holidays = HolidayRule(country=self.hass.config.country)
            return await self.async_step_holidays()
        return await self.async_go_on()

    @override
    async def async_step_prices(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        placeholders = {"currency": self.currency, "source": self._source()}
        if user_input is not None:
            try:
                prices = read_prices(user_input[PRICES], self.words)
            except RowError as err:
                errors, placeholders = {PRICES: err.key}, placeholders | err.placeholders
            else:
                if prices:
                    self.draft.set_prices(prices)
                    return await self.async_go_on(from_prices=True)
                errors = {PRICES: "no_tiers"}
        else:
            errors, found = self._problem(PRICES, {ProblemKind.NO_PRICE})
            placeholders |= found
        seasons = [season.name for season in self.draft.require_plan().seasons]
        rows = write_prices(self.draft.wanted_prices(), self.words, with_season=len(seasons) > 1)
        return self.async_show_form(
            step_id="prices",
            data_schema=self.add_suggested_values_to_schema(
                prices_form(self.currency, seasons, self.words), user_input or {PRICES: rows}
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    @override
    async def async_step_hours(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            try:
                self._take_hours(user_input)
            except RowError as err:
                errors, placeholders = {WINDOWS: err.key}, err.placeholders
            else:
                errors, placeholders = self._problem(WINDOWS, set(ProblemKind) - {ProblemKind.NO_PRICE})
                if not errors:
                    return await self.async_go_on()
        elif self.draft.require_plan().windows or self.draft.require_plan().rest_tier:
            errors, placeholders = self._problem(WINDOWS, set(ProblemKind))
        return self._show_hours(user_input, errors, placeholders)

    def _take_hours(self, user_input: dict[str, Any]) -> None:
        rest = user_input[REST_TIER]
        self.draft.plan = replace(
            self.draft.require_plan(),
            windows=read_windows(user_input[WINDOWS], self.words),
            rest_tier=None if rest == self.words("no_rest") else rest,
        )

    def _show_hours(
        self, user_input: dict[str, Any] | None, errors: dict[str, str], placeholders: dict[str, str]
    ) -> SubentryFlowResult:
        plan, holidays_differ = self.draft.require_plan(), self.draft.holidays is not None
        # Tiers whose price was taken away stay choosable, or their rows could not be shown.
        stale = [window.tier for window in plan.windows] + ([plan.rest_tier] if plan.rest_tier else [])
        values = user_input or {
            WINDOWS: write_windows(plan, self.words, holidays_differ=holidays_differ),
            REST_TIER: self.draft.likely_rest_tier() or self.words("no_rest"),
        }
        seasons = [season.name for season in plan.seasons]
        form = hours_form([*plan.tiers, *stale], seasons, self.words, holidays_differ=holidays_differ)
        return self.async_show_form(
            step_id="hours",
            data_schema=self.add_suggested_values_to_schema(form, values),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _problem(self, field: str, kinds: set[ProblemKind]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the first problem of *kinds* as an error of *field*, with what its message names."""
        problems = [problem for problem in self.draft.problems() if problem.kind in kinds]
        if not problems:
            return {}, {}
        first = problems[0]
        return {field: first.kind.value}, problem_words(first, len(problems) - 1, self.words)

    def _source(self) -> str:
        preset = PRESETS.get(self.draft.preset or "")
        if preset is None or preset.in_force_since is None or preset.source is None:
            return ""
        return self.words("source", source=preset.source, date=preset.in_force_since.isoformat())
