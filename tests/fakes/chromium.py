"""A headless Chromium, driven by Playwright: the system's, since the project fetches no browser."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, async_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 800}
_WITHOUT = (
    # Two pages of its own for the list below its address bar, which a headless one loads for each
    # window: half of the processor time of a short test.
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    # What Playwright switches off: only the last such list counts, and this is the last.
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades",
    "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints",
    "PaintHolding", "PreconnectToSearch", "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
)  # fmt: skip
PATIENCE_MS = 60_000
"""Keeps a test from hanging; what comes is never waited for so long."""


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    """A browser until the block ends; the test is skipped where there is none.

    Args:
        arguments: Of the command line, such as those of a fake microphone.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    without = f"--disable-features={','.join(_WITHOUT)}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", without, *arguments]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def opened(browser: Browser, address: str, *, script: str = "", **how) -> Page:
    """A page of its own context, which runs a script first.

    `page.complaints` is what its console says is wrong.
    """
    context = await browser.new_context(**{"viewport": WIDE, **how})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: page.complaints.append(said.text) if said.type == "error" else None,
    )
    await page.add_init_script(script)
    await page.goto(address)
    await page.wait_for_selector("#channels .place", state="attached")
    return page
