"""The home's options: what its contract and its connection allow."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.coordinators.planning_contract import connection_rule_of, grid_limits_of
from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from tests.coordinators.planned_home import tariff
from tests.core.tariffs.test_net_billing_settings import settings as net_billing
from tests.homes import flat_tariff, home, set_up


async def choose(hass: HomeAssistant, entry: MockConfigEntry, answers: dict[str, Any]) -> Any:
    result = await hass.config_entries.options.async_init(entry.entry_id)
    result = await hass.config_entries.options.async_configure(result["flow_id"], {"next_step_id": "connection"})
    assert result["step_id"] == "connection"
    assert result["description_placeholders"] == {"fuse_kw": "24.0"}
    return await hass.config_entries.options.async_configure(result["flow_id"], answers)


async def test_rule_and_limits_are_kept_beside_other_options(hass: HomeAssistant) -> None:
    entry = home(flat_tariff())
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options={"other": 1})
    await set_up(hass, entry)
    answers = {"connection_rule": "no_export", "max_import_kw": 7.5, "max_export_kw": 0.0}
    result = await choose(hass, entry, answers)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"other": 1, **answers}
    await hass.async_block_till_done()
    assert connection_rule_of(entry) is ConnectionRule.NO_EXPORT
    assert grid_limits_of(entry) == GridLimits(max_import_kw=7.5, max_export_kw=0.0)


async def test_what_is_left_empty_follows_tariff_and_fuse_again(hass: HomeAssistant) -> None:
    entry = home(tariff(net_billing().to_data()))
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options={"connection_rule": "free", "max_import_kw": 3.0})
    await set_up(hass, entry)
    assert connection_rule_of(entry) is ConnectionRule.FREE
    result = await choose(hass, entry, {"connection_rule": "by_tariff"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {}
    assert connection_rule_of(entry) is ConnectionRule.SUN_ONLY
    assert grid_limits_of(entry) == GridLimits(max_import_kw=24.0, max_export_kw=24.0)
    await hass.async_block_till_done()


async def test_without_net_billing_everything_is_allowed(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(flat_tariff()))
    assert connection_rule_of(entry) is ConnectionRule.FREE


@pytest.mark.parametrize("field", ["max_import_kw", "max_export_kw"])
async def test_a_limit_has_to_be_a_number(hass: HomeAssistant, field: str) -> None:
    entry = await set_up(hass, home(flat_tariff()))
    result = await choose(hass, entry, {"connection_rule": "free", field: float("nan")})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {field: "number_needed"}
