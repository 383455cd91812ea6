"""The only way out to Meta: one client, one deadline per request; every failure becomes a value.

Nothing here logs; bodies, tokens and phone numbers pass through and leave no trace.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import msgspec

from difusio.cloud_api.answers import Answer, Refusal, read_answer
from difusio.cloud_api.decoding import UNREADABLE
from difusio.cloud_api.news import daily_limit
from difusio.cloud_api.templates import (
    Created,
    ListedTemplate,
    NewTemplate,
    TemplateError,
    encode_new,
    read_created,
    read_page,
)
from difusio.cloud_api.wires import Heard, Result, Wires
from difusio.common.sentences import SentenceError

# For the TCP and TLS handshakes: past this nothing has been sent.
CONNECT_S = 10.0
# What may stand in a header: nothing that could end it.
_TOKEN = re.compile(r"[!-~]+")
_PAGE_SIZE = 100
_MOST_PAGES = 200  # an account has at most 6,000 templates
_INVALID_CURSOR = 131059
_TEMPLATE_FIELDS = "name,language,status,category,components,quality_score,rejected_reason,parameter_format"
_NUMBER_FIELDS = (
    "display_phone_number,verified_name,name_status,quality_rating,status,code_verification_status,platform_type,"
    "throughput,whatsapp_business_manager_messaging_limit,is_on_biz_app,health_status"
)


class CloudApiError(SentenceError):
    """A question to Meta got no usable answer."""


class MetaUnreachableError(CloudApiError):
    """Meta could not be reached in time; try again later."""


class MetaRefusedError(CloudApiError):
    """Meta refused the question; the code says why (see `causes`)."""

    def __init__(self, http_status: int, code: int | None, subcode: int | None = None) -> None:
        super().__init__(f"Meta refused the question with HTTP {http_status} and code {code}.")
        self.http_status = http_status
        self.code = code
        self.subcode = subcode


class BadAccessTokenError(CloudApiError):
    """The access token holds characters that no token of Meta's has; put in a new one."""


class MetaUnreadableError(CloudApiError):
    """Meta answered with something that is not the shape it documents."""


@dataclass(frozen=True, slots=True)
class NumberState:
    """A business number as Meta knows it.

    per_s: messages a second, inbound included: 80, 1,000, or 20 beside the Business app.  daily_limit: unique
    people per moving 24 hours outside windows, shared by the portfolio.  can_send: AVAILABLE, LIMITED,
    BLOCKED or None; error_codes: why not.
    """

    phone_number_id: str
    display_phone_number: str
    verified_name: str
    quality: str
    status: str
    name_status: str | None
    throughput: str
    per_s: int
    daily_limit: int | None
    is_on_business_app: bool
    can_send: str | None
    error_codes: tuple[int, ...]


def is_token(text: str) -> bool:
    """Tell whether this can be an access token: a header holds no spaces, line ends or letters beyond ASCII."""
    return bool(_TOKEN.fullmatch(text))


