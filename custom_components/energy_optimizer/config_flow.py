"""The dialogs' front door: which there are. Each is a file in ``flows``."""

from typing import override

from homeassistant.config_entries import ConfigEntry, ConfigSubentryFlow, OptionsFlow
from homeassistant.core import callback

from .const import DOMAIN, SUBENTRY_POWERWALL, SUBENTRY_TARIFF
from .flows.discovery import DiscoverySteps
from .flows.home import HomeSteps
from .flows.options import HomeOptionsFlow
from .flows.powerwall import PowerwallSubentryFlow
from .flows.reauth import ReauthSteps
from .flows.tariff import TariffSubentryFlow


class EnergyOptimizerConfigFlow(HomeSteps, DiscoverySteps, ReauthSteps, domain=DOMAIN):
    """Adds and changes a home, takes in what is discovered and renews credentials."""

    VERSION = 2
    MINOR_VERSION = 1

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        return {SUBENTRY_POWERWALL: PowerwallSubentryFlow, SUBENTRY_TARIFF: TariffSubentryFlow}

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        return HomeOptionsFlow()
