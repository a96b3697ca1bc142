"""Homes whose Powerwall is handed over to the plan for a day: real Home Assistant, recorder, ledger and planner."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.control.dispatching import RENEW_EVERY
from custom_components.energy_optimizer.coordinators.savings import savings_of
from custom_components.energy_optimizer.core.accounting.savings import DaySavings
from custom_components.energy_optimizer.core.model.contract import ConnectionRule
from custom_components.energy_optimizer.core.model.metering import SLOT
from custom_components.energy_optimizer.core.model.powerwall import PowerwallSettings
from custom_components.energy_optimizer.core.simulation.state import HomeState
from custom_components.energy_optimizer.core.tariffs.presets import HEURES_CREUSES
from custom_components.energy_optimizer.plan_sensors import SENSORS as OF_PLAN
from custom_components.energy_optimizer.savings_sensors import SENSORS as OF_SAVINGS
from tests.coordinators.tariff_in_san_diego import PRICED, local, tariff
from tests.core.tariffs.test_net_billing_settings import settings as net_billing
from tests.forced_homes import SPEAKER, control_of, let_sleep_pass, reload
from tests.homes import HOME_DATA
from tests.judged_days import (
    CHARGE,
    DISCHARGE,
    HOLD,
    SELF,
    ledger_kwh,
    left_alone,
    money,
    not_by_plan,
    obeyed,
    too_short,
)
from tests.lived_days import CLOUD_LIKE, DAY, OPTIMIZE, Life, begin
from tests.servers.colour_api import ColourApiServer
from tests.servers.tempo_year import paris
from tests.tempo_homes import HOME_DATA as HOME_IN_PARIS
from tests.tempo_homes import settings as tempo

SAVED, SAVED_TODAY = "sensor.powerwall_saved_since_start", "sensor.powerwall_saved_today"
SHARE = "sensor.powerwall_share_of_possible_savings_yesterday"
EXPORTS = {"Peak": 0.40, "Off-peak": 0.08, "Super off-peak": 0.04}
THREE_TIERS = PRICED | {"prices": [{**price, "export_per_kwh": EXPORTS[price["tier"]]} for price in PRICED["prices"]]}
OF_CONTROL = ("optimize", "battery_mode", "control_state", "command_state", "decisions")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def recorder_config() -> Iterator[dict[str, Any]]:
    """Let the recorder write only what plans are made from, without a line for each of its statements."""
    logger = logging.getLogger("sqlalchemy.engine")
    level = logger.level
    logger.setLevel(logging.WARNING)
    yield {"include": {"entities": ["sensor.powerwall_home_power", "sensor.powerwall_solar_power"]}}
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def _enable_custom_integrations(recorder_mock: Any, enable_custom_integrations: None) -> None:
    """Start the recorder before all else, as it wants."""


@dataclass(frozen=True, kw_only=True)
class Before:
    """How a Powerwall stood before the plan had it."""

    settings: PowerwallSettings
    tariff: object
    state: HomeState


async def hand_over(life: Life) -> Before:
    """Turn *Optimize* on; return what must be put back."""
    reading, stored = await life.device.read(), life.device.state
    assert stored is not None
    state = stored["state"]
    assert isinstance(state, dict)
    before = Before(settings=reading.settings, tariff=await life.device.read_tariff(), state=HomeState.from_dict(state))
    assert life.sent == []
    await life.switch("turn_on")
    return before


async def take_back(life: Life, before: Before) -> None:
    """Turn *Optimize* off: all is as it was, and nothing is sent any more."""
    await life.switch("turn_off")
    await life.until(dt_util.utcnow() + 10 * MINUTE)
    reading = await life.device.read()
    assert reading.settings == before.settings
    assert await life.device.read_tariff() == before.tariff
    assert control_of(life.hass).state.held == {}
    assert life.hass.states.get(SPEAKER).state == "baseline"
    sent = len(life.sent)
    await life.until(dt_util.utcnow() + 30 * MINUTE)
    assert len(life.sent) == sent
    assert life.hass.states.get(OPTIMIZE).state == "off"
    assert life.planning.data.plan is not None


def check_followed(life: Life, before: Before, *, within: timedelta, most_settings: int) -> None:
    """The Powerwall did what the plan said, *within* a while each time, without flapping and with few commands."""
    looks = [look for look in life.looks if look.decided is not None]
    assert not_by_plan(looks) == []
    assert obeyed(looks, before.settings, within) > 0.95
    assert too_short(life) == []
    ordered = sum((look.lasting for look in looks if look.is_ordered), timedelta())
    sent = Counter("order" if each.what in {"order", "stop"} else "setting" for each in life.sent)
    assert sent["setting"] <= most_settings
    assert sent["order"] <= ordered / RENEW_EVERY + 2 * len(life.carried)


def value(hass: HomeAssistant, entity_id: str) -> float:
    return float(hass.states.get(entity_id).state)


async def books_of(life: Life, day: date) -> DaySavings:
    """Return a day's savings after holding them against the ledger and against what is shown."""
    start = datetime(day.year, day.month, day.day, tzinfo=dt_util.get_default_time_zone()).astimezone(UTC)
    end = start + DAY
    books = savings_of(life.powerwall).books.days[day]
    assert books.is_known
    assert books.unknown_steps == 0
    imported = await ledger_kwh(life, "grid_import_kwh", start, end)
    exported = await ledger_kwh(life, "grid_export_kwh", start, end)
    assert len(imported) == len(exported) == DAY // SLOT
    assert books.measured == pytest.approx(money(life, imported, exported), abs=0.01)
    assert books.saved is not None
    assert books.possible is not None
    assert value(life.hass, SAVED) == pytest.approx(books.saved + value(life.hass, SAVED_TODAY), abs=0.001)
    assert 0.0 < books.saved <= 1.02 * books.possible
    assert value(life.hass, SHARE) == pytest.approx(min(100 * books.saved / books.possible, 100.0), abs=0.1)
    return books


