"""What all steps of a tariff's dialog share."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.util import dt as dt_util

from ..api.errors import NonsenseError
from ..api.tariff.public_holidays import country_name, look_up, subdivisions
from ..const import CONF_CURRENCY, SUBENTRY_TARIFF
from ..core.tariffs.days import Holidays
from ..core.tariffs.validation import ProblemKind
from .subentry_base import SubentrySteps
from .tariff_draft import TariffDraft
from .tariff_summary import summary
from .tariff_words import Words, async_load_words


class TariffSteps(SubentrySteps):
    """Holds what has been entered and finds the step that comes next."""

    words: Words
    currency: str

    def __init__(self) -> None:
        self.draft = TariffDraft()

    async def async_prepare(self) -> None:
        """Load what every step needs."""
        self.words = await async_load_words(self.hass)
        self.currency = self._get_entry().data[CONF_CURRENCY]

    async def async_go_on(self, *, from_prices: bool = False) -> SubentryFlowResult:
        """Show the next step that has something to ask, and the summary if none has.

        A price that is missing can be entered with the prices or become superfluous with other hours: whoever comes
        from one of the two forms is led to the other.
        """
        plan = self.draft.require_plan()
        problems = {problem.kind for problem in self.draft.problems()}
        if not plan.prices or any(price.import_per_kwh is None for price in plan.prices):
            return await self.async_step_prices()
        if ProblemKind.NO_PRICE in problems and not from_prices:
            return await self.async_step_prices()
        if problems:
            return await self.async_step_hours()
        return await self.async_step_summary()

    async def async_summarise(self) -> dict[str, str]:
        """Return what the summary shows."""
        clock = (dt_util.utcnow(), dt_util.get_default_time_zone(), await self._async_holidays())
        return summary(self.draft, self.words, self.currency, clock, await self._async_whose_holidays())

    async def _async_whose_holidays(self) -> str:
        """Return the country and its part; English alone has names for all countries here, so others read its code."""
        rule = self.draft.holidays
        if rule is None or rule.country is None:
            return self.words("holidays_own")
        is_english = self.hass.config.language.startswith("en")
        run = self.hass.async_add_executor_job
        name = await run(country_name, rule.country) if is_english else rule.country
        if rule.subdivision is None:
            return name
        try:
            parts = await run(subdivisions, rule.country)
        except NonsenseError:
            parts = {}
        return f"{name}, {parts.get(rule.subdivision, rule.subdivision)}"

    async def _async_holidays(self) -> Holidays | None:
        if (rule := self.draft.holidays) is None:
            return None
        year = dt_util.now().year
        try:
            return await self.hass.async_add_executor_job(look_up, rule, year, year + 1)
        except NonsenseError:
            return None

    @abstractmethod
    async def async_step_prices(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for tiers and prices."""

    @abstractmethod
    async def async_step_hours(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask when which tier holds."""

    @abstractmethod
    async def async_step_holidays(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which days are holidays."""

    @abstractmethod
    async def async_step_summary(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the tariff and let the user save it or change any part."""

    def _finish(self, title: str, data: dict[str, Any]) -> SubentryFlowResult:
        """Add the tariff, or change the one whose dialog this is."""
        if self.source != SOURCE_USER:
            return self.async_update_and_abort(
                self._get_entry(),
                self._get_reconfigure_subentry(),
                title=title,
                data=data,
                reason="reconfigure_successful",
            )
        if self._has_another():
            return self.async_abort(reason="single_tariff")
        return self.async_create_entry(title=title, data=data)

    def _present_data(self, kind: str) -> Mapping[str, Any]:
        """Return what is set up already, if a tariff of this *kind* is being changed."""
        if self.source == SOURCE_USER:
            return {}
        data = self._get_reconfigure_subentry().data
        return data if data.get("kind") == kind else {}

    def _suggested_name(self) -> str:
        """Return a name for a home's tariff beside those of other homes; a first home's tariff needs none."""
        default = self.words("default_name")
        return "" if (name := self._told_apart(default)) == default else name

    def _has_another(self) -> bool:
        return any(True for _ in self._get_entry().get_subentries_of_type(SUBENTRY_TARIFF))
