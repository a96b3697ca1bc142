"""Fills in our dialogs as a person would, page by page."""

from collections.abc import Mapping
from typing import Any

from .client import Client, Json
from .errors import DemoError

HOME = "flow"
SUBENTRY = "subentries/flow"


class Dialog:
    """One open dialog."""

    def __init__(self, client: Client, kind: str, page: Json) -> None:
        self._client = client
        self._kind = kind
        self.page = page

    @classmethod
    async def open(cls, client: Client, kind: str, handler: object) -> Dialog:
        """Open a dialog: *handler* is the integration, or the entry and the type of the subentry."""
        return cls(client, kind, await client.submit(kind, {"handler": handler, "show_advanced_options": False}))

    @classmethod
    async def join(cls, client: Client, kind: str, flow_id: str) -> Dialog:
        """Go on with a dialog that opened by itself."""
        return cls(client, kind, await client.look(f"{kind}/{flow_id}"))

    @property
    def step(self) -> str:
        """The name of the page."""
        return str(self.page.get("step_id", self.page["type"]))

    def suggestions(self) -> dict[str, Any]:
        """Return what the page's fields hold already, sections included."""
        return _suggestions(self.page.get("data_schema") or [])

    async def pick(self, option: str) -> None:
        """Choose from a menu."""
        await self._send({"next_step_id": option})

    async def fill(self, step: str, values: Mapping[str, Any]) -> None:
        """Fill in the page named *step*: the fields in *values*, the others as suggested."""
        if self.step != step:
            raise DemoError(f"The dialog shows “{self.step}” where “{step}” was expected: {self.page}")
        await self._send(self.suggestions() | dict(values))

    def finished(self) -> Json:
        """Return the result of a dialog that is done.

        Raises:
            DemoError: if it is not.
        """
        if self.page["type"] != "create_entry":
            raise DemoError(f"The dialog is not done: {self.page}")
        return self.page

    async def _send(self, body: Mapping[str, Any]) -> None:
        before, flow_id = self.step, self.page["flow_id"]
        self.page = await self._client.submit(f"{self._kind}/{flow_id}", body)
        if self.step == before and (errors := self.page.get("errors")):
            raise DemoError(f"The dialog refuses what the demo fills in at “{self.step}”: {errors}")
        if self.page["type"] == "abort":
            raise DemoError(f"The dialog ended early: {self.page.get('reason')}")


def _suggestions(schema: list[Json]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in schema:
        if field.get("type") == "expandable":
            found[field["name"]] = _suggestions(field["schema"])
            continue
        suggested = (field.get("description") or {}).get("suggested_value", field.get("default"))
        if suggested is not None:
            found[field["name"]] = suggested
    return found
