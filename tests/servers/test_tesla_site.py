"""The site behind the loopback servers keeps Tesla's rules, or tests against it would prove nothing."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.servers.tesla_site import NEVER, NotAcceptedError, TeslaSite
from tests.servers.tesla_tariff_rules import NOT_24_HOURS, complaint, price_at, with_buy_raised

LOCAL = ZoneInfo("America/Los_Angeles")


def window(hours: tuple[int, int], days: tuple[int, int] = (0, 6)) -> dict[str, int]:
    return {
        "fromDayOfWeek": days[0],
        "toDayOfWeek": days[1],
        "fromHour": hours[0],
        "fromMinute": 0,
        "toHour": hours[1],
        "toMinute": 0,
    }


def side(prices: dict[str, float], periods: dict[str, list[dict[str, int]]]) -> dict[str, object]:
    tou = {name: {"periods": windows} for name, windows in periods.items()}
    return {
        "seasons": {"Summer": {"fromMonth": 1, "fromDay": 1, "toMonth": 12, "toDay": 31, "tou_periods": tou}},
        "energy_charges": {"Summer": {"rates": prices}},
    }


EVENING = {"ON_PEAK": [window((16, 21))], "OFF_PEAK": [window((0, 16)), window((21, 0))]}


class At:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 8, tzinfo=LOCAL).astimezone(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def at() -> At:
    return At()


def test_monday_is_nought() -> None:
    monday_only = side(
        {"ON_PEAK": 9, "OFF_PEAK": 1}, {"ON_PEAK": [window((0, 0), (0, 0))], "OFF_PEAK": [window((0, 0), (1, 6))]}
    )
    monday = datetime(2026, 11, 23, 12, tzinfo=LOCAL)
    assert [price_at(monday_only, monday + timedelta(days=day)) for day in range(7)] == [9, 1, 1, 1, 1, 1, 1]
    assert complaint(monday_only) is None


def test_the_app_complains_of_gaps_and_overlaps_that_the_server_took(at: At) -> None:
    site = TeslaSite(now=at)
    site.ask("tariff", side({"ON_PEAK": 1}, {"ON_PEAK": [window((0, 12)), window((12, 0))]}))
    assert site.app_error is None
    for hours in ((0, 11), (0, 13)):
        site.ask("tariff", side({"ON_PEAK": 1}, {"ON_PEAK": [window(hours), window((12, 0))]}))
        assert site.app_error == NOT_24_HOURS
    assert len(site.accepted) == 3


def test_buying_is_raised_to_selling() -> None:
    tariff = side({"ON_PEAK": 0.2, "OFF_PEAK": 0.1}, EVENING)
    tariff["sell_tariff"] = side({"ON_PEAK": 0.5, "OFF_PEAK": 0.05}, EVENING)
    kept = with_buy_raised(tariff)
    assert kept["energy_charges"]["Summer"]["rates"] == {"ON_PEAK": 0.5, "OFF_PEAK": 0.1}
    assert tariff["energy_charges"]["Summer"]["rates"]["ON_PEAK"] == 0.2


def test_negative_prices_are_refused(at: At) -> None:
    site = TeslaSite(now=at)
    with pytest.raises(NotAcceptedError):
        site.ask("tariff", side({"ON_PEAK": -0.01, "OFF_PEAK": 0}, EVENING))
    assert site.settings["tariff"] == {}


def test_a_reserve_that_is_not_permitted_becomes_80(at: At) -> None:
    site = TeslaSite(now=at)
    for asked, kept in ((80, 80), (90, 80), (100, 100)):
        site.ask("reserve", asked)
        assert site.settings["reserve"] == kept
    site.strict_reserve = True
    with pytest.raises(NotAcceptedError):
        site.ask("reserve", 81)


def test_settings_take_effect_when_they_are_told_to(at: At) -> None:
    site = TeslaSite(now=at, effect=timedelta(seconds=40), effects={"storm": NEVER})
    site.ask("mode", "backup")
    site.ask("storm", False)
    at.now += timedelta(seconds=39)
    assert site.site_info()["default_real_mode"] == "self_consumption"
    at.now += timedelta(seconds=1)
    assert site.site_info()["default_real_mode"] == "backup"
    at.now += timedelta(days=1)
    assert site.site_info()["user_settings"]["storm_mode_enabled"] is True


def test_energy_is_neither_made_nor_lost_and_the_dear_hours_are_sold(at: At) -> None:
    site = TeslaSite(now=at, solar_w=0.0, home_w=1000.0, level_percent=90.0)
    tariff = side({"ON_PEAK": 0.6, "OFF_PEAK": 0.2}, EVENING)
    tariff["sell_tariff"] = side({"ON_PEAK": 0.5, "OFF_PEAK": 0.1}, EVENING)
    for name, value in (("tariff", tariff), ("mode", "autonomous"), ("export_rule", "battery_ok"), ("disallow", False)):
        site.ask(name, value)
    level, powers = site.level_percent, []
    for _ in range(96):
        at.now += timedelta(minutes=15)
        live = site.live_status()
        assert live["load_power"] == pytest.approx(live["solar_power"] + live["battery_power"] + live["grid_power"])
        powers.append((at.now.astimezone(LOCAL).hour, live["battery_power"]))
    sums = {name: sum(each[name] for each in site.history.values()) for name in next(iter(site.history.values()))}
    charged = sums["battery_energy_imported_from_grid"] + sums["battery_energy_imported_from_solar"]
    left = (site.level_percent - level) / 100 * site.capacity_wh
    assert charged - sums["battery_energy_exported"] == pytest.approx(left, abs=500)
    bought = sums["grid_energy_imported"] - sums["grid_energy_exported_from_battery"]
    assert bought == pytest.approx(24000 + charged - sums["battery_energy_exported"], abs=1)
    assert any(watts > 1000 for hour, watts in powers if 16 <= hour < 21)
    assert all(watts <= 0 for hour, watts in powers if not 16 <= hour < 22)
