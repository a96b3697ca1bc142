"""A real Chromium that looks at the demo."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.async_api import ConsoleMessage, Page, Response, async_playwright

from ..errors import DemoError

type Scheme = Literal["light", "dark"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTH, HEIGHT = 1400, 900
PATIENCE_MS = 20_000
STILL_MS = 2500
"""Charts are drawn with a flourish."""
COLOURS = 256
FROM_THE_INTERNET = ("/api/map_tiles/", "/api/brands/")
TURNING = "ha-spinner:visible:not(.loading-indicator), hass-loading-screen:visible"
"""What shows that something is still on its way; one spinner of the energy page is there all the time, unseen."""


def find() -> str:
    """Return the path of a Chromium.

    Raises:
        DemoError: if there is none.
    """
    for name in (os.environ.get("CHROMIUM", ""), *NAMES):
        if name and (path := shutil.which(name)):
            return path
    raise DemoError("There is no Chromium on this machine. Install one, or name it in the variable CHROMIUM.")


class Visitor:
    """Somebody who looks at pages and hears what they complain of."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self._address = address
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._console)
        page.on("response", self._response)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    async def go(self, path: str) -> None:
        """Open a page and wait until all of it is there."""
        await self.page.goto(f"{self._address}{path}")
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing turns and nothing moves any more."""
        await self.page.locator("home-assistant-main, ha-authorize").first.wait_for()
        await self.page.wait_for_load_state("networkidle")
        await self.page.wait_for_timeout(STILL_MS)
        await self.page.locator(TURNING).first.wait_for(state="hidden")
        await self.page.wait_for_timeout(STILL_MS)

    async def shoot(self, path: Path) -> None:
        """Take a picture of what there is to see, small enough for a repository."""
        content = await self.page.screenshot(animations="disabled")
        with Image.open(BytesIO(content)) as image:
            few = image.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            few.save(path, optimize=True)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _response(self, response: Response) -> None:
        """Mind what Home Assistant does not serve, but for pictures that it would itself fetch from the internet."""
        if response.status >= 400 and not any(part in response.url for part in FROM_THE_INTERNET):
            self.complaints.append(f"{response.url}: {response.status}")


@asynccontextmanager
async def visitor(address: str, scheme: Scheme) -> AsyncIterator[Visitor]:
    """Open a browser that has never been here and prefers light or dark."""
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=find(), args=ARGUMENTS)
        context = await browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme, locale="en-GB", reduced_motion="reduce"
        )
        try:
            yield Visitor(await context.new_page(), address)
        finally:
            await browser.close()
