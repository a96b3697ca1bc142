"""How each way through Tesla's cloud is set up, as a subentry keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, Self, override

type Region = Literal["na", "eu", "cn"]

REGIONS: Final[tuple[Region, ...]] = ("na", "eu", "cn")
DEFAULT_BUDGET_USD: Final = 10.0
"""What Tesla gives each account for nothing, per month."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteChoice:
    """A site of an account, for the user to choose."""

    site_id: str
    name: str
    gateway_serial: str | None = None
    has_solar: bool = True
    battery_count: int | None = None
    capacity_kwh: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteProbe:
    """What a first visit to a site found: which gateway this is and what this login shows and permits."""

    gateway_serial: str | None
    writable: frozenset[str]
    shown: frozenset[str]
    has_solar: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteSettings:
    """What all ways need: the site, and what it was found to let us do."""

    site_id: str
    serial: str | None = None
    """Tesla's device identification number of the gateway."""
    server: str | None = None
    """Where to ask instead of the maker's own address, without a slash at the end."""
    writable: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    has_solar: bool = True

    def found(self, probe: SiteProbe) -> Self:
        """Return these settings with what a visit found."""
        return replace(
            self,
            serial=probe.gateway_serial or self.serial,
            writable=probe.writable,
            shown=probe.shown,
            has_solar=probe.has_solar,
        )

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_data`` wrote; raises ``KeyError`` or ``ValueError`` if it did not."""
        return cls(**cls._fields_of(data))

    @classmethod
    def _fields_of(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "site_id": str(data["site_id"]),
            "serial": data.get("serial"),
            "server": (data.get("server") or "").rstrip("/") or None,
            "writable": frozenset(data.get("writable", ())),
            "shown": frozenset(data.get("shown", ())),
            "has_solar": data.get("has_solar", True),
        }

    def to_data(self) -> dict[str, Any]:
        """Turn the settings into what JSON can hold."""
        return {
            "site_id": self.site_id,
            "serial": self.serial,
            "server": self.server,
            "writable": sorted(self.writable),
            "shown": sorted(self.shown),
            "has_solar": self.has_solar,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetApp:
    """The application that a user registered at Tesla to reach his own Powerwall."""

    client_id: str
    client_secret: str = field(repr=False)
    domain: str
    """Where the application's public key is served, without scheme."""
    private_key_pem: str = field(repr=False)
    region: Region = "na"
    server: str | None = None

    @property
    def redirect_uri(self) -> str:
        """The address to which Tesla sends the user back; the user enters it in the application's settings too."""
        return f"https://{self.domain}/callback"


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetSettings(SiteSettings):
    """Tesla's Fleet API, with an application of the user's own."""

    client_id: str
    client_secret: str = field(repr=False)
    domain: str
    private_key_pem: str = field(repr=False)
    region: Region
    refresh_token: str = field(repr=False)
    """As the login gave it; the one in use is kept elsewhere."""
    token_issued_at: datetime
    budget_usd: float = DEFAULT_BUDGET_USD
    """What reading may cost per month."""

    @property
    def app(self) -> FleetApp:
        """The application alone."""
        return FleetApp(
            client_id=self.client_id,
            client_secret=self.client_secret,
            domain=self.domain,
            private_key_pem=self.private_key_pem,
            region=self.region,
            server=self.server,
        )

    @classmethod
    @override
    def _fields_of(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        if (region := data.get("region", "na")) not in REGIONS:
            raise ValueError(f"Tesla has no region {region}")
        return {
            **super()._fields_of(data),
            "client_id": data["client_id"],
            "client_secret": data["client_secret"],
            "domain": data["domain"],
            "private_key_pem": data["private_key_pem"],
            "region": region,
            "refresh_token": data["refresh_token"],
            "token_issued_at": datetime.fromisoformat(data["token_issued_at"]),
            "budget_usd": float(data.get("budget_usd", DEFAULT_BUDGET_USD)),
        }

    @override
    def to_data(self) -> dict[str, Any]:
        """Turn the settings into what JSON can hold."""
        return {
            **super().to_data(),
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "domain": self.domain,
            "private_key_pem": self.private_key_pem,
            "region": self.region,
            "refresh_token": self.refresh_token,
            "token_issued_at": self.token_issued_at.isoformat(),
            "budget_usd": self.budget_usd,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class TeslemetrySettings(SiteSettings):
    """Teslemetry, which asks Tesla for its subscribers."""

    token: str = field(repr=False)

    @classmethod
    @override
    def _fields_of(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._fields_of(data), "token": data["token"]}

    @override
    def to_data(self) -> dict[str, Any]:
        """Turn the settings into what JSON can hold."""
        return {**super().to_data(), "token": self.token}


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnerSettings(SiteSettings):
    """Tesla's Owner API, which its own app speaks."""

    refresh_token: str = field(repr=False)
    """As the login gave it; the one in use is kept elsewhere."""
    token_issued_at: datetime
    email: str | None = None

    @classmethod
    @override
    def _fields_of(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **super()._fields_of(data),
            "refresh_token": data["refresh_token"],
            "token_issued_at": datetime.fromisoformat(data["token_issued_at"]),
            "email": data.get("email"),
        }

    @override
    def to_data(self) -> dict[str, Any]:
        """Turn the settings into what JSON can hold."""
        return {
            **super().to_data(),
            "refresh_token": self.refresh_token,
            "token_issued_at": self.token_issued_at.isoformat(),
            "email": self.email,
        }