async def test_a_day_of_three_prices_with_orders(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(local(2026, 7, 14, 23, 30))
    let_sleep_pass(freezer, monkeypatch)
    life = await begin(
        hass,
        freezer,
        monkeypatch,
        home=HOME_DATA,
        tariff=tariff(THREE_TIERS),
        simulated={"solar_kwp": 3.5, "home_kwh_per_year": 9000, "seed": 1},
    )
    midnight = local(2026, 7, 15).astimezone(UTC)
    await life.until(midnight)
    before = await hand_over(life)
    await life.until(midnight + DAY / 2, unless=lambda: life.is_ordered)
    await _ten_minutes_of_polls_change_little(life)
    await life.until(midnight + DAY + 20 * MINUTE)
    check_followed(life, before, within=MINUTE, most_settings=0)
    assert {each.decision.kind for each in life.carried} >= {SELF, CHARGE, DISCHARGE}
    books = await books_of(life, date(2026, 7, 15))
    paid, held_kwh = left_alone(life, before.state, midnight + DAY)
    assert books.without_end_kwh == pytest.approx(held_kwh, abs=0.1)
    assert books.without - books.stored_difference_kwh * books.value_per_kwh == pytest.approx(paid, abs=0.05)
    bill = await life.tariff.bills.async_bill(date(2026, 7, 15), date(2026, 7, 16))
    assert float(bill.total) == pytest.approx(books.measured, abs=0.03)
    await take_back(life, before)


async def _ten_minutes_of_polls_change_little(life: Life) -> None:
    """What is planned and who steers is written when that changes, and not with each poll."""
    registry = er.async_get(life.hass)
    keys = {each.key for each in (*OF_PLAN, *OF_SAVINGS)} | set(OF_CONTROL)
    ours = {
        each.entity_id
        for each in registry.entities.values()
        if each.platform == DOMAIN and each.unique_id.removeprefix(f"{life.powerwall.subentry_id}_") in keys
    }
    assert len(ours) > len(OF_CONTROL)
    assert life.is_ordered
    life.changes.clear()
    await life.until(dt_util.utcnow() + 10 * MINUTE, every=timedelta(seconds=10))
    counted = {entity_id: times for entity_id, times in life.changes.items() if entity_id in ours}
    assert max(life.changes.values()) > 50
    assert all(times <= 5 for times in counted.values()), counted


async def test_under_net_billing_the_battery_is_filled_by_the_sun_alone(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(local(2026, 9, 9, 23, 30))
    let_sleep_pass(freezer, monkeypatch)
    life = await begin(
        hass,
        freezer,
        monkeypatch,
        home=HOME_DATA,
        tariff=tariff(net_billing().to_data()),
        skills=CLOUD_LIKE,
        simulated={"solar_kwp": 9.0, "home_kwh_per_year": 7000, "seed": 1},
    )
    midnight = local(2026, 9, 10).astimezone(UTC)
    await life.until(midnight)
    before = await hand_over(life)
    await life.until(midnight + DAY + 20 * MINUTE)
    assert life.planning.data.problem.rule is ConnectionRule.SUN_ONLY
    check_followed(life, before, within=5 * MINUTE, most_settings=30)
    assert {each.decision.kind for each in life.carried} >= {SELF, HOLD, DISCHARGE}
    assert not any(look.reading.settings.grid_charging for look in life.looks)
    charged = await ledger_kwh(life, "battery_charge_kwh", midnight, midnight + DAY)
    solar = await ledger_kwh(life, "solar_kwh", midnight, midnight + DAY)
    assert sum(charged.values()) > 5.0
    assert all(kwh <= solar[at] + 1e-6 for at, kwh in charged.items())
    await books_of(life, date(2026, 9, 10))
    await take_back(life, before)


async def test_a_red_day_finds_the_battery_full_and_a_restart_changes_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch, colour_api: ColourApiServer
) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")
    freezer.move_to(paris(2026, 11, 22, 21, 30))
    let_sleep_pass(freezer, monkeypatch)
    colour_api.year.said |= {date(2026, 11, 22): "BLUE", date(2026, 11, 23): "RED"}
    life = await begin(
        hass,
        freezer,
        monkeypatch,
        home=HOME_IN_PARIS,
        tariff=tariff(tempo(colour_api)),
        skills=CLOUD_LIKE,
        simulated={"solar_kwp": 3.0, "home_kwh_per_year": 9000, "seed": 1},
    )
    before = await hand_over(life)
    six = paris(2026, 11, 23, 6).astimezone(UTC)
    await life.until(six, unless=lambda: any(each.decision.kind is CHARGE for each in life.carried))
    await life.until(dt_util.utcnow() + 30 * MINUTE)
    await _goes_on_after_a_restart(life)
    await life.until(six)
    level = (await life.device.read()).level_percent
    assert level > 98.0
    bought = await ledger_kwh(life, "battery_charge_kwh", paris(2026, 11, 22, 21, 30).astimezone(UTC), six)
    assert sum(bought.values()) > 8.0
    assert all(kwh < 0.01 for at, kwh in bought.items() if at < paris(2026, 11, 22, 22))
    await life.until(six + timedelta(hours=2))
    check_followed(life, before, within=5 * MINUTE, most_settings=12)
    assert life.carried[-1].decision.kind is SELF
    await take_back(life, before)


async def _goes_on_after_a_restart(life: Life) -> None:
    """Stopped for some minutes while it charges, the home goes on as if nothing had been."""
    held, carried = control_of(life.hass).state.held, life.carried[-1]
    assert {name: each.baseline for name, each in held.items()}.keys() >= {"operation_mode", "grid_charging", "tariff"}

    async def be_away() -> None:
        life.freezer.tick(4 * MINUTE)

    await reload(life.hass, life.entry, be_away)
    await life.tariff.bills.async_shutdown()
    await life.until(dt_util.utcnow() + 10 * MINUTE)
    after = control_of(life.hass).state
    assert {name: each.baseline for name, each in after.held.items()} == {
        name: each.baseline for name, each in held.items()
    }
    assert after.decided is not None
    assert (after.decided.asked_at, after.decided.decision) == (carried.asked_at, carried.decision)
    assert life.hass.states.get(OPTIMIZE).state == "on"
    assert life.hass.states.get(SPEAKER).state == "optimize"
    assert life.powerwall.data.reading.battery_kw < -4.5


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2027, 3, 28)], ids=["goes back", "goes forward"])
async def test_the_night_in_which_the_clock(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch, day: date
) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")
    start = paris(day.year, day.month, day.day, 0, 40).astimezone(UTC)
    freezer.move_to(start)
    let_sleep_pass(freezer, monkeypatch)
    data = HEURES_CREUSES.data()
    (cheap,) = data["windows"]
    prices = [{**price, "import_per_kwh": 0.31, "export_per_kwh": 0.04} for price in data["prices"]]
    prices[1]["import_per_kwh"] = 0.12
    data |= {"prices": prices, "windows": [{**cheap, "start": "02:30", "end": "05:00"}]}
    life = await begin(
        hass,
        freezer,
        monkeypatch,
        home=HOME_IN_PARIS,
        tariff=tariff(data),
        skills=CLOUD_LIKE,
        simulated={"solar_kwp": 3.0, "home_kwh_per_year": 9000, "seed": 1},
    )
    before = await hand_over(life)
    await life.until(paris(day.year, day.month, day.day, 5, 30).astimezone(UTC))
    check_followed(life, before, within=5 * MINUTE, most_settings=20)
    charged = await ledger_kwh(life, "battery_charge_kwh", start, dt_util.utcnow())
    assert sum(charged.values()) > 8.0
    assert [at for at, kwh in charged.items() if kwh > 0.2 and money(life, {at: 1.0}, {}) > 0.3] == []
    quarter_past_five = paris(day.year, day.month, day.day, 5, 15).astimezone(UTC)
    midnight = paris(day.year, day.month, day.day).astimezone(UTC)
    today = savings_of(life.powerwall).data.today
    assert today is not None
    assert today.steps == (quarter_past_five - midnight) // SLOT
    await take_back(life, before)
