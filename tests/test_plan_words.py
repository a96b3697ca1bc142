"""Decisions and their reasons as sentences."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from homeassistant.core import HomeAssistant

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.core.model.decision import Decision, DecisionKind
from custom_components.energy_optimizer.core.model.plan import PlanStep, ReasonKey
from custom_components.energy_optimizer.core.planning.plan_stretches import plan_stretches
from custom_components.energy_optimizer.plan_words import PlanWords, async_plan_words
from tests.planned_homes import Part, plan_of

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 6, 10, 12, tzinfo=PARIS)
type Speak = Callable[[Part], str]


@pytest.fixture(autouse=True)
async def _in_paris(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")


async def words(hass: HomeAssistant, language: str) -> PlanWords:
    return await async_plan_words(hass, language)


def step_of(part: Part) -> PlanStep:
    return plan_of(NOON, part).steps[0]


WAITS = Part(hours=1, kind=DecisionKind.HOLD, key=ReasonKey.KEEP_FOR_LATER, price=0.27, later=0.59)


async def test_a_reason_names_its_prices(hass: HomeAssistant) -> None:
    english, french = await words(hass, "en"), await words(hass, "fr")
    assert english.reason(step_of(WAITS)) == "Holding: 0.59 later is worth more than 0.27 now."
    assert french.reason(step_of(WAITS)) == "Énergie gardée : 0,59 plus tard vaut mieux que 0,27 maintenant."


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("key", list(ReasonKey))
async def test_every_reason_has_a_sentence_and_without_prices_a_few_words(
    hass: HomeAssistant, language: str, key: ReasonKey
) -> None:
    speaker = await words(hass, language)
    sentence = speaker.reason(step_of(Part(hours=1, key=key, price=0.27, later=0.59)))
    assert sentence.endswith(".")
    assert "{" not in sentence
    without = speaker.reason(step_of(Part(hours=1, key=key)))
    assert without not in ("", key.value)
    assert "{" not in without
    assert "0" not in without


@pytest.mark.parametrize(
    ("price", "later", "texts"),
    [
        (0.27, 0.59, ("0.27", "0.59")),
        (0.2701, 0.2749, ("0.270", "0.275")),
        (0.064, 0.1, ("0.064", "0.100")),
        (0.31, 0.3101, ("0.3100", "0.3101")),
        (-0.05, 0.12, ("−0.05", "0.12")),
        (31.2, 42.0, ("31.20", "42.00")),
    ],
)
async def test_prices_have_as_few_digits_as_tell_them_apart(
    hass: HomeAssistant, price: float, later: float, texts: tuple[str, str]
) -> None:
    step = step_of(Part(hours=1, key=ReasonKey.KEEP_FOR_LATER, price=price, later=later))
    expected = f"Holding: {texts[1]} later is worth more than {texts[0]} now."
    assert (await words(hass, "en")).reason(step) == expected


@pytest.mark.parametrize(
    ("now", "hours", "when"),
    [
        (12, 3, "later"),
        (8, 6, "this afternoon"),
        (8, 10.5, "this evening"),
        (8, 15, "tonight"),
        (2, 5, "this morning"),
        (20, 11, "tomorrow morning"),
        (20, 22, "tomorrow evening"),
        (8, 39, "tomorrow night"),
        (18, 1, "later"),
        (8, 47, "later"),
    ],
)
async def test_later_is_when_the_battery_next_gives(hass: HomeAssistant, now: int, hours: float, when: str) -> None:
    starts_at = NOON.replace(hour=now).astimezone(UTC)
    part = Part(hours=hours, kind=DecisionKind.HOLD, key=ReasonKey.KEEP_FOR_LATER, price=0.27, later=0.59)
    plan = plan_of(starts_at, part, Part(hours=1, battery_kw=2.0))
    sentence = (await words(hass, "en")).reason(plan.steps[0], plan)
    assert sentence == f"Holding: 0.59 {when} is worth more than 0.27 now."


async def test_what_is_sold_now_is_not_given_later(hass: HomeAssistant) -> None:
    sells = Part(hours=1, kind=DecisionKind.DISCHARGE, key=ReasonKey.SELL_DEAR, price=0.45, later=0.3, battery_kw=3.0)
    plan = plan_of(NOON, sells, Part(hours=8, battery_kw=1.0))
    assert (await words(hass, "en")).reason(plan.steps[0], plan) == "Selling at 0.45 now: more than 0.30 later."


async def test_a_price_is_not_said_to_be_worth_more_than_itself(hass: HomeAssistant) -> None:
    alike = step_of(Part(hours=1, key=ReasonKey.BUY_CHEAP, price=0.13562, later=0.13564))
    assert (await words(hass, "en")).reason(alike) == "Cheap to buy."
    assert (await words(hass, "fr")).reason(alike) == "Achat bon marché."


async def test_decisions_with_their_powers(hass: HomeAssistant) -> None:
    english, french = await words(hass, "en"), await words(hass, "fr")
    assert english.decision(Decision(kind=DecisionKind.HOLD)) == "Hold"
    assert english.decision(Decision(kind=DecisionKind.CHARGE, power_kw=3.3)) == "Charge · 3.3 kW"
    assert french.decision(Decision(kind=DecisionKind.DISCHARGE, power_kw=3.3)) == "Décharger · 3,3 kW"
    parts = (Part(hours=1, kind=DecisionKind.CHARGE, power_kw=power) for power in (3.3, 1.5))
    (stretch,) = plan_stretches(plan_of(NOON, *parts).steps)
    assert english.stretch(stretch) == "Charge · 1.5–3.3 kW"


async def test_a_language_that_is_not_ours_is_english(hass: HomeAssistant) -> None:
    assert (await words(hass, "de")).decision(Decision(kind=DecisionKind.CHARGE, power_kw=3.3)) == "Charge · 3.3 kW"


async def test_without_a_language_home_assistants_own_is_spoken(hass: HomeAssistant) -> None:
    await hass.config.async_update(language="fr")
    await words(hass, "fr")
    assert (await async_plan_words(hass, None)).why_not("no_tariff") == "Le foyer n’a pas de tarif"
    assert DOMAIN not in PlanWords(hass).why_not("starting")


async def test_the_clock_change_does_not_move_the_part_of_the_day(hass: HomeAssistant) -> None:
    before = datetime(2026, 10, 24, 20, tzinfo=PARIS).astimezone(UTC)
    part = Part(hours=12, kind=DecisionKind.HOLD, key=ReasonKey.KEEP_FOR_LATER, price=0.27, later=0.59)
    plan = plan_of(before, part, Part(hours=1, battery_kw=2.0))
    assert plan.steps[48].starts_at.astimezone(PARIS) == before.astimezone(PARIS) + timedelta(hours=11)
    sentence = (await words(hass, "en")).reason(plan.steps[0], plan)
    assert "0.59 tomorrow morning" in sentence
