"""The steps about public holidays: country, part of it, and which of them count."""

from dataclasses import replace
from datetime import date
from typing import Any, override

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_COUNTRY
from homeassistant.util import dt as dt_util

from ..api.tariff.public_holidays import holiday_names, subdivisions, supported_countries
from ..core.tariffs.days import MonthDay
from ..core.tariffs.holiday_rule import HolidayRule, Substitutes
from .tariff_base import TariffSteps
from .tariff_forms import (
    HOLIDAY_NAMES,
    OWN_DAYS,
    SUBDIVISION,
    SUBSTITUTES,
    country_form,
    holidays_form,
    subdivision_form,
)


class HolidaySteps(TariffSteps):
    """Asks whose holidays count."""

    @override
    async def async_step_holidays(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        rule = self.draft.holidays or HolidayRule()
        if user_input is not None:
            country = user_input.get(CONF_COUNTRY)
            if country != rule.country:
                rule = replace(rule, country=country, subdivision=None, names=None)
            self.draft.holidays = rule
            return await self.async_step_subdivision()
        countries = await self.hass.async_add_executor_job(supported_countries)
        values = {CONF_COUNTRY: rule.country} if rule.country in countries else {}
        return self.async_show_form(
            step_id="holidays",
            data_schema=self.add_suggested_values_to_schema(country_form(countries), values),
        )

    async def async_step_subdivision(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the part of the country, where parts have holidays of their own."""
        rule = self.draft.holidays or HolidayRule()
        if user_input is not None:
            chosen = user_input[SUBDIVISION]
            subdivision = None if chosen == self.words("whole_country") else chosen
            if subdivision != rule.subdivision:
                rule = replace(rule, subdivision=subdivision, names=None)
            self.draft.holidays = rule
            return await self.async_step_holiday_days()
        if rule.country is None:
            return await self.async_step_holiday_days()
        parts = await self.hass.async_add_executor_job(subdivisions, rule.country)
        if not parts:
            return await self.async_step_holiday_days()
        values = {SUBDIVISION: rule.subdivision} if rule.subdivision in parts else {}
        return self.async_show_form(
            step_id="subdivision",
            data_schema=self.add_suggested_values_to_schema(subdivision_form(parts, self.words), values),
        )

    async def async_step_holiday_days(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which of the holidays count, and for more."""
        rule = self.draft.holidays or HolidayRule()
        names: list[str] = []
        if rule.country is not None:
            names = await self.hass.async_add_executor_job(
                holiday_names, rule.country, rule.subdivision, dt_util.now().year
            )
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            try:
                self.draft.holidays = _with_days(rule, names, user_input)
            except _NoSuchDayError as err:
                errors, placeholders = {OWN_DAYS: "no_such_date"}, {"text": str(err)}
            else:
                return await self.async_go_on()
        values = user_input or {
            HOLIDAY_NAMES: [name for name in names if rule.names is None or name in rule.names],
            SUBSTITUTES: rule.substitutes.value,
            OWN_DAYS: [str(day) for day in rule.own_days] + [day.isoformat() for day in rule.own_dates],
        }
        return self.async_show_form(
            step_id="holiday_days",
            data_schema=self.add_suggested_values_to_schema(holidays_form(names), values),
            errors=errors,
            description_placeholders=placeholders,
        )


class _NoSuchDayError(ValueError):
    """A text that names no day."""


def _with_days(rule: HolidayRule, names: list[str], user_input: dict[str, Any]) -> HolidayRule:
    """Return *rule* with what was entered about single days."""
    days, dates = [], []
    for text in (typed.strip() for typed in user_input[OWN_DAYS]):
        try:
            if text.count("-") == 2:
                dates.append(date.fromisoformat(text))
            elif text:
                days.append(MonthDay.parse(text))
        except ValueError as err:
            raise _NoSuchDayError(text) from err
    chosen = user_input.get(HOLIDAY_NAMES, names)
    return replace(
        rule,
        names=None if set(chosen) >= set(names) else frozenset(chosen),
        substitutes=Substitutes(user_input.get(SUBSTITUTES, rule.substitutes)),
        own_days=tuple(days),
        own_dates=tuple(dates),
    )
