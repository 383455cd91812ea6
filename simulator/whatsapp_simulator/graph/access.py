"""The way in: which versions exist, and whose token opens what."""

import hashlib
import hmac

from whatsapp_simulator.graph.calls import GraphRequest, read_params
from whatsapp_simulator.graph.errors import Problem, RefusedError, parameter
from whatsapp_simulator.scenario import Setup

VERSIONS = frozenset({"v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"})
OLDEST_VERSION, NEWEST_VERSION = "v21.0", "v26.0"

_NO_TOKEN = Problem(
    2500, 400, "An active access token must be used to query information about the current user."
)
_BAD_TOKEN = Problem(190, 401, "Invalid OAuth access token - Cannot parse access token")


# What may stand first in a path besides an id; `app` is the app whose token it is.
WITHOUT_TOKEN = "oauth"  # noqa: S105 - where tokens come from
ROOT_EDGES = frozenset({"app", "debug_token", "message_template_library", WITHOUT_TOKEN, "signups"})


def split_path(path: str) -> tuple[str, list[str]]:
    """Part the version from a path; raises RefusedError for a version that does not exist.

    An unversioned path is taken as the oldest version, as Meta does.
    """
    parts = [part for part in path.split("/") if part]
    if parts and parts[0] in VERSIONS:
        return parts[0], parts[1:]
    if not parts or not (parts[0].isdecimal() or parts[0] in ROOT_EDGES or parts[0].startswith("upload:")):
        raise RefusedError(Problem(2500, 400, f"Unknown path components: {path}"))
    return OLDEST_VERSION, parts


def app_token(setup: Setup) -> str:
    """Write the token of the app itself."""
    return f"{setup.app_id}|{setup.app_secret}"


def check_token(setup: Setup, request: GraphRequest, *, wants_proof: bool = True) -> None:
    """Refuse a request without the account's token: none is code 2500, a wrong one 190 with HTTP 401.

    wants_proof: also refuse one without a proof where the app requires it; a proof that is given is always checked.
    """
    token = (head_token(request) or _in_body(request, "access_token") or "").strip()
    if not token:
        raise RefusedError(_NO_TOKEN)
    good = (setup.access_token, app_token(setup))
    if not any(hmac.compare_digest(token.encode("utf-8", "surrogateescape"), one.encode()) for one in good):
        raise RefusedError(_BAD_TOKEN)
    proof = request.query.get("appsecret_proof")
    if proof is None:
        proof = _in_body(request, "appsecret_proof")
    if proof is None and setup.require_appsecret_proof and wants_proof:
        raise parameter("API calls from the server require an appsecret_proof argument")
    if proof is not None:
        right = hmac.new(setup.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(proof.encode("utf-8", "replace"), right.encode()):
            raise parameter("Invalid appsecret_proof provided in the API argument")


def head_token(request: GraphRequest) -> str:
    """Read the token that stands in the header or the query; empty if none does."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind.lower() in {"bearer", "oauth"} else request.query.get("access_token", "")


def _in_body(request: GraphRequest, name: str) -> str | None:
    # Nearly no body holds one, and looking for the bytes costs nothing.
    if name.encode() not in request.body:
        return None
    try:
        value = read_params(request).get(name)
    except RefusedError:
        # What is wrong with the body is told to whoever may send one.
        return None
    return value if isinstance(value, str) else None
