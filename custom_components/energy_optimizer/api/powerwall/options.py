"""The words other integrations use for a Powerwall's settings."""

from collections.abc import Mapping
from enum import StrEnum

from ...core.model.powerwall import ExportRule, OperationMode

# Teslemetry, Tesla Fleet and Tessie use Tesla's own words; Tesla Custom Integration and templates use the app's.
OPERATION_MODE_OPTIONS: Mapping[OperationMode, tuple[str, ...]] = {
    OperationMode.SELF_CONSUMPTION: ("self_consumption", "self_powered"),
    OperationMode.AUTONOMOUS: ("autonomous", "time_based_control"),
    OperationMode.BACKUP: ("backup", "backup_only"),
}
EXPORT_RULE_OPTIONS: Mapping[ExportRule, tuple[str, ...]] = {
    ExportRule.BATTERY_OK: ("battery_ok", "everything"),
    ExportRule.PV_ONLY: ("pv_only", "solar"),
    ExportRule.NEVER: ("never", "no"),
}


def matches(option: str, names: tuple[str, ...]) -> bool:
    """Say whether *option*, however it is written, is one of *names*."""
    return option.strip().lower().replace("-", "_").replace(" ", "_") in names


def matching[T: StrEnum](words: Mapping[T, tuple[str, ...]], option: str) -> T | None:
    """Return the setting that *option* stands for, or ``None`` if it stands for none we know."""
    return next((setting for setting, names in words.items() if matches(option, names)), None)
