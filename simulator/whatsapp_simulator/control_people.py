"""The control plane's acts of people, `POST /_control/people/{address}/{act}`: whatever a person can do, on demand."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from whatsapp_simulator import inbound
from whatsapp_simulator.choices import CALLS_ALLOWED_S, Choice, choices_of, said_by_tapping
from whatsapp_simulator.deeds import Deeds, quoted
from whatsapp_simulator.inbound import MediaKind, Said
from whatsapp_simulator.people import Person, read_phone, read_user_id
from whatsapp_simulator.scenario import ScenarioError, decode
from whatsapp_simulator.shown import Shown
from whatsapp_simulator.world import Line, World

_Text = Annotated[str, Meta(min_length=1, max_length=65_536)]
_Facts = dict[str, Any]
_LOOKS_BACK = 100
# What arrives with somebody who tapped an ad; `referral` of `write` may say otherwise.
_AD = {
    "source_url": "https://fb.me/example",
    "source_id": "120200000000000001",
    "source_type": "ad",
    "body": "Autumn plants are here",
    "headline": "Chat with us",
    "media_type": "image",
    "image_url": "https://scontent.example.com/ad.jpg",
    "ctwa_clid": "simulated-click",
    "welcome_message": {"text": "Hi! How can we help?"},
}


class _Act(Struct, kw_only=True, forbid_unknown_fields=True):
    """What every act may say: the number it is about; left out, the first one."""

    phone_number_id: str | None = None


class _Message(_Act, kw_only=True):
    """What every message may say besides its content."""

    context: str | None = None
    """The wamid they answer to."""
    forwarded: bool = False
    frequently_forwarded: bool = False
    referral: _Facts | None = None
    """What an ad says with it, for somebody who came from one; `{}` is a made-up ad."""
    product: _Facts | None = None
    """`{catalog_id, product_retailer_id}`: the article they ask about."""
    group_id: str | None = None


class _Write(_Message, kw_only=True):
    text: _Text


class _Media(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    id: str | None = None
    mime_type: str | None = None
    caption: str | None = None
    filename: str | None = None
    voice: bool = False
    animated: bool = False


class _Location(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    name: str | None = None
    address: str | None = None
    url: str | None = None


class _Article(Struct, kw_only=True, forbid_unknown_fields=True):
    product_retailer_id: str
    quantity: Annotated[int, Meta(ge=1)] = 1
    item_price: Annotated[float, Meta(ge=0)] = 0.0
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR"


class _Order(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    catalog_id: str
    product_items: Annotated[tuple[_Article, ...], Meta(min_length=1)]
    text: str | None = None


class _Unsupported(Struct, kw_only=True, forbid_unknown_fields=True):
    type: str = "poll"


class _Send(_Message, kw_only=True):
    type: Literal[MediaKind, "location", "contacts", "order", "unsupported"]
    image: _Media | None = None
    video: _Media | None = None
    audio: _Media | None = None
    document: _Media | None = None
    sticker: _Media | None = None
    location: _Location | None = None
    contacts: tuple[_Facts, ...] | None = None
    order: _Order | None = None
    unsupported: _Unsupported | None = None
    too_big: bool = False
    """More than 100 MB: Meta tells an error instead of the file."""


class _Tap(_Act, kw_only=True):
    text: _Text | None = None
    """The label; left out, with `id`: the first thing to tap in the last message that had some."""
    id: str | None = None
    payload: str | None = None
    wamid: str | None = None


class _React(_Act, kw_only=True):
    emoji: str = "👍"
    """Empty takes the reaction away."""
    wamid: str | None = None


class _Click(_Act, kw_only=True):
    component: str = "cta"
    product_id: str = ""
    sees_page: bool = True


class _Fill(_Act, kw_only=True):
    response: _Facts
    wamid: str | None = None


class _AllowCalls(_Act, kw_only=True):
    accepts: bool = True
    wamid: str | None = None


class _ShareNumber(_Act, kw_only=True):
    wamid: str | None = None


class _Edit(_Act, kw_only=True):
    text: _Text
    wamid: str | None = None


class _Revoke(_Act, kw_only=True):
    wamid: str | None = None


class _ChangeNumber(_Act, kw_only=True):
    phone: str


class _ChangeUserId(_Act, kw_only=True):
    user_id: str


class _SignUp(_Act, kw_only=True):
    signup_id: str = "9876543210123456"


class _Block(Struct, kw_only=True, forbid_unknown_fields=True):
    """A block by the business holds for the number told; left out, for all of them."""

    phone_number_id: str | None = None
    by: Literal["person", "business"] = "person"
    blocked: bool = True


class PeopleActs:
    """All acts by name; each takes the person and the body of the request."""

    def __init__(self, world: World, deeds: Deeds) -> None:
        self._world = world
        self._deeds = deeds
        self.by_name: dict[str, Callable[[Person, bytes], None]] = {
            "write": self._write,
            "send": self._send,
            "react": self._react,
            "tap": self._tap,
            "click": self._click,
            "fill": self._fill,
            "allow-calls": self._allow_calls,
            "share-number": self._share_number,
            "edit": self._edit,
            "revoke": self._revoke,
            "change-number": self._change_number,
            "change-user-id": self._change_user_id,
            "change-identity": self._change_identity,
            "stop": lambda person, body: self._prefer(person, body, "stop"),
            "resume": lambda person, body: self._prefer(person, body, "resume"),
            "signup": self._sign_up,
            "block": self._block,
        }

    def _write(self, person: Person, body: bytes) -> None:
        said = decode(body, _Write)
        self._say(person, said, inbound.text(said.text))

    def _send(self, person: Person, body: bytes) -> None:
        sent = decode(body, _Send)
        if sent.too_big:
            self._say(person, sent, inbound.too_big())
            return
        content = getattr(sent, sent.type)
        if sent.type == "unsupported":
            self._say(person, sent, inbound.unsupported((content or _Unsupported()).type))
            return
        if sent.type in ("image", "video", "audio", "document", "sticker"):
            facts = self._deeds.attach(sent.type, msgspec.to_builtins(content or _Media()))
            self._say(person, sent, inbound.media(sent.type, facts))
            return
        if content is None:
            raise ScenarioError(f"A message of type {sent.type} needs `{sent.type}`.")
        facts = msgspec.to_builtins(content)
        makers: dict[str, Callable[[Any], Said]] = {
            "location": inbound.location,
            "contacts": inbound.contacts,
            "order": inbound.order,
        }
        self._say(person, sent, makers[sent.type](facts))

    def _say(self, person: Person, message: _Message, said: Said) -> None:
        line = self.line(message.phone_number_id)
        context: _Facts = dict(quoted(line, message.context) or {})
        if message.product is not None:
            context = {"from": line.number.digits, **context, "referred_product": message.product}
        if message.forwarded:
            context["forwarded"] = True
        if message.frequently_forwarded:
            context["frequently_forwarded"] = True
        beside: _Facts = {}
        if message.referral is not None:
            beside["referral"] = message.referral or _AD
        if message.group_id is not None:
            beside["group_id"] = message.group_id
        self._deeds.say(person, line, said.within(context, **beside), at=self._now)

    def _react(self, person: Person, body: bytes) -> None:
        reacted = decode(body, _React)
        wamid = reacted.wamid or self._last(person, from_business=True)
        self._answer(person, reacted, inbound.reaction(wamid, reacted.emoji))

    def _tap(self, person: Person, body: bytes) -> None:
        tapped = decode(body, _Tap)
        for wamid, choice in self._choices(person, tapped.wamid):
            if _is_meant(choice, tapped):
                self._choose(person, tapped, wamid, choice)
                return
        last, replies = person.quick_replies or (None, ())
        reply = next((one for one in replies if tapped.text in (None, one.text)), None)
        if reply is None and tapped.text is None:
            raise ScenarioError("This person has no message with quick replies; say `text` (and `payload`).")
        label = tapped.text or (reply.text if reply else "")
        payload = tapped.payload or (reply.payload if reply else label)
        self._answer(person, tapped, inbound.button(label, payload), answers=tapped.wamid or last)

    def _choose(self, person: Person, tapped: _Tap, wamid: str, choice: Choice) -> None:
        if choice.kind == "quick_reply" and tapped.payload:
            choice = replace(choice, id=tapped.payload)
        said = said_by_tapping(choice, person, at=self._now)
        if said is not None:
            self._answer(person, tapped, said, answers=wamid)
        elif choice.kind == "url":
            self._deeds.click(person, self.line(tapped.phone_number_id), at=self._now)
        else:
            raise ScenarioError("This person has no phone to share.")

    def _choices(self, person: Person, wamid: str | None) -> Iterator[tuple[str, Choice]]:
        """Find what can be tapped, in the last messages first, in the order in which it stands there."""
        for row in self._rows(person, from_business=True):
            if wamid in (None, row["wamid"]):
                shown = msgspec.convert(row["shown"], Shown)
                yield from ((row["wamid"], choice) for choice in choices_of(shown))

    def _click(self, person: Person, body: bytes) -> None:
        clicked = decode(body, _Click)
        self._deeds.click(
            person,
            self.line(clicked.phone_number_id),
            at=self._now,
            component=clicked.component,
            product_id=clicked.product_id,
            sees_page=clicked.sees_page,
        )

    def _fill(self, person: Person, body: bytes) -> None:
        filled = decode(body, _Fill)
        wamid = filled.wamid or self._last(person, from_business=True)
        self._answer(person, filled, inbound.flow_reply(filled.response), answers=wamid)

    def _allow_calls(self, person: Person, body: bytes) -> None:
        allowed = decode(body, _AllowCalls)
        said = inbound.call_permission(accepts=allowed.accepts, until=self._now + CALLS_ALLOWED_S)
        wamid = allowed.wamid or self._last(person, from_business=True)
        self._answer(person, allowed, said, answers=wamid)

    def _share_number(self, person: Person, body: bytes) -> None:
        shared = decode(body, _ShareNumber)
        if person.phone is None:
            raise ScenarioError("This person has no phone to share.")
        wamid = shared.wamid or self._last(person, from_business=True)
        card = {"phones": [{"phone": f"+{person.phone}"}]}
        self._answer(person, shared, inbound.contacts([card], requested=True), answers=wamid)

    def _edit(self, person: Person, body: bytes) -> None:
        edited = decode(body, _Edit)
        wamid = edited.wamid or self._last(person, from_business=False)
        shared = self.line(edited.phone_number_id).number.is_on_biz_app
        self._answer(
            person, edited, inbound.edit(wamid, edited.text) if shared else inbound.unsupported("edit")
        )

    def _revoke(self, person: Person, body: bytes) -> None:
        revoked = decode(body, _Revoke)
        wamid = revoked.wamid or self._last(person, from_business=False)
        shared = self.line(revoked.phone_number_id).number.is_on_biz_app
        self._answer(person, revoked, inbound.revoke(wamid) if shared else inbound.unsupported("revoke"))

    def _change_number(self, person: Person, body: bytes) -> None:
        changed = decode(body, _ChangeNumber)
        phone = read_phone(changed.phone)
        if phone is None or phone.phone is None or not changed.phone.startswith("+"):
            raise ScenarioError("`phone` must be a number with `+` and country code.")
        self._deeds.change_number(person, self.line(changed.phone_number_id), phone.phone, at=self._now)

    def _change_user_id(self, person: Person, body: bytes) -> None:
        changed = decode(body, _ChangeUserId)
        if read_user_id(changed.user_id) is None:
            raise ScenarioError("`user_id` must be two capitals, a dot and up to 128 letters and digits.")
        self._deeds.change_user_id(person, self.line(changed.phone_number_id), changed.user_id, at=self._now)

    def _change_identity(self, person: Person, body: bytes) -> None:
        line = self.line(decode(body, _Act).phone_number_id)
        self._deeds.change_identity(person, line, at=self._now)

    def _prefer(self, person: Person, body: bytes, value: Literal["stop", "resume"]) -> None:
        line = self.line(decode(body, _Act).phone_number_id)
        self._deeds.prefer(person, line, value, at=self._now)

    def _sign_up(self, person: Person, body: bytes) -> None:
        signed = decode(body, _SignUp)
        line = self.line(signed.phone_number_id)
        self._deeds.prefer(person, line, "signup", at=self._now, signup_id=signed.signup_id)

    def _block(self, person: Person, body: bytes) -> None:
        block = decode(body, _Block)
        if block.by == "business":
            self._block_by_business(person, block)
        elif block.blocked:
            self._deeds.block(person, at=self._now)
        else:
            person.blocks_us = False

    def _block_by_business(self, person: Person, block: _Block) -> None:
        every = self._world.lines.values()
        for line in every if block.phone_number_id is None else (self.line(block.phone_number_id),):
            if block.blocked:
                line.particulars.blocked[person.key] = person.address
            else:
                line.particulars.blocked.pop(person.key, None)
        person.blocked_by_us = any(person.key in line.particulars.blocked for line in every)

    def _answer(self, person: Person, act: _Act, said: Said, *, answers: str | None = None) -> None:
        line = self.line(act.phone_number_id)
        self._deeds.say(person, line, said.within(quoted(line, answers)), at=self._now)

    def _last(self, person: Person, *, from_business: bool) -> str:
        for row in self._rows(person, from_business=from_business):
            if row["wamid"]:
                return str(row["wamid"])
        who = "the business" if from_business else "this person"
        raise ScenarioError(f"There is no message of {who} in this chat; say `wamid`.")

    def _rows(self, person: Person, *, from_business: bool) -> Iterator[_Facts]:
        """Read the chat backwards, one side of it."""
        journal = self._world.accepted if from_business else self._world.inbound
        mine = (row for row in reversed(person.chat[-_LOOKS_BACK:]) if (row > 0) is from_business)
        for row in mine:
            yield msgspec.json.decode(journal.row(abs(row)))

    @property
    def _now(self) -> float:
        return self._world.clock.now()

    def line(self, phone_number_id: str | None) -> Line:
        """Find the number an act is about; left out, the first one."""
        lines = self._world.lines
        if phone_number_id is None:
            if not lines:
                raise ScenarioError("The setup has no numbers to write to.")
            return next(iter(lines.values()))
        if phone_number_id not in lines:
            raise ScenarioError(f"The setup has no number with the id {phone_number_id}.")
        return lines[phone_number_id]


def _is_meant(choice: Choice, tapped: _Tap) -> bool:
    if tapped.text is None and tapped.id is None:
        return choice.kind != "url"
    return tapped.text in (None, choice.title) and tapped.id in (None, choice.id)
