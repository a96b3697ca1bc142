"""A Powerwall's settings in the words of the user interface."""

from collections.abc import Iterable

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations

from ..const import DOMAIN
from ..core.model.powerwall import PowerwallSettings

_ENTITIES = {
    "operation_mode": "select.operation_mode",
    "backup_reserve_percent": "number.backup_reserve",
    "grid_charging": "switch.grid_charging",
    "export_rule": "select.export_rule",
    "storm_mode": "switch.storm_mode",
}


def setting_name(hass: HomeAssistant, setting: str) -> str:
    """Return what the control of a setting is called, in the language of this Home Assistant."""
    return _word(hass, f"{_ENTITIES[setting]}.name", setting)


def names_in_words(hass: HomeAssistant, settings: Iterable[str]) -> str:
    """Return what several settings are called, the tariff among them."""
    key = "sensor.command_state.state_attributes.unconfirmed.state."
    return ", ".join(
        sorted(setting_name(hass, each) if each in _ENTITIES else _word(hass, key + each, each) for each in settings)
    )


def in_words(hass: HomeAssistant, settings: PowerwallSettings) -> str:
    """Return settings as people read them, as in “Backup reserve: 40 %”."""
    return ", ".join(
        f"{setting_name(hass, setting)}: {_value(hass, setting, value)}" for setting, value in settings.named.items()
    )


def _value(hass: HomeAssistant, setting: str, value: str | float | bool) -> str:
    if isinstance(value, bool):
        return _word(hass, f"sensor.{setting}_now.state.{'on' if value else 'off'}", str(value))
    if isinstance(value, str):
        return _word(hass, f"{_ENTITIES[setting]}.state.{value}", value)
    return f"{value:.0f} %"


def _word(hass: HomeAssistant, key: str, fallback: str) -> str:
    words = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)
    return words.get(f"component.{DOMAIN}.entity.{key}", fallback)
