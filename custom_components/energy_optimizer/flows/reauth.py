"""A source that no longer accepts what we log in with: which one, and which dialog mends it."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigFlowResult

from ..const import PATH_FLEET, PATH_GATEWAY, PATH_OWNER, PATH_TESLEMETRY
from ..core.tariffs.kinds import KIND_AMBER, KIND_TEMPO
from .reauth_amber import AmberReauthSteps
from .reauth_base import reauth_id
from .reauth_cloud import CloudReauthSteps
from .reauth_gateway import GatewayReauthSteps
from .reauth_tempo import TempoReauthSteps


class ReauthSteps(GatewayReauthSteps, CloudReauthSteps, AmberReauthSteps, TempoReauthSteps):
    """Asks for new credentials of one way to one source and leaves everything else as it is."""

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Note which source it is about, and go on with the dialog of the way that was refused."""
        self._subentry_id, self._way = entry_data["subentry_id"], entry_data["way"]
        await self.async_set_unique_id(reauth_id(self._subentry_id, self._way))  # by which abort_reauth finds it
        match self._way:
            case str(way) if way == PATH_GATEWAY:
                return await self.async_step_reauth_gateway()
            case str(way) if way == PATH_FLEET:
                return await self.async_step_reauth_fleet()
            case str(way) if way == PATH_TESLEMETRY:
                return await self.async_step_reauth_teslemetry()
            case str(way) if way == PATH_OWNER:
                return await self.async_step_reauth_owner()
            case str(way) if way == KIND_AMBER:
                return await self.async_step_reauth_amber()
            case str(way) if way == KIND_TEMPO:
                return await self.async_step_reauth_tempo()
            case _:
                return self.async_abort(reason="source_gone")
