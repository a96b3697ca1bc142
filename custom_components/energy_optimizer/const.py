"""Names that more than one module needs."""

import logging
from typing import Final

DOMAIN: Final = "energy_optimizer"
LOGGER: Final = logging.getLogger(__package__)

SUBENTRY_POWERWALL: Final = "powerwall"
SUBENTRY_TARIFF: Final = "tariff"

CONF_WAYS: Final = "ways"
CONF_FUSE_A: Final = "main_fuse_a"
CONF_PHASES: Final = "phases"
CONF_CURRENCY: Final = "currency"
CONF_DATABASE_URL: Final = "database_url"
CONF_DATABASE_PASSWORD: Final = "database_password"  # noqa: S105 - the name of a setting
CONF_CONNECTION_RULE: Final = "connection_rule"
CONF_MAX_IMPORT_KW: Final = "max_import_kw"
CONF_MAX_EXPORT_KW: Final = "max_export_kw"
CONF_SERIES_FILE: Final = "series_file"
CONF_SERIES_HOME: Final = "series_home_id"

PATH_GATEWAY: Final = "gateway"
PATH_FLEET: Final = "fleet"
PATH_TESLEMETRY: Final = "teslemetry"
PATH_OWNER: Final = "owner"
PATH_ENTITIES: Final = "entities"
PATH_SIMULATED: Final = "simulated"
