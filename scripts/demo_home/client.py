"""Speaks to the running Home Assistant as a browser does."""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

import aiohttp

from .errors import DemoError
from .ports import HOST

type Json = dict[str, Any]

OWNER = "You"
WAY_IN = "trusted_networks"
ANSWER_PATIENCE_S = 120
LARGEST_MESSAGE = 64 * 1024 * 1024


class Client:
    """A logged-in visitor; use it as an asynchronous context manager."""

    def __init__(self, port: int) -> None:
        self.address = f"http://{HOST}:{port}"
        self._client_id = f"{self.address}/"
        self._stack = AsyncExitStack()
        self._last_id = 0
        self._session: aiohttp.ClientSession
        self._socket: aiohttp.ClientWebSocketResponse

    async def __aenter__(self) -> Self:
        """Open a session; nothing is asked yet."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_PATIENCE_S)
        self._session = await self._stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything."""
        await self._stack.aclose()

    async def page_works(self) -> bool:
        """Say whether the start page is served."""
        try:
            async with self._session.get(f"{self.address}/") as response:
                return response.status == 200 and "html" in response.content_type
        except aiohttp.ClientError, TimeoutError:
            return False

    async def create_owner(self) -> None:
        """Make the home's owner, with a password that nobody needs to know."""
        body = {
            "name": OWNER,
            "username": "demo",
            "password": secrets.token_urlsafe(24),
            "client_id": self._client_id,
            "language": "en",
        }
        await self._post("/api/onboarding/users", body)

    async def log_in(self) -> None:
        """Log in without a form, as a browser on this machine does, and open the websocket."""
        async with self._session.get(f"{self.address}/auth/providers") as response:
            offered = [provider["type"] for provider in (await self._answer(response))["providers"]]
        if offered[:1] != [WAY_IN]:
            raise DemoError(f"Home Assistant would show a browser a login form; it offers {', '.join(offered)}.")
        start = {
            "client_id": self._client_id,
            "handler": [WAY_IN, None],
            "redirect_uri": self._client_id,
            "type": "authorize",
        }
        step = await self._post("/auth/login_flow", start)
        if step.get("type") != "create_entry":
            raise DemoError(f"Home Assistant asks for a login where it should not: {step.get('errors') or step}")
        form = {"grant_type": "authorization_code", "code": step["result"], "client_id": self._client_id}
        async with self._session.post(f"{self.address}/auth/token", data=form) as response:
            token = (await response.json())["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        url = f"{self.address}/api/websocket"
        self._socket = await self._stack.enter_async_context(
            self._session.ws_connect(url, max_msg_size=LARGEST_MESSAGE, heartbeat=30)
        )
        await self._socket.receive_json()
        await self._socket.send_json({"type": "auth", "access_token": token})
        if (answer := await self._socket.receive_json())["type"] != "auth_ok":
            raise DemoError(f"Home Assistant's websocket refuses its own login: {answer}")

    async def ask(self, command: str, **arguments: object) -> Any:  # noqa: ANN401 - JSON of many shapes
        """Send a websocket command and return its result.

        Raises:
            DemoError: when it is refused or not answered in time.
        """
        self._last_id += 1
        await self._socket.send_json({"id": self._last_id, "type": command, **arguments})
        try:
            async with asyncio.timeout(ANSWER_PATIENCE_S):
                while (answer := await self._socket.receive_json()).get("id") != self._last_id:
                    pass
        except (TimeoutError, TypeError) as err:  # TypeError is how aiohttp tells of a closed socket
            raise DemoError(f"Home Assistant did not answer {command}.") from err
        if not answer["success"]:
            raise DemoError(f"Home Assistant refused {command}: {answer['error']['message']}")
        return answer["result"]

    async def states(self) -> dict[str, Json]:
        """Return all states by entity."""
        return {state["entity_id"]: state for state in await self.ask("get_states")}

    async def submit(self, path: str, body: Mapping[str, object]) -> Json:
        """Send one step of a dialog and return the next."""
        return await self._post(f"/api/config/config_entries/{path}", body)

    async def look(self, path: str) -> Json:
        """Return the step at which a dialog stands."""
        async with self._session.get(f"{self.address}/api/config/config_entries/{path}") as response:
            return await self._answer(response)

    async def remove(self, path: str) -> None:
        """Delete a configuration entry."""
        async with self._session.delete(f"{self.address}/api/config/config_entries/{path}") as response:
            await self._answer(response)

    async def _post(self, path: str, body: Mapping[str, object]) -> Json:
        async with self._session.post(f"{self.address}{path}", json=body) as response:
            return await self._answer(response)

    @staticmethod
    async def _answer(response: aiohttp.ClientResponse) -> Json:
        if response.status >= 400:
            raise DemoError(
                f"Home Assistant answered {response.status} to {response.url.path}: {await response.text()}"
            )
        answer: Json = await response.json()
        return answer
