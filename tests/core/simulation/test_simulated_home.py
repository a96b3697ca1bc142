"""A home that lives by the laws, however one looks at it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.energy import EnergyTotals
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.powerwall import (
    ExportRule,
    GridStatus,
    OperationMode,
    PowerwallReading,
    PowerwallSettings,
)
from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.core.simulation.home import SimulatedHome, history
from custom_components.energy_optimizer.core.simulation.series import HomeSeries
from custom_components.energy_optimizer.core.simulation.settings import SimulationSettings
from custom_components.energy_optimizer.core.simulation.state import Change, HomeState

PLACES = (
    Place(latitude=48.85, longitude=2.35, time_zone=ZoneInfo("Europe/Paris")),
    Place(latitude=-34.93, longitude=138.6, time_zone=ZoneInfo("Australia/Adelaide")),
    Place(latitude=22.57, longitude=88.36, time_zone=ZoneInfo("Asia/Kolkata")),
)
NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class EveningTariff:
    """Dear from 15 to 20 h UTC, cheap before 5 h."""

    export_per_kwh: float | None = 0.4
    known_until: datetime | None = None

    def at(self, instant: datetime) -> PriceSlot:
        start = instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        price = 0.5 if 15 <= start.hour < 20 else 0.15 if start.hour < 5 else 0.3
        return PriceSlot(
            starts_at=start,
            ends_at=start + timedelta(hours=1),
            tier=str(price),
            import_per_kwh=price,
            export_per_kwh=self.export_per_kwh,
        )

    def slots(self, start: datetime, end: datetime) -> Iterator[PriceSlot]:
        slot = self.at(start)
        while slot.starts_at < end:
            yield slot
            slot = self.at(slot.ends_at)


def complete(
    mode: OperationMode = OperationMode.SELF_CONSUMPTION,
    reserve: float = 20.0,
    rule: ExportRule = ExportRule.BATTERY_OK,
    *,
    grid_charging: bool = False,
) -> PowerwallSettings:
    return PowerwallSettings(
        operation_mode=mode,
        backup_reserve_percent=reserve,
        grid_charging=grid_charging,
        export_rule=rule,
        storm_mode=False,
    )


any_settings = st.builds(
    complete,
    st.sampled_from(OperationMode),
    st.floats(0.0, 100.0),
    st.sampled_from(ExportRule),
    grid_charging=st.booleans(),
)
homes = st.builds(
    lambda seed, place, first, level, kwp, tariff: SimulatedHome(
        SimulationSettings(seed=seed, first=first, first_level_percent=level, solar_kwp=kwp),
        place,
        tariff=tariff,
    ),
    st.integers(0, 2),
    st.sampled_from(PLACES),
    any_settings,
    st.floats(0.0, 100.0),
    st.sampled_from([0.0, 6.6, 20.0]),
    st.none() | st.builds(EveningTariff, st.none() | st.floats(-0.1, 0.8)),
)
starts = st.sampled_from(
    [
        datetime(2026, 6, 15, 9, 30, 20, tzinfo=UTC),
        datetime(2026, 3, 28, 22, 0, tzinfo=UTC),  # over a change of clocks in Paris
        datetime(2026, 4, 4, 9, 0, tzinfo=UTC),  # and in Adelaide
        datetime(2028, 2, 28, 20, 0, tzinfo=UTC),
        datetime(2026, 12, 31, 10, 0, 1, 500_000, tzinfo=UTC),
    ]
)
changes = st.lists(
    st.builds(
        lambda after_s, chosen, outage: (after_s, chosen, outage),
        st.floats(1.0, 36_000.0),
        st.none() | any_settings,
        st.none() | st.booleans(),
    ),
    max_size=4,
)
modest = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])

type Happening = tuple[float, PowerwallSettings | None, bool | None]


def as_changes(start: datetime, happenings: list[Happening]) -> tuple[Change, ...]:
    return tuple(
        Change(at=start + timedelta(seconds=after_s), settings=chosen or PowerwallSettings(), outage=outage)
        for after_s, chosen, outage in sorted(happenings, key=lambda each: each[0])
    )


def totals_of(reading: PowerwallReading) -> dict[str, float]:
    values = {each.name: getattr(reading.totals, each.name) for each in fields(EnergyTotals)}
    assert None not in values.values()
    return values


@modest
@given(homes, starts, changes)
def test_laws_hold_through_a_life(home: SimulatedHome, start: datetime, happenings: list[Happening]) -> None:
    """Energies balance, nothing falls, limits and rules are kept, over ten hours with changes."""
    state = home.begin(start)
    pending = as_changes(start, happenings)
    battery = home.battery
    before = home.reading(state, start)
    at = start
    while at < start + timedelta(hours=11):
        until = min([each.at for each in pending if each.at > at] + [at + timedelta(minutes=4)])
        following = home.carry_on(state, tuple(each for each in pending if at < each.at <= until), until)
        now = home.reading(following, until)
        check_moment(now)
        gained = {name: total - totals_of(before)[name] for name, total in totals_of(now).items()}
        assert min(gained.values()) >= -1e-9
        assert gained["home_kwh"] == pytest.approx(
            gained["solar_kwh"]
            + gained["battery_discharge_kwh"]
            - gained["battery_charge_kwh"]
            + gained["grid_import_kwh"]
            - gained["grid_export_kwh"],
            abs=1e-9,
        )
        assert now.energy_left_kwh is not None
        assert before.energy_left_kwh is not None
        assert now.energy_left_kwh - before.energy_left_kwh == pytest.approx(
            gained["battery_charge_kwh"] * battery.efficiency - gained["battery_discharge_kwh"] / battery.efficiency,
            abs=1e-9,
        )
        check_rules(state, before, now, gained)
        state, before, at = following, now, until


def check_moment(reading: PowerwallReading) -> None:
    """Check what one look must show."""
    assert reading.home_kw is not None
    assert reading.solar_kw is not None
    assert reading.battery_kw is not None
    assert reading.grid_kw is not None
    assert reading.level_percent is not None
    assert reading.home_kw == pytest.approx(reading.solar_kw + reading.battery_kw + reading.grid_kw, abs=1e-9)
    assert reading.solar_kw >= 0.0
    assert reading.home_kw >= -1e-9
    assert 0.0 <= reading.level_percent <= 100.0
    assert -5.0 <= reading.battery_kw <= 11.5
    if reading.grid_status is GridStatus.ISLANDED:
        assert reading.grid_kw == 0.0


def check_rules(state: HomeState, before: PowerwallReading, now: PowerwallReading, gained: dict[str, float]) -> None:
    """Check what the settings forbid between two looks that no change lies between."""
    chosen = state.settings
    if state.outage:
        assert gained["grid_import_kwh"] == gained["grid_export_kwh"] == 0.0
        return
    if chosen.export_rule is ExportRule.NEVER:
        assert gained["grid_export_kwh"] <= 1e-12
    if chosen.export_rule is not ExportRule.BATTERY_OK:
        assert gained["grid_export_kwh"] <= gained["solar_kwh"] + 1e-9
    if not chosen.grid_charging:
        assert gained["battery_charge_kwh"] <= gained["solar_kwh"] + 1e-9
    assert now.level_percent is not None
    assert before.level_percent is not None
    assert chosen.backup_reserve_percent is not None
    reserve = 100.0 if chosen.operation_mode is OperationMode.BACKUP else chosen.backup_reserve_percent
    assert now.level_percent >= min(before.level_percent, reserve) - 1e-7


@modest
@given(homes, starts, st.lists(st.floats(0.0, 20_000.0), max_size=25), changes)
def test_looking_changes_nothing(
    home: SimulatedHome, start: datetime, looks: list[float], happenings: list[Happening]
) -> None:
    end = start + timedelta(seconds=20_000)
    happened = tuple(each for each in as_changes(start, happenings) if each.at <= end)
    at_once = home.carry_on(home.begin(start), happened, end)
    state, last = home.begin(start), start
    for look in [start + timedelta(seconds=after_s) for after_s in sorted(looks)] + [end]:
        state = home.carry_on(state, tuple(each for each in happened if last < each.at <= look), look)
        home.reading(state, look)
        last = look
    assert state == at_once
    assert home.reading(state, end) == home.reading(at_once, end)


@modest
@given(homes, starts, st.floats(0.0, 30_000.0))
def test_a_restored_state_goes_on_as_if_nothing_had_been(home: SimulatedHome, start: datetime, stop_s: float) -> None:
    stop, end = start + timedelta(seconds=stop_s), start + timedelta(hours=10)
    stopped = home.advance(home.begin(start), stop)
    another = SimulatedHome(home.settings, home.place, tariff=home._prices._tariff)
    assert another.fingerprint == home.fingerprint
    restored = HomeState.from_dict(stopped.as_dict())
    assert another.reading(another.advance(restored, end), end) == home.reading(
        home.advance(home.begin(start), end), end
    )


@pytest.mark.parametrize("place", PLACES)
def test_powers_are_the_slope_of_the_counters(place: Place) -> None:
    home = SimulatedHome(SimulationSettings(seed=4), place)
    readings = list(history(home, NOON, NOON + timedelta(hours=30), MINUTE))
    for one, other in pairwise(readings):
        for power_kw, rising, falling in (
            (one.solar_kw, "solar_kwh", None),
            (one.home_kw, "home_kwh", None),
            (one.battery_kw, "battery_discharge_kwh", "battery_charge_kwh"),
            (one.grid_kw, "grid_import_kwh", "grid_export_kwh"),
        ):
            gained = totals_of(other)[rising] - totals_of(one)[rising]
            if falling:
                gained -= totals_of(other)[falling] - totals_of(one)[falling]
            assert power_kw == pytest.approx(gained * 60.0, abs=1e-7)


def test_days_are_those_of_a_home_with_sun_and_battery() -> None:
    home = SimulatedHome(SimulationSettings(seed=1), PLACES[0])
    start = datetime(2026, 6, 1, tzinfo=ZoneInfo("Europe/Paris"))
    readings = list(history(home, start, start + timedelta(days=14)))
    assert len(readings) == 14 * 288 + 1
    levels = np.array([reading.level_percent for reading in readings[:-1]]).reshape(14, 288)
    grid = np.array([reading.grid_kw for reading in readings[:-1]]).reshape(14, 288)
    assert np.mean(levels[1:, 15 * 12] > 95.0) > 0.6, "on most days in June it is full in the afternoon"
    assert np.mean(levels[1:, 5 * 12] < levels[1:, 15 * 12]) > 0.9
    assert grid.min() < -3.0
    swings = np.abs(np.diff(np.sign(np.diff(levels, axis=1)), axis=1)) > 1
    assert swings.sum() / 14 < 40, "the level should not saw"


def test_history_meets_the_live_home() -> None:
    home = SimulatedHome(SimulationSettings(seed=8), PLACES[1], tariff=EveningTariff())
    end = NOON + timedelta(days=3)
    *_, last = history(home, NOON, end)
    live_home = SimulatedHome(SimulationSettings(seed=8), PLACES[1], tariff=EveningTariff())
    assert live_home.reading(live_home.begin(NOON), end) == last
    assert last.taken_at == end


def test_two_weeks_pass_in_a_moment() -> None:
    home = SimulatedHome(SimulationSettings(seed=8), PLACES[0], tariff=EveningTariff())
    began = time.process_time()
    home.advance(home.begin(NOON), NOON + timedelta(days=14))
    assert time.process_time() - began < 1.5


def test_autonomous_earns_what_self_consumption_leaves() -> None:
    def cost(mode: OperationMode) -> float:
        tariff = EveningTariff(export_per_kwh=0.1)
        first = complete(mode, 10.0, grid_charging=True)
        home = SimulatedHome(SimulationSettings(seed=3, first=first), PLACES[0], tariff=tariff)
        paid, before = 0.0, None
        for reading in history(home, datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC)):
            total = reading.totals
            if before is not None:
                price = tariff.at(reading.taken_at - MINUTE)
                paid += (total.grid_import_kwh - before.grid_import_kwh) * price.import_per_kwh
                paid -= (total.grid_export_kwh - before.grid_export_kwh) * price.export_per_kwh
            before = total
        return paid

    assert cost(OperationMode.AUTONOMOUS) < 0.85 * cost(OperationMode.SELF_CONSUMPTION)


def test_an_outage_lasts_as_long_as_the_battery() -> None:
    first = complete(OperationMode.BACKUP, 50.0)
    home = SimulatedHome(SimulationSettings(seed=3, solar_kwp=0.0, first=first, first_level_percent=30.0), PLACES[0])
    begin, end = NOON + timedelta(hours=1), NOON + timedelta(hours=40)
    cut, back = Change(at=begin, outage=True), Change(at=end, outage=False)
    during = home.reading(home.carry_on(home.begin(NOON), (cut,), begin + MINUTE), begin + MINUTE)
    assert during.grid_status is GridStatus.ISLANDED
    assert during.alerts == ("UnscheduledIslandContactorOpen",)
    assert during.home_kw == during.battery_kw
    assert during.home_kw > 0.0
    before_end = home.carry_on(home.begin(NOON), (cut,), end)
    dark = home.reading(before_end, end)
    assert dark.home_kw == 0.0
    assert dark.level_percent == pytest.approx(0.0, abs=1e-9)
    assert dark.backup_time_left_h == pytest.approx(0.0, abs=1e-9)
    assert dark.alerts == ("UnscheduledIslandContactorOpen", "LoadUnserved")
    assert before_end.counters.unserved > 1.0
    after = home.reading(home.carry_on(home.begin(NOON), (cut, back), end + MINUTE), end + MINUTE)
    assert after.grid_status is GridStatus.CONNECTED
    assert after.alerts == ()
    assert after.grid_kw == after.home_kw


def test_a_full_battery_without_grid_holds_the_sun_back() -> None:
    home = SimulatedHome(SimulationSettings(seed=3, solar_kwp=12.0, first_level_percent=100.0), PLACES[0])
    state = home.carry_on(home.begin(NOON), (Change(at=NOON, outage=True),), NOON + timedelta(hours=2))
    reading = home.reading(state, NOON + timedelta(hours=2))
    assert reading.solar_kw == pytest.approx(reading.home_kw, abs=0.5)
    assert state.counters.curtailed > 1.0


def test_readings_show_everything() -> None:
    home = SimulatedHome(SimulationSettings(seed=42, batteries=2), PLACES[0])
    reading = home.reading(home.begin(NOON), NOON)
    for shown in (reading, reading.totals, reading.settings, reading.identity):
        assert [each.name for each in fields(shown) if getattr(shown, each.name) is None] == []
    assert reading.identity.serial == "SIM-42"
    assert reading.identity.model == "Powerwall 3 (simulated)"
    assert reading.capacity_kwh == 27.0
    assert reading.level_percent == 40.0
    assert reading.backup_time_left_h is not None
    assert 3.0 < reading.backup_time_left_h < 60.0


def test_time_does_not_run_backwards() -> None:
    home = SimulatedHome(SimulationSettings(seed=4), PLACES[0])
    state = home.advance(home.begin(NOON), NOON + timedelta(hours=1))
    assert home.advance(state, NOON) == state
    assert home.settle(state, NOON) == state


def test_homes_that_differ_know_it() -> None:
    home = SimulatedHome(SimulationSettings(seed=4), PLACES[0])
    others = [
        SimulatedHome(SimulationSettings(seed=5), PLACES[0]),
        SimulatedHome(SimulationSettings(seed=4), PLACES[1]),
        SimulatedHome(SimulationSettings(seed=4), PLACES[0], tariff=EveningTariff()),
    ]
    assert len({home.fingerprint, *(other.fingerprint for other in others)}) == 4
    ends = {each.advance(each.begin(NOON), NOON + timedelta(hours=5)).counters.home for each in (home, *others[:2])}
    assert len(ends) == 3


def test_a_replayed_home_has_its_own_powers() -> None:
    series = HomeSeries.of(
        starts_at=datetime(2026, 6, 15, tzinfo=UTC),
        step=timedelta(hours=1),
        load_kw=[0.5 + hour / 10 for hour in range(24)],
        solar_kw=[0.0] * 6 + [2.0] * 12 + [0.0] * 6,
    )
    home = SimulatedHome(SimulationSettings(first_level_percent=100.0), PLACES[0], series=series)
    at = datetime(2026, 6, 15, 10, 20, tzinfo=UTC)
    reading = home.reading(home.begin(at), at)
    assert reading.home_kw == pytest.approx(1.5)
    assert reading.solar_kw == pytest.approx(2.0)
    other = replace(home.settings, solar_kwp=1.0)
    assert SimulatedHome(other, PLACES[0], series=series).reading(home.begin(at), at).solar_kw == pytest.approx(2.0)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_knows_the_home_again(hash_seed: str) -> None:
    """Sets stand in another order in each process; the home that is stored must be recognised all the same."""
    script = (
        "from zoneinfo import ZoneInfo\n"
        "from custom_components.energy_optimizer.core.model.place import Place\n"
        "from custom_components.energy_optimizer.core.simulation.home import SimulatedHome\n"
        "from custom_components.energy_optimizer.core.simulation.settings import SimulationSettings\n"
        "from custom_components.energy_optimizer.core.tariffs.presets import PRESETS\n"
        "from custom_components.energy_optimizer.core.tariffs.serialisation import tariff_from_data\n"
        "zone = ZoneInfo('America/Los_Angeles')\n"
        "tariff = tariff_from_data(PRESETS['sce_tou_d_prime'].data(), zone, None)\n"
        "place = Place(latitude=34.1, longitude=-117.4, time_zone=zone)\n"
        "print(SimulatedHome(SimulationSettings(), place, tariff=tariff).fingerprint)\n"
    )

    def told(seed: str) -> bytes:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True).stdout

    assert told(hash_seed) == told("0")