class CloudApi:
    """A client of one Graph API; use it as an async context manager.

    base_url: with scheme, without version.  version: "v26.0".  connections: at most so many at once.
    deadline_s: from the call to the last byte of the answer, waiting for a connection included.
    """

    def __init__(
        self, *, base_url: str, version: str, connections: int = 256, deadline_s: float = 30.0
    ) -> None:
        parts = urlsplit(base_url.rstrip("/"))
        self._url = base_url
        self._root = f"{parts.path}/{version}"
        self._common = "\r\n".join(
            (
                f"Host: {parts.netloc}",
                "User-Agent: difusio",
                "Accept: application/json",
                "Accept-Encoding: identity",
            )
        )
        self._connections = connections
        self._deadline_s = deadline_s
        self._heads: dict[tuple[str, str], bytes] = {}
        self._wires: Wires | None = None

    async def __aenter__(self) -> Self:
        """Make ready to connect; the connections belong to the running event loop."""
        self._wires = Wires(
            self._url,
            most=self._connections,
            deadline_s=self._deadline_s,
            connect_s=min(CONNECT_S, self._deadline_s),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections; requests in the air are lost."""
        if self._wires is not None:
            await self._wires.close()
            self._wires = None

    def send(
        self, path: str, body: bytes, token: str, heard: Heard, late: Callable[[], None] | None = None
    ) -> None:
        """Post once; ``heard`` is called once, later, with what came of it.  Never raises for the network's sake.

        path: below the version, "106540352242922/messages".  late: called when it leaves, if it had to wait for a
        connection.  Repeating a call may send a second message.
        Raises BadAccessTokenError.
        """
        head = self._heads.get((path, token))
        if head is None:
            # Few heads, one per number and endpoint: what does not change is written once.
            head = self._heads[path, token] = self._head("POST", path, token)
        self._open_wires().ask(b"%b%d\r\n\r\n%b" % (head, len(body), body), heard, late)

    async def post(self, path: str, body: bytes, token: str) -> Result:
        """Post once and wait for what came of it; see ``send``."""
        head = self._head("POST", path, token)
        return await self._heard(b"%b%d\r\n\r\n%b" % (head, len(body), body))

    async def answers(self, phone_number_id: str, token: str) -> bool:
        """Ask for something harmless; tell whether Meta answers, be it with a refusal."""
        head = self._head("GET", f"{phone_number_id}?fields=id", token)
        result = await self._heard(head + b"0\r\n\r\n")
        return isinstance(result, Answer) and result.status < HTTPStatus.INTERNAL_SERVER_ERROR

    async def list_templates(self, waba_id: str, token: str) -> tuple[ListedTemplate, ...]:
        """Return all templates of an account, page by page.  Raises CloudApiError's leaves."""
        found: list[ListedTemplate] = []
        after: str | None = None
        restarted = False
        for _ in range(_MOST_PAGES):
            query = {"fields": _TEMPLATE_FIELDS, "limit": str(_PAGE_SIZE)} | (
                {"after": after} if after else {}
            )
            try:
                page, after = read_page(await self._get(f"{waba_id}/message_templates", query, token))
            except TemplateError as error:
                raise MetaUnreadableError(str(error)) from error
            except MetaRefusedError as error:
                # A cursor may expire between two pages: begin again, once.
                if error.code != _INVALID_CURSOR or restarted:
                    raise
                found, after, restarted = [], None, True
                continue
            found += page
            if after is None:
                return tuple(found)
        raise MetaUnreadableError("Meta's list of templates does not end.")

    async def create_template(self, waba_id: str, new: NewTemplate, token: str) -> Created:
        """Hand a new template in for approval.  Raises CloudApiError's leaves.

        When no answer came, Meta may have taken it: the list of templates says.
        """
        result = await self.post(f"{waba_id}/message_templates", encode_new(new), token)
        if not isinstance(result, Answer):
            raise MetaUnreachableError(MetaUnreachableError.__doc__)
        if result.status != HTTPStatus.OK:
            raise _refused(result)
        try:
            return read_created(result.body)
        except TemplateError as error:
            raise MetaUnreadableError(str(error)) from error

    async def get_number(self, phone_number_id: str, token: str) -> NumberState:
        """Return the state of one number.  Raises CloudApiError's leaves."""
        body = await self._get(phone_number_id, {"fields": _NUMBER_FIELDS}, token)
        try:
            return _number_state(_numbers.decode(body))
        except UNREADABLE as error:
            raise MetaUnreadableError("Meta's account of the number could not be read.") from error

    async def _get(self, path: str, query: Mapping[str, str], token: str) -> bytes:
        result = await self._heard(self._head("GET", f"{path}?{urlencode(query)}", token) + b"0\r\n\r\n")
        if not isinstance(result, Answer):
            raise MetaUnreachableError(MetaUnreachableError.__doc__)
        if result.status == HTTPStatus.OK:
            return result.body
        raise _refused(result)

    def _head(self, method: str, path: str, token: str) -> bytes:
        """Write a request up to the length of its body."""
        if not is_token(token):
            raise BadAccessTokenError(BadAccessTokenError.__doc__)
        lines = (
            f"{method} {self._root}/{path} HTTP/1.1",
            self._common,
            f"Authorization: Bearer {token}",
            "Content-Type: application/json",
            "Content-Length: ",
        )
        return "\r\n".join(lines).encode("ascii")

    async def _heard(self, request: bytes) -> Result:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def heard(result: Result) -> None:
            # Whoever waited may have been told to end meanwhile.
            if not future.done():
                future.set_result(result)

        self._open_wires().ask(request, heard)
        return await future

    def _open_wires(self) -> Wires:
        if self._wires is None:
            raise RuntimeError("CloudApi is used outside its `async with`.")
        return self._wires


def _refused(result: Answer) -> MetaRefusedError:
    match read_answer(result.status, result.body):
        case Refusal(code=code, subcode=subcode):
            return MetaRefusedError(result.status, code, subcode)
        case _:
            return MetaRefusedError(result.status, None)


class _Throughput(msgspec.Struct):
    level: str = "STANDARD"


class _HealthError(msgspec.Struct):
    error_code: int


class _Entity(msgspec.Struct):
    errors: list[_HealthError] = []


class _Health(msgspec.Struct):
    can_send_message: str | None = None
    entities: list[_Entity] = []


class _Number(msgspec.Struct):
    id: str
    display_phone_number: str = ""
    verified_name: str = ""
    quality_rating: str = "UNKNOWN"
    status: str = ""
    name_status: str | None = None
    throughput: _Throughput = msgspec.field(default_factory=_Throughput)
    whatsapp_business_manager_messaging_limit: Any = None  # Any: a step's name or, on other pages, a number
    is_on_biz_app: bool = False
    health_status: _Health = msgspec.field(default_factory=_Health)


_numbers = msgspec.json.Decoder(_Number)

# Source: developers.facebook.com/documentation/business-messaging/whatsapp/throughput (read 2026-11-22)
_PER_S = {"STANDARD": 80, "HIGH": 1000}
BESIDE_THE_APP_PER_S = 20


def _number_state(number: _Number) -> NumberState:
    per_s = BESIDE_THE_APP_PER_S if number.is_on_biz_app else _PER_S.get(number.throughput.level, 80)
    return NumberState(
        phone_number_id=number.id,
        display_phone_number=number.display_phone_number,
        verified_name=number.verified_name,
        quality=number.quality_rating,
        status=number.status,
        name_status=number.name_status,
        throughput=number.throughput.level,
        per_s=per_s,
        daily_limit=daily_limit(number.whatsapp_business_manager_messaging_limit),
        is_on_business_app=number.is_on_biz_app,
        can_send=number.health_status.can_send_message,
        error_codes=tuple(
            error.error_code for entity in number.health_status.entities for error in entity.errors
        ),
    )
