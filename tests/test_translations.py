"""Every entity of a home has words for its name and its states, in every language."""

import pytest
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from custom_components.energy_optimizer.const import DOMAIN
from tests.homes import SIMULATED, flat_tariff, home, powerwall, set_up
from tests.validators.repository import LANGUAGES, json_of

# Entities whose states are the user's own words.
NAMED_BY_THE_USER = {"tier"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_entity_of_a_home_has_words(hass: HomeAssistant, language: str) -> None:
    entry = await set_up(hass, home(powerwall(SIMULATED | {"since": dt_util.utcnow().isoformat()}), flat_tariff()))
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    words = json_of(f"translations/{language}.json")["entity"]
    assert len(entities) > 20
    for entity in entities:
        assert entity.translation_key, entity.entity_id
        assert words[entity.domain][entity.translation_key]["name"]
        options = (entity.capabilities or {}).get("options")
        if options and entity.translation_key not in NAMED_BY_THE_USER:
            assert set(words[entity.domain][entity.translation_key]["state"]) == set(options), entity.entity_id
        elif not options:
            assert entity.original_device_class != SensorDeviceClass.ENUM, entity.entity_id


async def test_home_assistant_finds_the_words(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(powerwall(SIMULATED | {"since": dt_util.utcnow().isoformat()}), flat_tariff()))
    names = {entity.original_name for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)}
    assert json_of("translations/en.json")["entity"]["sensor"]["system_mode"]["name"] in names
    assert {entity.platform for entity in er.async_get(hass).entities.values()} == {DOMAIN}
