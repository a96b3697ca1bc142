"""Fills in the Energy dashboard's settings with our entities."""

from typing import Any

from .client import Client
from .errors import DemoError


async def save(client: Client, entities: list[dict[str, Any]], capacity_kwh: float) -> None:
    """Store which of our sensors the Energy dashboard shows."""
    await client.ask("energy/save_prefs", **preferences(entities, capacity_kwh))


def preferences(entities: list[dict[str, Any]], capacity_kwh: float) -> dict[str, Any]:
    """Return the dashboard's settings: one grid connection with its money, the sun and the battery."""
    sensor = {_key(each): each["entity_id"] for each in entities if each["entity_id"].startswith("sensor.")}
    try:
        return {
            "energy_sources": [
                {
                    "type": "grid",
                    "stat_energy_from": sensor["grid_import_energy"],
                    "stat_energy_to": sensor["grid_export_energy"],
                    "stat_cost": sensor["cost_today"],
                    "entity_energy_price": None,
                    "number_energy_price": None,
                    "stat_compensation": sensor["earnings_today"],
                    "entity_energy_price_export": None,
                    "number_energy_price_export": None,
                    "stat_rate": sensor["grid_power"],
                    "cost_adjustment_day": 0,
                },
                {
                    "type": "solar",
                    "stat_energy_from": sensor["solar_energy"],
                    "stat_rate": sensor["solar_power"],
                    "config_entry_solar_forecast": None,
                },
                {
                    "type": "battery",
                    "stat_energy_from": sensor["battery_discharge_energy"],
                    "stat_energy_to": sensor["battery_charge_energy"],
                    "stat_rate": sensor["battery_power"],
                    "stat_soc": sensor["level"],
                    "capacity": capacity_kwh,
                },
            ],
            "device_consumption": [],
        }
    except KeyError as err:
        raise DemoError(f"The home has no sensor “{err.args[0]}” for the Energy dashboard.") from err


async def problems(client: Client) -> list[str]:
    """Return what Home Assistant finds wrong with the Energy dashboard's settings."""
    answer = await client.ask("energy/validate")
    return [
        f"{issue['type']}: {', '.join(str(entity) for entity in issue['affected_entities'])}"
        for part in answer.values()
        for issues in part
        for issue in issues
    ]


def _key(entity: dict[str, Any]) -> str:
    return str(entity["translation_key"])
