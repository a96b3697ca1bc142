"""A plan's decisions and reasons as sentences, in the language of this Home Assistant."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations, async_get_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .core.model.decision import Decision
from .core.model.plan import Plan, PlanStep, ReasonKey
from .core.planning.past_stretches import PastStretch
from .core.planning.plan_stretches import PlanStretch

_SENTENCES: Final = f"component.{DOMAIN}.selector.plan_words.options."
_DECISIONS: Final = f"component.{DOMAIN}.entity.sensor.decision.state."
_REASONS: Final = f"component.{DOMAIN}.entity.sensor.reason.state."
_WHY_NOT: Final = f"component.{DOMAIN}.entity.sensor.decision.state_attributes.why_not.state."
_GIVES_KW: Final = 0.05
"""From which mean power on a battery counts as giving."""
_PARTS_OF_DAY: Final = ((6, "night"), (12, "morning"), (18, "afternoon"), (22, "evening"), (24, "night"))


class PlanWords:
    """Says what a plan means, in the language that Home Assistant has when this is made, or in a given one."""

    def __init__(self, hass: HomeAssistant, language: str | None = None) -> None:
        language = language or hass.config.language
        self._comma = language.partition("-")[0] == "fr"
        self._words: Mapping[str, str] = {
            **async_get_cached_translations(hass, language, "entity", DOMAIN),
            **async_get_cached_translations(hass, language, "selector", DOMAIN),
        }

    def decision(self, decision: Decision) -> str:
        """Return a decision with its power, as in “Charge · 3.3 kW”."""
        power = decision.power_kw
        return self._decision(decision, None if power is None else (power, power))

    def stretch(self, stretch: PlanStretch) -> str:
        """Return the decision of several steps with the powers they ask for."""
        return self._decision(stretch.decision, stretch.powers_kw)

    def past(self, stretch: PastStretch) -> tuple[str, str | None]:
        """Return what was decided, and what the battery took and gave where that was measured."""
        name = self._words.get(_DECISIONS + stretch.decision, stretch.decision)
        energies = stretch.energies_kwh
        if energies is None:
            return name, None
        taken, given = (self._number(energy, 1) for energy in energies)
        return name, self._words.get(_SENTENCES + "happened", "").format(taken=taken, given=given) or None

    def reason(self, step: PlanStep, plan: Plan | None = None) -> str:
        """Return why a step decides what it does; with the rest of its *plan* it says also when “later” is."""
        reason = step.reason
        price, later = reason.price_per_kwh, reason.later_per_kwh
        sentence = self._words.get(_SENTENCES + reason.key, "")
        if not sentence or ("{price}" in sentence and price is None) or ("{later}" in sentence and later is None):
            return self._words.get(_REASONS + reason.key, reason.key)
        digits = _digits([each for each in (price, later) if each is not None])
        price_text, later_text = (self._number(each or 0.0, digits) for each in (price, later))
        if price_text == later_text and "{price}" in sentence and "{later}" in sentence:
            return f"{self._words.get(_REASONS + reason.key, reason.key)}."
        fragment = self._words.get(_SENTENCES + _when(step, plan), "{price}")
        return sentence.format(price=price_text, later=fragment.format(price=later_text))

    def why_not(self, key: str) -> str:
        """Return why there is no plan."""
        return self._words.get(_WHY_NOT + key, key)

    def _decision(self, decision: Decision, powers: tuple[float, float] | None) -> str:
        name = self._words.get(_DECISIONS + decision.kind, decision.kind)
        if powers is None:
            return name
        lowest, highest = (self._number(power, 1) for power in powers)
        return f"{name} · {lowest if lowest == highest else f'{lowest}–{highest}'} kW"

    def _number(self, value: float, digits: int) -> str:
        text = f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")
        return text.replace(".", ",") if self._comma else text


async def async_plan_words(hass: HomeAssistant, language: str | None) -> PlanWords:
    """Return the words of any *language*; Home Assistant keeps only those of its own at hand."""
    if language is not None:
        await async_get_translations(hass, language, "selector", {DOMAIN})
    return PlanWords(hass, language)


def _digits(prices: Sequence[float]) -> int:
    """Return how few digits tell prices apart and show each to two percent."""
    for digits in (2, 3):
        rounded = [round(price, digits) for price in prices]
        close = all(abs(one - other) <= 0.02 * abs(other) for one, other in zip(rounded, prices, strict=True))
        if close and len(set(rounded)) == len({round(price, 4) for price in prices}):
            return digits
    return 4


def _when(step: PlanStep, plan: Plan | None) -> str:
    """Return the key of when what is stored in *step* will be given."""
    steps = plan.steps if plan else ()
    used = next((each for each in steps if each.starts_at >= step.ends_at and each.battery_kw > _GIVES_KW), None)
    if used is None or step.reason.key is ReasonKey.SELL_DEAR:
        return "later"
    (_, now), (day, part) = _part_of_day(step.starts_at), _part_of_day(used.starts_at)
    days = (day - dt_util.as_local(step.starts_at).date()).days
    if days > 1 or (days < 1 and part == now):
        return "later"
    return f"later_tomorrow_{part}" if days == 1 else f"later_{part}"


def _part_of_day(instant: datetime) -> tuple[date, str]:
    """Return the local day and which part of it; the hours before dawn are the night of the day before."""
    local = dt_util.as_local(instant)
    part = next(part for until, part in _PARTS_OF_DAY if local.hour < until)
    return (local - timedelta(hours=6)).date() if part == "night" else local.date(), part
