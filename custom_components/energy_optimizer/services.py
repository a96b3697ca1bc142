"""The actions that automations and scripts can call; each door lives beside what it opens."""

from homeassistant.core import HomeAssistant, callback

from . import services_backtest, services_bill, services_plan, services_powerwall, services_prices


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions of the integration."""
    services_backtest.async_register(hass)
    services_bill.async_register(hass)
    services_plan.async_register(hass)
    services_powerwall.async_register(hass)
    services_prices.async_register(hass)
