"""Make pictures of every page: wide and narrow, light and dark.

Without --url it starts a server of its own with made-up people.  The README's pictures come from here:

    python -m tools.screenshots docs/images --readme
"""

import argparse
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS: Final = {1280: 860, 390: 844}
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
CHROMIUM: Final = "/usr/bin/chromium"
README: Final = ("first-run", "campaign", "segment-edit", "conversation")
_WAIT_S: Final = 30

# What a page needs before it is photographed; run in a thread of its own, since Playwright's has an event loop.
Prepare = Callable[[], None]


def main() -> None:
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--disable-gpu",
                "--disable-background-networking",
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
            ],
        )
        if options.url:
            _photograph_theirs(browser, options)
        else:
            with _own_server() as (url, run):
                _photograph_ours(browser, options, url, run)
        browser.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--language", default="en", choices=["ca", "es", "en"])
    parser.add_argument("--only", default="", help="the pages whose names begin so")
    parser.add_argument(
        "--readme", action="store_true", help="only the README's, wide and light, one window tall"
    )
    parser.add_argument("--url", help="a running server, as http://127.0.0.1:8000")
    parser.add_argument("--email", default="")
    parser.add_argument("--password", default="")
    return parser.parse_args()


def _photograph_theirs(browser: Browser, options: argparse.Namespace) -> None:
    for shot in _looks(browser, options, options.url):
        shot("sign-in", "/sign-in/")
        shot.sign_in(options.email, options.password)
        shot("campaigns", "/campaigns/")
        for address in shot.campaigns():
            shot(f"campaign-{address.strip('/').rsplit('/')[-1]}", address)


def _photograph_ours(
    browser: Browser, options: argparse.Namespace, url: str, run: Callable[..., Any]
) -> None:
    from tests.console import cast, tour

    wanted = [screen for screen in tour.SCREENS if screen.name.startswith(options.only)]
    if options.readme:
        wanted = [screen for screen in tour.SCREENS if screen.name in README]
    if not options.only:
        for shot in _looks(browser, options, url):
            shot("first-run", "/first-run/")
    shop = run(tour.bare)
    for shot in _looks(browser, options, url):
        if not options.only and not options.readme:
            shot("sign-in", "/sign-in/")
            shot("not-found", "/nothing/")
        shot.sign_in("dana@forn.example", cast.PASSWORD)
        for screen in wanted:
            if screen.is_telling_when_empty and not options.readme:
                shot(f"{screen.name}-empty", screen.address)
    run(tour.stock, shop)
    for shot in _looks(browser, options, url):
        shot.sign_in("dana@forn.example", cast.PASSWORD)
        for screen in wanted:
            shot(screen.name, shop.address(screen.address))


class _Shot:
    """One browser window of a width and a colour scheme."""

    def __init__(self, page: Page, options: argparse.Namespace, url: str, look: str) -> None:
        self.page = page
        self._folder: Path = options.folder
        self._url = url
        self._look = look
        self._is_for_readme: bool = options.readme

    def __call__(self, name: str, address: str) -> None:
        self.page.goto(self._url + address)
        path = self._folder / (f"{name}.png" if self._is_for_readme else f"{name}-{self._look}.png")
        self.page.screenshot(path=path, full_page=not self._is_for_readme)
        print(path)

    def sign_in(self, email: str, password: str) -> None:
        self.page.goto(f"{self._url}/sign-in/")
        self.page.locator("[name=login]").fill(email)
        self.page.locator("[name=password]").fill(password)
        self.page.locator("main button.is-main").click()
        self.page.wait_for_url(lambda address: "/sign-in/" not in address)

    def campaigns(self) -> list[str]:
        self.page.goto(f"{self._url}/campaigns/")
        links = self.page.locator("main th a[href^='/campaigns/']").all()
        return [link.get_attribute("href") or "" for link in links]


def _looks(browser: Browser, options: argparse.Namespace, url: str) -> Iterator[_Shot]:
    for width, height in list(WIDTHS.items())[: 1 if options.readme else None]:
        for scheme in SCHEMES[: 1 if options.readme else None]:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                locale=options.language,
                reduced_motion="reduce",
            )
            yield _Shot(context.new_page(), options, url, f"{width}-{scheme}")
            context.close()


@contextmanager
def _own_server() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Start a store and the pages, in a home that goes away; give the address and how to run something there."""
    # It opens a store for this process, and tidies it up at the end.
    import_module("tests.conftest")

    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    runner = ThreadPoolExecutor(1)
    runner.submit(call_command, "migrate", verbosity=0).result()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    server = _serve(port)
    try:
        yield (
            f"http://127.0.0.1:{port}",
            lambda act, *args, **kwargs: runner.submit(act, *args, **kwargs).result(),
        )
    finally:
        server.should_exit = True
        runner.shutdown()


def _serve(port: int) -> Any:  # Any: uvicorn is imported late
    import uvicorn

    from difusio.project.asgi import application

    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=port, log_level="warning"))
    threading.Thread(target=server.run, daemon=True).start()
    end = time.monotonic() + _WAIT_S
    while not server.started:
        if time.monotonic() > end:
            raise SystemExit("The server did not start.")
        time.sleep(0.05)
    return server


if __name__ == "__main__":
    main()
