"""A battery seen through entities of other integrations."""

import pytest
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError

from custom_components.energy_optimizer.api.errors import NonsenseError, NotPermittedError, UnreachableError
from custom_components.energy_optimizer.api.powerwall.entities import EntitiesPowerwall, PowerwallEntities
from custom_components.energy_optimizer.core.model.powerwall import ExportRule, OperationMode, PowerwallSettings

ENTITIES = PowerwallEntities(
    grid_power="sensor.grid",
    battery_power="sensor.battery",
    solar_power="sensor.solar",
    home_power="sensor.home",
    level="sensor.level",
)


def show(hass: HomeAssistant, **states: tuple[str, str | None]) -> None:
    for name, (state, unit) in states.items():
        hass.states.async_set(f"sensor.{name}", state, {} if unit is None else {"unit_of_measurement": unit})


@pytest.fixture
def powers(hass: HomeAssistant) -> HomeAssistant:
    show(hass, grid=("-500", "W"), battery=("-1.5", "kW"), solar=("3", "kW"), home=("1000", "W"), level=("48", "%"))
    return hass


async def test_units_are_converted(powers: HomeAssistant) -> None:
    reading = await EntitiesPowerwall(powers, ENTITIES).read()
    assert (reading.grid_kw, reading.battery_kw, reading.solar_kw, reading.home_kw) == (-0.5, -1.5, 3.0, 1.0)
    assert reading.level_percent == 48
    assert EntitiesPowerwall(powers, ENTITIES).imbalance_kw(reading) == pytest.approx(0)


async def test_signs_are_turned(powers: HomeAssistant) -> None:
    entities = PowerwallEntities(
        grid_power="sensor.grid", grid_inverted=True, battery_power="sensor.battery", battery_inverted=True
    )
    reading = await EntitiesPowerwall(powers, entities).read()
    assert (reading.grid_kw, reading.battery_kw) == (0.5, 1.5)


async def test_the_home_is_computed_where_nothing_measures_it(powers: HomeAssistant) -> None:
    entities = PowerwallEntities(grid_power="sensor.grid", battery_power="sensor.battery", solar_power="sensor.solar")
    assert (await EntitiesPowerwall(powers, entities).read()).home_kw == pytest.approx(1.0)
    show(powers, solar=("unavailable", None))
    assert (await EntitiesPowerwall(powers, entities).read()).home_kw is None


async def test_a_house_below_zero_is_shown_before_it_is_saved_and_unknown_after(powers: HomeAssistant) -> None:
    show(powers, grid=("-3", "kW"), battery=("0", "W"), solar=("0.5", "kW"))
    entities = PowerwallEntities(grid_power="sensor.grid", battery_power="sensor.battery", solar_power="sensor.solar")
    path = EntitiesPowerwall(powers, entities)
    assert path.preview().home_kw == pytest.approx(-2.5)
    assert (await path.read()).home_kw is None
    show(powers, grid=("-0.55", "kW"))
    assert (await path.read()).home_kw == 0


@pytest.mark.parametrize("state", ["unavailable", "unknown"])
async def test_silence_is_unknown_and_not_zero(powers: HomeAssistant, state: str) -> None:
    show(powers, solar=(state, None), level=(state, None))
    reading = await EntitiesPowerwall(powers, ENTITIES).read()
    assert reading.solar_kw is None
    assert reading.level_percent is None


async def test_all_silent_is_an_outage(powers: HomeAssistant) -> None:
    show(powers, grid=("unavailable", None), battery=("unavailable", None))
    with pytest.raises(UnreachableError):
        await EntitiesPowerwall(powers, ENTITIES).read()


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"grid": ("4100", "kW")}, "too_much_power"),
        ({"grid": ("sunny", "kW")}, "not_a_number"),
        ({"grid": ("nan", "kW")}, "not_a_number"),
        ({"grid": ("inf", "W")}, "not_a_number"),
        ({"grid": ("3", "kWh")}, "not_a_power"),
        ({"grid": ("3", None)}, "not_a_power"),
        ({"level": ("480", "%")}, "not_a_percentage"),
        ({"level": ("3", "kWh")}, "not_a_percentage"),
        ({"solar": ("unknown", None)}, "no_value"),
    ],
)
async def test_nonsense_names_the_entity(powers: HomeAssistant, changed, key) -> None:
    show(powers, **changed)
    path = EntitiesPowerwall(powers, ENTITIES)
    (name,) = changed
    assert path.problems() == {"level" if name == "level" else f"{name}_power": key}
    if key != "no_value":
        with pytest.raises(NonsenseError, match=f"sensor.{name}"):
            await path.read()


