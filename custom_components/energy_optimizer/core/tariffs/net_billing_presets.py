"""Net billing as the Californian utilities published it: import plans with their parts, and what goes with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from .crediting import Crediting, Leftover
from .net_billing_settings import Utility
from .presets import CALIFORNIAN_HOLIDAYS, PGE_E_ELEC, SCE_TOU_D_PRIME, SDGE_EV_TOU_5, Preset

HOLIDAYS: Final = CALIFORNIAN_HOLIDAYS
"""Days on which exports are valued as on weekends, also where the import plan has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetBillingPreset:
    """An import plan that net billing requires, in currency per kWh."""

    imports: Preset
    utility: Utility
    generation: Mapping[tuple[str | None, str], float]
    non_bypassable_per_kwh: float
    base_charge_per_day: float
    adders_per_kwh: Mapping[str, float]
    """The adder for customers without low income, by vintage; none where it is nothing."""
    crediting: Crediting
    crediting_as_of: date
    """When the rates of the surplus were published; they change each month."""


# Parts of the rates: tariff sheets of the dates that the plans name. SCE's non-bypassable part holds 0.00014 of
# generation, which is taken off here so that the three parts sum up to the price.
NET_BILLING_PRESETS: Final = {
    preset.imports.key: preset
    for preset in (
        NetBillingPreset(
            imports=PGE_E_ELEC,
            utility=Utility.PGE,
            generation={
                ("Summer", "Peak"): 0.25288,
                ("Summer", "Part-peak"): 0.15377,
                ("Summer", "Off-peak"): 0.10867,
                ("Winter", "Peak"): 0.09075,
                ("Winter", "Part-peak"): 0.07078,
                ("Winter", "Off-peak"): 0.05743,
            },
            non_bypassable_per_kwh=0.01621,
            base_charge_per_day=0.79343,
            adders_per_kwh={"NBT23": 0.022, "NBT24": 0.0176, "NBT25": 0.0132, "NBT26": 0.0088},
            crediting=Crediting(leftover=Leftover.CARRIED, surplus_per_kwh=0.02684),
            crediting_as_of=date(2026, 8, 1),
        ),
        NetBillingPreset(
            imports=SCE_TOU_D_PRIME,
            utility=Utility.SCE,
            generation={
                ("Summer", "Peak"): 0.29653,
                ("Summer", "Mid-peak"): 0.10544,
                ("Summer", "Off-peak"): 0.07035,
                ("Winter", "Mid-peak"): 0.26475,
                ("Winter", "Off-peak"): 0.05944,
                ("Winter", "Super off-peak"): 0.05944,
            },
            non_bypassable_per_kwh=0.01398,
            base_charge_per_day=0.794,
            adders_per_kwh={"NBT23": 0.04, "NBT24": 0.032, "NBT25": 0.024, "NBT26": 0.016},
            crediting=Crediting(
                leftover=Leftover.APPLIED_BACK,
                surplus_per_kwh=0.01697,
                surplus_generation_per_kwh=0.04576,
                surplus_delivery_per_kwh=0.01291,
            ),
            crediting_as_of=date(2026, 8, 1),
        ),
        NetBillingPreset(
            imports=SDGE_EV_TOU_5,
            utility=Utility.SDGE,
            generation={
                ("Summer", "Peak"): 0.48396,
                ("Summer", "Off-peak"): 0.17818,
                ("Summer", "Super off-peak"): 0.08385,
                ("Winter", "Peak"): 0.20574,
                ("Winter", "Off-peak"): 0.14757,
                ("Winter", "Super off-peak"): 0.07627,
            },
            non_bypassable_per_kwh=0.02099,
            base_charge_per_day=0.79343,
            adders_per_kwh={},
            crediting=Crediting(
                leftover=Leftover.FORFEITED,
                surplus_per_kwh=0.01306,
                surplus_generation_per_kwh=0.08672,
                surplus_delivery_per_kwh=0.02427,
            ),
            crediting_as_of=date(2026, 8, 1),
        ),
    )
}
"""All presets by the key of their import plan."""
