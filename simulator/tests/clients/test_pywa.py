"""pywa, a client that we did not write, against the simulator: only the base address of its session is changed.

The same story is told by its synchronous and by its asynchronous face.  What pywa 4.5 does wrong itself, and so is
not told here: `get_blocked_users` wants a member that Meta does not send, `get_signups` asks for a field that Meta does
not have, and `upsert_authentication_template` encodes its JSON twice (or, asynchronously, wants a category back).
Groups, calls and the catalogue's settings are not played.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from inspect import isawaitable
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pywa
import pywa_async
from msgspec.structs import replace
from pywa import types, utils
from pywa.types import templates as forms
from pywa_async import handlers as async_handlers
from whatsapp_simulator.running import RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Habits, Rules, Scenario, Setup

SETUP = Setup()
NUMBER = SETUP.numbers[0].phone_number_id
SCENARIO = Scenario(
    setup=SETUP,
    clock=ClockFacts(rate=0),
    rules=Rules(reviews=False, marketing_sync_s=0),
    habits=Habits(
        reads=1, receipts_off=0, replies=0, leaves=0, unreachable=0, capped=0, has_username=0, delivered=1,
        delivered_late=0, duplicate=0, swap=0, missing_delivered=0, delivered_and_failed=0,
        # pywa reads the first change of a webhook only.
        webhook_batch=1, webhook_flush_s=0,
    ),
)  # fmt: skip
ONA, WA_ID = "+34600000001", "34600000001"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(50) + b"\xff\xd9"
PDF = b"%PDF-1.4 example"
OPUS = b"OggS" + bytes(24) + b"OpusHead" + bytes(30)
CATALAN = forms.TemplateLanguage.CATALAN
MARKETING, UTILITY = forms.TemplateCategory.MARKETING, forms.TemplateCategory.UTILITY
LINK = "https://example.com/"

Kind = type[pywa.WhatsApp] | type[pywa_async.WhatsApp]
KINDS = pytest.mark.parametrize("kind", [pywa.WhatsApp, pywa_async.WhatsApp], ids=["sync", "async"])
Step = Callable[[Any, dict[str, Any]], Any]
"""A call of a client, given what the steps before it answered; async clients answer with something to await."""


@asynccontextmanager
async def _client(kind: Kind, simulator: RunningSimulator) -> AsyncIterator[Any]:
    session: Any = httpx.Client() if kind is pywa.WhatsApp else httpx.AsyncClient()
    client = kind(
        phone_id=NUMBER, token=SETUP.access_token, waba_id=SETUP.waba_id, app_id=SETUP.app_id,
        app_secret=SETUP.app_secret, session=session,
    )  # fmt: skip
    # All that a stranger changes: pywa's session keeps the base address.
    session.base_url = f"{simulator.url}/v26.0"
    yield client
    await _made(session.close() if kind is pywa.WhatsApp else session.aclose())


async def _made(answer: Any) -> Any:
    return await answer if isawaitable(answer) else answer


def _tell(kind: Kind, simulator: RunningSimulator, steps: dict[str, Step]) -> dict[str, Any]:
    """Take the steps one after another; what each answers stands in the result under its name."""
    (row,) = simulator.control("GET", "inbound")["data"]
    told = {"inbound": row["wamid"], "person": simulator.control("GET", f"people/{ONA}")}

    async def _take() -> None:
        async with _client(kind, simulator) as client:
            for number, (name, step) in enumerate(steps.items()):
                if number % 20 == 0:
                    simulator.advance(120)  # so that the pair rate never minds
                told[name] = await _made(step(client, told))

    asyncio.run(_take())
    return told


def _card(link: str, buttons: Any) -> types.ImageCarouselCard:
    return types.ImageCarouselCard(body="Una targeta", buttons=buttons, image=f"{LINK}{link}.jpg")


MESSAGES: dict[str, Step] = {
    "text": lambda wa, _: wa.send_message(WA_ID, "Mira https://example.com/", preview_url=True, tracker="job:1"),
    "to a formatted number": lambda wa, _: wa.send_message("+34 600 00 00 01", "Hola"),
    "to a user id": lambda wa, told: wa.send_message(told["person"]["user_id"], "Hola"),
    "quoting": lambda wa, told: wa.send_message(WA_ID, "Hola", reply_to_message_id=told["inbound"]),
    "buttons": lambda wa, _: wa.send_message(
        WA_ID, "Vols novetats?", header="Botiga", footer="Exemple",
        buttons=[types.Button("Sí", "yes"), types.Button("No", "no")],
    ),
    "link": lambda wa, _: wa.send_message(WA_ID, "Mira", buttons=types.URLButton("Obre", LINK)),
    "call": lambda wa, _: wa.send_message(WA_ID, "Truca", buttons=types.VoiceCallButton("Truca", 60)),
    "permission to call": lambda wa, _: wa.send_message(
        WA_ID, "Podem trucar?", buttons=types.CallPermissionRequestButton()
    ),
    "list": lambda wa, _: wa.send_message(WA_ID, "Tria", buttons=types.SectionList("Obre", [
        types.Section("Temes", [types.SectionRow("Ofertes", "offers", "Dues al mes"), types.SectionRow("Cap", "no")])
    ])),
    "flow": lambda wa, _: wa.send_message(WA_ID, "Omple", buttons=types.FlowButton(
        "Omple", flow_id="1", flow_token="one", flow_action_type=types.FlowActionType.NAVIGATE,
        flow_action_screen="START",
    )),
    "flow by name": lambda wa, _: wa.send_message(WA_ID, "Omple", buttons=types.FlowButton(
        "Omple", flow_name="preferences", flow_token="one", mode=types.FlowStatus.DRAFT,
    )),
    "upload": lambda wa, _: wa.upload_media(JPEG, mime_type="image/jpeg", filename="a.jpg"),
    "image by id": lambda wa, told: wa.send_image(WA_ID, told["upload"], "Una imatge"),
    "image with buttons": lambda wa, told: wa.send_image(
        WA_ID, told["upload"], "Una imatge", buttons=[types.Button("Vull", "want")]
    ),
    "image by link": lambda wa, _: wa.send_image(WA_ID, f"{LINK}a.jpg"),
    "video": lambda wa, _: wa.send_video(WA_ID, f"{LINK}a.mp4", "Un vídeo"),
    "document": lambda wa, _: wa.send_document(
        WA_ID, PDF, filename="factura.pdf", mime_type="application/pdf", caption="La factura"
    ),
    "audio": lambda wa, _: wa.send_audio(WA_ID, f"{LINK}a.mp3"),
    "voice": lambda wa, _: wa.send_voice(WA_ID, OPUS, mime_type="audio/ogg"),
    "sticker": lambda wa, _: wa.send_sticker(WA_ID, f"{LINK}a.webp"),
    "reaction": lambda wa, told: wa.send_reaction(WA_ID, "👍", told["inbound"]),
    "no reaction": lambda wa, told: wa.remove_reaction(WA_ID, told["inbound"]),
    "location": lambda wa, _: wa.send_location(WA_ID, 41.3874, 2.1686, "Botiga", "Plaça 1"),
    "asking where": lambda wa, _: wa.request_location(WA_ID, "On ets?"),
    "asking for the number": lambda wa, _: wa.request_contact_info(WA_ID, "Quin és el teu número?"),
    "contact": lambda wa, _: wa.send_contact(WA_ID, types.Contact(
        name=types.Contact.Name(formatted_name="Bilal", first_name="Bilal"),
        phones=[types.Contact.Phone(phone="+34600000002", type="CELL", wa_id="34600000002")],
        emails=[types.Contact.Email(email="bilal@example.com", type="WORK")], birthday="2000-01-01",
    )),
    "catalogue": lambda wa, _: wa.send_catalog(WA_ID, "Tot", "Exemple", thumbnail_product_sku="sku-1"),
    "product": lambda wa, _: wa.send_product(WA_ID, "1", "sku-1", "Aquest", "Exemple"),
    "products": lambda wa, _: wa.send_products(
        WA_ID, "1", [types.ProductsSection("Tardor", ["sku-1", "sku-2"])], "Tardor", "Mira", "Exemple"
    ),
    "carousel": lambda wa, _: wa.send_carousel(
        WA_ID, body="Mira", cards=[_card("1", types.URLButton("Obre", LINK)), _card("2", types.URLButton("Obre", LINK))]
    ),
    "carousel of buttons": lambda wa, _: wa.send_carousel(
        WA_ID, body="Mira", cards=[_card("1", [types.Button("Un", "1")]), _card("2", [types.Button("Dos", "2")])]
    ),
}  # fmt: skip
RECEIPTS_AND_FILES: dict[str, Step] = {
    "read": lambda wa, told: wa.mark_message_as_read(told["inbound"]),
    "typing": lambda wa, told: wa.indicate_typing(told["inbound"]),
    "address of a file": lambda wa, told: wa.get_media_url(told["upload"].id),
    "file": lambda wa, told: wa.get_media_bytes(told["address of a file"].url),
    "deleting a file": lambda wa, told: wa.delete_media(told["upload"].id),
}


def _form(
    name: str, *components: Any, category: forms.TemplateCategory = MARKETING, **more: Any
) -> forms.Template:
    return forms.Template(name=name, language=CATALAN, category=category, components=list(components), **more)


def _image() -> forms.HeaderImage:
    return forms.HeaderImage(JPEG, mime_type="image/jpeg")


def _buttons(*buttons: Any) -> forms.Buttons:
    return forms.Buttons(buttons=list(buttons))


def _open() -> forms.URLButton:
    return forms.URLButton(text="Obre", url=LINK + "{{1}}", example=LINK + "a")


_APP = forms.OTPSupportedApp(package_name="com.example.app", signature_hash="12345678901")
_SENT_IMAGE = forms.HeaderImage.params(image=f"{LINK}a.jpg")
_CODE = forms.AuthenticationBody.params(otp="482915")
_SECURE = forms.AuthenticationBody(add_security_recommendation=True)
_PAYLOAD = forms.QuickReplyButton.params(callback_data="stop", index=0)

# Each template as it is sent in, and what fills it.
FORMS: list[tuple[forms.Template, list[Any]]] = [
    (_form(
        "plain", forms.BodyText("Hola, bon dia a tothom."), forms.FooterText(text="Exemple"),
        _buttons(
            forms.QuickReplyButton(text="Atura promocions"), _open(),
            forms.PhoneNumberButton(text="Truca", phone_number="+15550100100"),
        ),
    ), [_PAYLOAD, forms.URLButton.params(url_variable="a", index=1)]),
    (_form(
        "positional", forms.HeaderText("Per a {{1}} sempre", "Ona"),
        forms.BodyText("Hola {{1}}, fes servir el codi {{2}} abans de diumenge vinent.", "Ona", "25OFF"),
        parameter_format=forms.ParamFormat.POSITIONAL,
    ), [forms.HeaderText.params("Ona"), forms.BodyText.params("Ona", "25OFF")]),
    (_form(
        "named", forms.BodyText("Hola {{name}}, fes servir el codi {{code}} abans de diumenge.", name="Ona", code="A1"),
        parameter_format=forms.ParamFormat.NAMED,
    ), [forms.BodyText.params(name="Ona", code="A1")]),
    (_form("image", _image(), forms.BodyText("Mira què acaba d'arribar.")), [_SENT_IMAGE]),
    (
        _form("video", forms.HeaderVideo(b"mp4", mime_type="video/mp4"), forms.BodyText("Mira què més hi ha.")),
        [forms.HeaderVideo.params(video=f"{LINK}a.mp4")],
    ),
    (_form(
        "document", forms.HeaderDocument(PDF, mime_type="application/pdf"), forms.BodyText("La factura de setembre."),
        category=UTILITY,
    ), [forms.HeaderDocument.params(document=f"{LINK}a.pdf", filename="factura.pdf")]),
    (_form(
        "location", forms.HeaderLocation(), forms.BodyText("El repartidor ja ve cap a casa teva."), category=UTILITY
    ), [forms.HeaderLocation.params(lat=41.3874, lon=2.1686, name="Casa", address="Plaça 1")]),
    (
        _form("coupon", forms.BodyText("Un cupó per a aquesta setmana."), _buttons(forms.CopyCodeButton(example="A1"))),
        [forms.CopyCodeButton.params(coupon_code="A1", index=0)],
    ),
    (_form(
        "offer", _image(), forms.LimitedTimeOffer(text="S'acaba", has_expiration=True),
        forms.BodyText("Fes servir el codi avui mateix."), _buttons(forms.CopyCodeButton(example="A1"), _open()),
    ), [
        _SENT_IMAGE, forms.LimitedTimeOffer.params(expiration_time=datetime(2030, 1, 1, tzinfo=UTC)),
        forms.CopyCodeButton.params(coupon_code="A1", index=0), forms.URLButton.params(url_variable="a", index=1),
    ]),
    (_form("carousel", forms.BodyText("Mira què hem triat per a tu."), forms.Carousel(cards=[
        forms.CarouselCard(components=[
            _image(), forms.BodyText("Una targeta"), _buttons(forms.QuickReplyButton(text="Vull"), _open()),
        ]) for _ in range(2)
    ])), [forms.Carousel.params(cards=[
        forms.CarouselCard.params(
            index=index, params=[_SENT_IMAGE, _PAYLOAD, forms.URLButton.params(url_variable="a", index=1)]
        ) for index in range(2)
    ])]),
    (
        _form("catalogue", forms.BodyText("El catàleg de tardor."), _buttons(forms.CatalogButton(text="View catalog"))),
        [forms.CatalogButton.params(index=0, thumbnail_product_sku="sku-1")],
    ),
    (_form(
        "products", forms.HeaderText("Per a tu"), forms.BodyText("Encara són a la cistella."),
        _buttons(forms.MPMButton(text="View items")),
    ), [forms.MPMButton.params(
        index=0, thumbnail_product_sku="sku-1", product_sections=[types.ProductsSection("Tardor", ["sku-1"])]
    )]),
    (
        _form("product", forms.HeaderProduct(), forms.BodyText("Un de sol, per a tu."), _buttons(
            forms.SPMButton(text="View")
        )),
        [forms.HeaderProduct.params(catalog_id="1", sku="sku-1")],
    ),
    (_form("flow", forms.BodyText("Digue'ns què prefereixes."), _buttons(forms.FlowButton(
        text="Tria", flow_id="1", flow_action=types.FlowActionType.NAVIGATE, navigate_screen="START"
    ))), [forms.FlowButton.params(index=0, flow_token="one", flow_action_data={"topic": "offers"})]),
    (_form("call", forms.BodyText("Truca'ns quan vulguis."), _buttons(forms.VoiceCallButton(text="Truca"))), []),
    (_form("permission", forms.BodyText("Podem trucar-te a la tarda?"), forms.CallPermissionRequestButton()), []),
    (_form(
        "number", forms.BodyText("Ens dones el teu número, si et plau?"), _buttons(forms.ContactInfoRequestButton()),
        category=UTILITY,
    ), []),
    (_form(
        "code", _SECURE, forms.AuthenticationFooter(code_expiration_minutes=5),
        _buttons(forms.CopyCodeOTPButton(text="Copia")), category=forms.TemplateCategory.AUTHENTICATION,
    ), [_CODE, forms.CopyCodeOTPButton.params(otp="482915")]),
    (_form("one_tap", _SECURE, _buttons(
        forms.OneTapOTPButton(text="Copia", autofill_text="Omple", supported_apps=[_APP])
    ), category=forms.TemplateCategory.AUTHENTICATION), [_CODE, forms.OneTapOTPButton.params(otp="482915")]),
    (_form("zero_tap", _SECURE, _buttons(forms.ZeroTapOTPButton(
        text="Copia", autofill_text="Omple", zero_tap_terms_accepted=True, supported_apps=[_APP]
    )), category=forms.TemplateCategory.AUTHENTICATION), [_CODE, forms.ZeroTapOTPButton.params(otp="482915")]),
]  # fmt: skip


def _creating(form: forms.Template) -> Step:
    return lambda wa, _: wa.create_template(form)


def _sending(form: forms.Template, parts: list[Any]) -> Step:
    return lambda wa, _: wa.send_template(WA_ID, form.name, CATALAN, parts, tracker=form.name)


TEMPLATES: dict[str, Step] = {
    **{f"create {form.name}": _creating(form) for form, _ in FORMS},
    **{f"send {form.name}": _sending(form, parts) for form, parts in FORMS},
    "send marketing": lambda wa, _: wa.send_template(
        WA_ID, "plain", CATALAN, FORMS[0][1], use_mm_lite_api=True, message_activity_sharing=False
    ),
    "list": lambda wa, _: wa.get_templates(pagination=types.Pagination(limit=5)),
    "list some": lambda wa, _: wa.get_templates(
        statuses=[forms.TemplateStatus.APPROVED], categories=[UTILITY], languages=[CATALAN], name="locat"
    ),
    "show": lambda wa, told: wa.get_template(told["create plain"].id),
    "edit": lambda wa, told: wa.update_template(
        told["create image"].id, new_components=[forms.BodyText("Hola a tothom, això és nou.")]
    ),
    "compare": lambda wa, told: wa.compare_templates(
        told["create plain"].id, told["create named"].id, start=datetime.now(UTC) - timedelta(days=7),
        end=datetime.now(UTC),
    ),
    "unpause": lambda wa, told: wa.unpause_template(told["create plain"].id),
    "delete one": lambda wa, told: wa.delete_template("named", template_id=told["create named"].id),
    "delete all": lambda wa, _: wa.delete_template("coupon"),
}  # fmt: skip

_FLOW = {"version": "6.0", "screens": [{"id": "START", "terminal": True}]}
_KEY = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END PUBLIC KEY-----"
ACCOUNT: dict[str, Step] = {
    "empty profile": lambda wa, _: wa.get_business_profile(),
    "write profile": lambda wa, _: wa.update_business_profile(
        about="Plantes", address="Plaça 1", description="Una botiga", email="hola@example.com",
        industry=types.Industry.RETAIL, websites=[LINK], profile_picture=JPEG,
    ),
    "profile": lambda wa, _: wa.get_business_profile(),
    "block": lambda wa, _: wa.block_users([WA_ID]),
    "unblock": lambda wa, _: wa.unblock_users([WA_ID]),
    "number": lambda wa, _: wa.get_business_phone_number(),
    "numbers": lambda wa, _: wa.get_business_phone_numbers(),
    "account": lambda wa, _: wa.get_business_account(),
    "switch": lambda wa, _: wa.update_business_account_settings(disable_marketing_messages_on_cloud_api=False),
    "settings": lambda wa, _: wa.get_business_phone_number_settings(),
    "write settings": lambda wa, _: wa.update_business_phone_number_settings(
        user_identity_change=types.UserIdentityChangeSettings(enable_identity_key_check=False)
    ),
    "automation": lambda wa, _: wa.update_conversational_automation(
        ["Què hi ha de nou?"], [types.Command(name="atura", description="Atura les promocions")]
    ),
    "another name": lambda wa, _: wa.update_display_name("Botiga Nova"),
    "key": lambda wa, _: wa.set_business_public_key(_KEY),
    "make a code": lambda wa, _: wa.create_qr_code("Vull novetats"),
    "code": lambda wa, told: wa.get_qr_code(told["make a code"].code),
    "codes": lambda wa, _: wa.get_qr_codes(),
    "change a code": lambda wa, told: wa.update_qr_code(told["make a code"].code, "Vull ofertes"),
    "drop a code": lambda wa, told: wa.delete_qr_code(told["make a code"].code),
    "take a username": lambda wa, _: wa.set_username("botiga.exemple"),
    "username": lambda wa, _: wa.get_current_username(),
    "usernames": lambda wa, _: wa.get_reserved_usernames(),
    "drop the username": lambda wa, _: wa.delete_username(),
    "make a signup": lambda wa, _: wa.create_signup("Rep novetats", "Gràcies", LINK, accept_policy=True),
    "signup": lambda wa, told: wa.get_signup(told["make a signup"].id),
    "make a flow": lambda wa, _: wa.create_flow("preferences", [types.FlowCategory.SURVEY]),
    "fill the flow": lambda wa, told: wa.update_flow_json(told["make a flow"].id, _FLOW),
    "rename the flow": lambda wa, told: wa.update_flow_metadata(told["make a flow"].id, name="topics"),
    "a flow": lambda wa, told: wa.get_flow(told["make a flow"].id),
    "flows": lambda wa, _: wa.get_flows(),
    "assets": lambda wa, told: wa.get_flow_assets(told["make a flow"].id),
    "publish": lambda wa, told: wa.publish_flow(told["make a flow"].id),
    "deprecate": lambda wa, told: wa.deprecate_flow(told["make a flow"].id),
    "token of the app": lambda wa, _: wa.get_app_access_token(int(SETUP.app_id), SETUP.app_secret),
    "add a number": lambda wa, _: wa.create_phone_number(
        country_calling_code=34, phone_number="600999999", verified_name="Botiga"
    ),
    "ask for the code": lambda wa, told: wa.request_verification_code(
        code_method="SMS", language_code="ca", phone_id=told["add a number"].id
    ),
}  # fmt: skip


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with RunningSimulator(SCENARIO) as running:
        running.control("POST", f"people/{ONA}/write", {"text": "Hola"})
        running.wait_until("settled")
        yield running


@KINDS
def it_sends_whatever_pywa_can_send(simulator: RunningSimulator, kind: Kind) -> None:
    told = _tell(kind, simulator, MESSAGES | RECEIPTS_AND_FILES)

    accepted = simulator.control("GET", "accepted?limit=1000")["data"]
    assert len(accepted) == len(MESSAGES) - 1  # all but the upload
    assert {row["person"] for row in accepted} == {told["person"]["key"]}
    assert told["text"].id == accepted[0]["wamid"]
    assert told["file"] == JPEG


@KINDS
def it_lets_pywa_manage_templates_of_every_kind_and_send_them(
    simulator: RunningSimulator, kind: Kind
) -> None:
    told = _tell(kind, simulator, TEMPLATES)

    simulator.advance(120)
    rows = simulator.control("GET", "accepted?limit=1000")["data"]
    assert [row["template"] for row in rows] == [*[form.name for form, _ in FORMS], "plain"]
    assert {row["stage"] for row in simulator.control("GET", f"people/{ONA}")["chat"] if "stage" in row} <= {
        "delivered",
        "read",
    }
    assert (told["list"].total_count, len(told["list"])) == (len(FORMS), 5)
    assert [one.name for one in told["list some"]] == ["location"]
    assert told["show"].status == forms.TemplateStatus.APPROVED
    names = {row["name"] for row in simulator.control("GET", "templates")["data"]}
    assert names == {form.name for form, _ in FORMS} - {"named", "coupon"}


@KINDS
def it_lets_pywa_manage_the_account_and_the_number(simulator: RunningSimulator, kind: Kind) -> None:
    told = _tell(kind, simulator, ACCOUNT)

    assert told["empty profile"].industry == types.Industry.UNDEFINED
    assert (told["profile"].about, told["profile"].websites) == ("Plantes", (LINK,))
    assert [one.input for one in told["block"].added_users] == [WA_ID]
    assert told["number"].verified_name == "Example Shop"
    assert [one.id for one in told["numbers"]] == [NUMBER]
    assert told["username"].username == "botiga.exemple"
    assert told["signup"].message == "Rep novetats"
    assert told["a flow"].name == "topics"


REFUSED: dict[str, tuple[int, Step]] = {
    "no such template": (132001, lambda wa, _: wa.send_template(WA_ID, "nothing_called_so", CATALAN)),
    "too long": (100, lambda wa, _: wa.send_message(WA_ID, "x" * 4097)),
    "no such id": (100, lambda wa, _: wa.get_template("1")),
}


def _refusal(step: Step) -> Step:
    async def take(wa: Any, told: dict[str, Any]) -> Any:
        # pywa's errors can't pass a context manager: they are frozen, even for their traceback.
        try:
            await _made(step(wa, told))
        except pywa.errors.WhatsAppError as refusal:
            return refusal
        pytest.fail("Nothing was refused.")

    return take


@KINDS
def it_refuses_in_words_that_pywa_understands(simulator: RunningSimulator, kind: Kind) -> None:
    told = _tell(kind, simulator, {name: _refusal(step) for name, (_, step) in REFUSED.items()})

    for name, (code, _) in REFUSED.items():
        assert told[name].code == code
        assert told[name].fbtrace_id


class _Listening:
    """A server that hands its webhooks to pywa, as pywa wants it of servers it does not know: `with _Listening(kind)`.

    pywa checks the challenge and the signature itself, and parses each update; `updates` holds what its typed
    handlers got, by the handler's name.
    """

    def __init__(self, kind: Kind) -> None:
        self._client: Any = kind(
            phone_id=NUMBER, waba_id=SETUP.waba_id, verify_token=SETUP.verify_token, app_secret=SETUP.app_secret,
            validate_updates=True,
        )  # fmt: skip
        self.updates: list[tuple[str, Any]] = []
        self.refused = 0
        for handler in _handlers_of(async_handlers if kind is pywa_async.WhatsApp else pywa.handlers):
            keep = self._keep_later if kind is pywa_async.WhatsApp else self._keep
            self._client.add_handlers(handler(keep(handler.__name__)))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def challenged(self, query: dict[str, list[str]]) -> tuple[Any, int]:
        asked = (query[utils.HUB_VT][0], query[utils.HUB_CH][0])
        return _now(self._client.webhook_challenge_handler(*asked))

    def heard(self, body: bytes, signature: str | None) -> tuple[str, int]:
        wrong = _now(self._client.webhook_update_validator(body, signature))
        self.refused += wrong is not None
        return wrong or _now(self._client.webhook_update_handler(body))

    def names(self) -> set[str]:
        return {name for name, _ in self.updates}

    def of(self, name: str) -> list[Any]:
        return [update for one, update in self.updates if one == name]

    def _keep(self, name: str) -> Callable[[Any, Any], None]:
        return lambda _client, update: self.updates.append((name, update))

    def _keep_later(self, name: str) -> Callable[[Any, Any], Awaitable[None]]:
        async def keep(_client: Any, update: Any) -> None:
            self.updates.append((name, update))

        return keep


def _now(answer: Any) -> Any:
    return asyncio.run(_made(answer)) if isawaitable(answer) else answer


def _handlers_of(module: Any) -> Iterator[Any]:
    """Find the handlers for every kind of update that pywa knows."""
    bases = {"Handler", "_FactoryHandler"}
    for name, found in vars(module).items():
        if name not in bases and isinstance(found, type) and issubclass(found, module.Handler):
            yield found


def _handler_of(listening: _Listening) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*listening.challenged(parse_qs(urlsplit(self.path).query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(*listening.heard(body, self.headers.get(utils.HUB_SIG)))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self, text: str, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    return Handler


PLAIN = {
    "name": "plain", "language": "ca", "category": "MARKETING", "status": "APPROVED",
    "components": [
        {"type": "BODY", "text": "Hola, bon dia."},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Atura promocions"}]},
    ],
}  # fmt: skip
_ROWS = [{"title": "Temes", "rows": [{"id": "offers", "title": "Ofertes"}]}]
# What the business sends, and what the person does with it.
ANSWERED: tuple[tuple[dict[str, Any], str, dict[str, Any]], ...] = (
    ({"type": "text", "text": {"body": "Hola"}}, "react", {}),
    ({"type": "text", "text": {"body": "Hola"}}, "react", {"emoji": ""}),
    (
        {"type": "interactive", "interactive": {
            "type": "button", "body": {"text": "Vols novetats?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Sí"}}]},
        }}, "tap", {"text": "Sí"},
    ),
    (
        {"type": "interactive", "interactive": {
            "type": "list", "body": {"text": "Tria"}, "action": {"button": "Obre", "sections": _ROWS},
        }}, "tap", {"id": "offers"},
    ),
    (
        {"type": "interactive", "interactive": {
            "type": "flow", "body": {"text": "Omple"}, "action": {"name": "flow", "parameters": {
                "flow_message_version": "3", "flow_id": "1", "flow_cta": "Omple", "flow_token": "one",
            }},
        }}, "fill", {"response": {"topic": "offers", "flow_token": "one"}},
    ),
    (
        {"type": "template", "template": {"name": "plain", "language": {"code": "ca"}}},
        "tap", {"text": "Atura promocions"},
    ),
    (
        {"type": "interactive", "interactive": {
            "type": "call_permission_request", "body": {"text": "Podem trucar?"},
            "action": {"name": "call_permission_request"},
        }}, "allow-calls", {},
    ),
    (
        {"type": "interactive", "interactive": {
            "type": "request_contact_info", "body": {"text": "Quin número tens?"},
            "action": {"name": "request_contact_info"},
        }}, "share-number", {},
    ),
)  # fmt: skip
WRITTEN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("write", {"text": "Hola, què tal? 🌱"}),
    *[("send", {"type": kind}) for kind in ("image", "video", "audio", "document", "sticker", "unsupported")],
    ("send", {"type": "image", "too_big": True}),
    ("send", {"type": "location", "location": {"latitude": 41.38, "longitude": 2.16, "name": "Botiga"}}),
    ("send", {"type": "contacts", "contacts": [
        {"name": {"formatted_name": "Bilal", "first_name": "Bilal"}, "phones": [{"phone": "+34600000002"}]}
    ]}),
    ("send", {"type": "order", "order": {"catalog_id": "1", "product_items": [{"product_retailer_id": "sku-1"}]}}),
    ("write", {"text": "D'un anunci", "referral": {}}),
    ("write", {"text": "Quant val?", "product": {"catalog_id": "1", "product_retailer_id": "sku-1"}}),
    ("write", {"text": "Reenviat", "forwarded": True}),
    ("edit", {"text": "Corregit"}), ("revoke", {}),
    ("stop", {}), ("resume", {}), ("signup", {}),
    ("change-identity", {}),
)  # fmt: skip
TEMPLATE_ACTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("quality", {"score": "RED"}), ("pause", {}), ("category", {"category": "UTILITY"}),
)  # fmt: skip


@KINDS
def it_tells_webhooks_that_pywa_verifies_and_parses(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    with _Listening(kind) as listening:
        scenario = replace(SCENARIO, setup=replace(SETUP, callback_url=listening.url, templates=(PLAIN,)))
        with RunningSimulator(scenario) as simulator:
            _live(simulator)
            sent = simulator.control("GET", "counts")
            assert simulator.control("GET", "health")["callback_verified"]

    assert listening.refused == 0
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    updates = listening.of("RawUpdateHandler")
    # Each update of ours was parsed into a type of pywa's own: none is left over.
    assert len(listening.updates) == 2 * len(updates)
    assert len(updates) == sent["webhooks"]["delivered"]
    assert listening.names() == {
        "RawUpdateHandler", "MessageHandler", "MessageStatusHandler", "UserMarketingPreferencesHandler",
        "TemplateStatusUpdateHandler", "TemplateQualityUpdateHandler", "TemplateCategoryUpdateHandler",
        "CallbackButtonHandler", "CallbackSelectionHandler", "FlowCompletionHandler", "CallPermissionUpdateHandler",
        "PhoneNumberChangeHandler", "IdentityChangeHandler",
    }  # fmt: skip
    kinds = {message.type.value for message in listening.of("MessageHandler")}
    assert kinds == {
        "text", "image", "video", "audio", "document", "sticker", "unsupported", "location", "contacts", "order",
        "reaction",
    }  # fmt: skip
    assert {one.status.value for one in listening.of("MessageStatusHandler")} >= {"sent", "delivered", "read"}
    assert [one.data for one in listening.of("CallbackButtonHandler")] == ["yes", "Atura promocions"]
    assert [one.data for one in listening.of("CallbackSelectionHandler")] == ["offers"]
    assert listening.of("MessageHandler")[0].text == "Hola, què tal? 🌱"


def _live(simulator: RunningSimulator) -> None:
    """Let everything happen that pywa has a handler for."""
    for act, told in WRITTEN:
        simulator.control("POST", f"people/{ONA}/{act}", told)
        simulator.advance(1)
    for content, act, told in ANSWERED:
        sent = simulator.graph(
            "POST", f"{NUMBER}/messages", {"messaging_product": "whatsapp", "to": ONA, **content}
        )
        assert sent.status == 200, sent.body
        simulator.advance(60)
        simulator.control("POST", f"people/{ONA}/{act}", told)
        simulator.advance(1)
    simulator.control("POST", f"people/{ONA}/change-number", {"phone": "+34600000009"})
    for act, told in TEMPLATE_ACTS:
        simulator.control("POST", f"templates/plain/ca/{act}", told)
        simulator.advance(86_400)
    simulator.advance(7 * 86_400)