async def test_watts_taken_for_kilowatts_are_seen(powers: HomeAssistant) -> None:
    show(powers, home=("1.0", "W"))
    path = EntitiesPowerwall(powers, ENTITIES)
    assert abs(path.imbalance_kw(await path.read()) or 0) == pytest.approx(0.999)


async def test_counters(powers: HomeAssistant) -> None:
    show(powers, imported=("1500000", "Wh"), made=("2.5", "MWh"))
    entities = PowerwallEntities(
        grid_power="sensor.grid",
        battery_power="sensor.battery",
        grid_import_energy="sensor.imported",
        solar_energy="sensor.made",
    )
    totals = (await EntitiesPowerwall(powers, entities).read()).totals
    assert totals.grid_import_kwh == 1500
    assert totals.solar_kwh == 2500
    assert totals.home_kwh is None


CONTROLS = PowerwallEntities(
    grid_power="sensor.grid",
    battery_power="sensor.battery",
    operation_mode="select.mode",
    backup_reserve="number.reserve",
    grid_charging="switch.charging",
    export_rule="select.export",
)


@pytest.fixture
def calls(powers: HomeAssistant) -> list[ServiceCall]:
    powers.states.async_set(
        "select.mode", "Self-Powered", {"options": ["Self-Powered", "Time-Based Control", "Backup"]}
    )
    powers.states.async_set("number.reserve", "20", {"unit_of_measurement": "%"})
    powers.states.async_set("switch.charging", "off")
    powers.states.async_set("select.export", "pv_only", {"options": ["battery_ok", "pv_only"]})
    made: list[ServiceCall] = []
    for domain, action in (("select", "select_option"), ("number", "set_value"), ("switch", "turn_on")):
        powers.services.async_register(domain, action, made.append)
    return made


async def test_settings_are_read_in_any_dialect(powers: HomeAssistant, calls: list[ServiceCall]) -> None:
    settings = (await EntitiesPowerwall(powers, CONTROLS).read()).settings
    assert settings == PowerwallSettings(
        operation_mode=OperationMode.SELF_CONSUMPTION,
        backup_reserve_percent=20,
        grid_charging=False,
        export_rule=ExportRule.PV_ONLY,
    )


async def test_commands_speak_the_entitys_dialect(powers: HomeAssistant, calls: list[ServiceCall]) -> None:
    path = EntitiesPowerwall(powers, CONTROLS)
    assert path.abilities.writable == {"operation_mode", "backup_reserve_percent", "grid_charging", "export_rule"}
    await path.apply(
        PowerwallSettings(
            operation_mode=OperationMode.AUTONOMOUS,
            backup_reserve_percent=35,
            grid_charging=True,
            export_rule=ExportRule.BATTERY_OK,
        )
    )
    assert [(call.domain, call.service, dict(call.data)) for call in calls] == [
        ("select", "select_option", {"entity_id": "select.mode", "option": "Time-Based Control"}),
        ("number", "set_value", {"entity_id": "number.reserve", "value": 35}),
        ("switch", "turn_on", {"entity_id": "switch.charging"}),
        ("select", "select_option", {"entity_id": "select.export", "option": "battery_ok"}),
    ]


async def test_an_option_that_is_not_offered(powers: HomeAssistant, calls: list[ServiceCall]) -> None:
    with pytest.raises(NotPermittedError, match=r"select\.export"):
        await EntitiesPowerwall(powers, CONTROLS).apply(PowerwallSettings(export_rule=ExportRule.NEVER))
    assert not calls


async def test_the_other_integrations_error_is_passed_on(powers: HomeAssistant, calls: list[ServiceCall]) -> None:
    def fail(call: ServiceCall) -> None:
        raise HomeAssistantError("the cloud says no")

    powers.services.async_register("switch", "turn_on", fail)
    with pytest.raises(NotPermittedError, match="the cloud says no"):
        await EntitiesPowerwall(powers, CONTROLS).apply(PowerwallSettings(grid_charging=True))


async def test_sensors_are_shown_but_not_commanded(powers: HomeAssistant) -> None:
    entities = PowerwallEntities(grid_power="sensor.grid", battery_power="sensor.battery", operation_mode="sensor.mode")
    abilities = EntitiesPowerwall(powers, entities).abilities
    assert abilities.writable == frozenset()
    assert abilities.shown == {"operation_mode"}
    assert not abilities.has_solar
