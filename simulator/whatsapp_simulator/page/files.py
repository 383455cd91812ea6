"""The page's files, served as they are under `/_page/`; everything on it comes from the control plane."""

from functools import cache
from importlib.resources import files
from typing import Final

from aiohttp import web
from aiohttp.web_request import BaseRequest

PAGE: Final = "/_page"

_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# Nothing inline and nothing from elsewhere: whatever a message says, it stays text.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def wants_page(request: BaseRequest) -> bool:
    """Tell whether a browser asks for the front door; Graph clients that do so get Meta's answer."""
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("Accept", "")


def answer_page(method: str, path: str) -> web.Response:
    """Answer a request for the page; path: `/` and `/_page` lead to `/_page/`."""
    if method not in ("GET", "HEAD"):
        return web.Response(status=405, headers={"Allow": "GET, HEAD"})
    if path in ("/", PAGE):
        return web.Response(status=302, headers={"Location": f"{PAGE}/"})
    name = path.removeprefix(f"{PAGE}/") or "index.html"
    found = _files().get(name)
    if found is None:
        return web.Response(status=404, text="There is no such file.")
    return web.Response(body=found, headers={"Content-Type": _TYPES[name.rsplit(".", 1)[1]], **_HEADERS})


@cache
def _files() -> dict[str, bytes]:
    """Read the files, once: nothing else can be asked for."""
    folder = files(__package__) / "static"
    return {
        file.name: file.read_bytes() for file in folder.iterdir() if file.name.rsplit(".", 1)[-1] in _TYPES
    }
