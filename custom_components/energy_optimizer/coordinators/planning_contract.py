"""What a home's contract and connection allow, from its options, its tariff and its main fuse."""

from ..const import (
    CONF_CONNECTION_RULE,
    CONF_FUSE_A,
    CONF_MAX_EXPORT_KW,
    CONF_MAX_IMPORT_KW,
    CONF_PHASES,
    SUBENTRY_TARIFF,
)
from ..core.model.connection import fuse_power_kw
from ..core.model.contract import ConnectionRule, GridLimits
from ..core.tariffs.kinds import KIND_NET_BILLING
from .runtime import HomeConfigEntry


def connection_rule_of(home: HomeConfigEntry) -> ConnectionRule:
    """Return what the battery may exchange with the grid: as the user chose, else as the kind of tariff suggests."""
    if (chosen := home.options.get(CONF_CONNECTION_RULE)) is not None:
        return ConnectionRule(chosen)
    kinds = {tariff.data.get("kind") for tariff in home.get_subentries_of_type(SUBENTRY_TARIFF)}
    return ConnectionRule.SUN_ONLY if KIND_NET_BILLING in kinds else ConnectionRule.FREE


def grid_limits_of(home: HomeConfigEntry) -> GridLimits:
    """Return what may flow through the connection: as the user chose, else what the main fuse lets through."""
    fuse_kw = fuse_power_kw(home.data[CONF_FUSE_A], home.data[CONF_PHASES])
    return GridLimits(
        max_import_kw=home.options.get(CONF_MAX_IMPORT_KW, fuse_kw),
        max_export_kw=home.options.get(CONF_MAX_EXPORT_KW, fuse_kw),
    )
