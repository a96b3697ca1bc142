"""The kinds of tariffs, as they are named in a home's settings."""

from typing import Final

KIND_FLAT: Final = "flat"
KIND_TIME_OF_USE: Final = "time_of_use"
KIND_NET_BILLING: Final = "net_billing"
KIND_TEMPO: Final = "tempo"
KIND_AMBER: Final = "amber"
KIND_ENTITY: Final = "entity"
