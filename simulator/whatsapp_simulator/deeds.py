"""What people do to a number: they send, tap, click, leave and change their number; each deed is told and kept."""

import base64
import time
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from whatsapp_simulator import inbound, payloads
from whatsapp_simulator.business_app import echo_of
from whatsapp_simulator.inbound import MediaKind, Said
from whatsapp_simulator.people import FreeEntry, Person
from whatsapp_simulator.pricing import price_of
from whatsapp_simulator.samples import sample
from whatsapp_simulator.templates import QuickReply
from whatsapp_simulator.webhooks import (
    MESSAGES,
    PREFERENCES,
    STANDBY_ECHOES,
    STANDBY_MESSAGES,
    STANDBY_STATUSES,
    SYSTEM_MESSAGES,
    USER_ACTIONS,
    Kind,
)
from whatsapp_simulator.words import label_means_leaving, means_leaving
from whatsapp_simulator.world import Line, World

WINDOW_S = 86_400.0
_AGENT_ANSWERS_AFTER_S = 3.0
_AGENT_SAYS = "Thanks for your message. How can I help?"
MIME_TYPES: dict[MediaKind, str] = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/ogg; codecs=opus",
    "document": "application/pdf",
    "sticker": "image/webp",
}

Preference = Literal["stop", "resume", "signup"]
ActionType = Literal["marketing_messages_link_click", "landing_page_view"]


class Deeds:
    """The deeds of all people in one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def say(self, person: Person, line: Line, said: Said, *, at: float) -> str:
        """Let a person send a message; answers its wamid.  It opens the customer service window.

        A word for leaving, or a button that says so, counts as leaving.  Of somebody on the number's block list
        the message stands in their chat, and that is all.
        """
        if _is_blocked(person, line):
            return self._send(MESSAGES, person, line, said, at=at)
        if said.kind == "text" and means_leaving(said.text):
            self.leave(person, "word")
        elif said.kind in ("button", "button_reply") and label_means_leaving(said.text):
            self.leave(person, "button")
        if said.kind == "button" and said.context:
            self._count_tap(person, said, at)
        if person.windows is None:
            person.windows = {}
        person.windows[line.number.phone_number_id] = at + WINDOW_S
        if "referral" in said.beside:
            person.free_entries = {**(person.free_entries or {}), line.number.phone_number_id: FreeEntry(at)}
        line.count_inbound(time.monotonic())
        self._world.counts.second(self._world.real_time()).inbound += 1
        is_with_agent = (
            line.number.has_business_agent and line.number.phone_number_id not in person.taken_over
        )
        if is_with_agent:
            self._world.schedule.at(at + _AGENT_ANSWERS_AFTER_S, self._let_agent_answer, (person, line))
        return self._send(STANDBY_MESSAGES if is_with_agent else MESSAGES, person, line, said, at=at)

    def write(self, person: Person, line: Line, text: str, *, at: float, context: str | None = None) -> str:
        """Let a person write a text; context: the wamid they answer."""
        return self.say(person, line, inbound.text(text).within(quoted(line, context)), at=at)

    def tap(self, person: Person, line: Line, reply: QuickReply, *, at: float, context: str | None) -> str:
        """Let a person tap a quick reply of a template."""
        said = inbound.button(reply.text, reply.payload).within(quoted(line, context))
        return self.say(person, line, said, at=at)

    def prefer(
        self, person: Person, line: Line, value: Preference, *, at: float, signup_id: str | None = None
    ) -> None:
        """Let a person use WhatsApp's own switch for marketing messages, or a sign-up link."""
        person.stopped_natively = value == "stop"
        if value == "stop":
            self.leave(person, "native")
        else:
            person.has_left = person.confirmed = False
        written = payloads.preference(
            person,
            value=value,
            at=at,
            signup_id=signup_id,
            with_user_id=not self._world.setup.has_old_webhooks,
        )
        self._tell(PREFERENCES, person, line, written, at=at, word=value)

    def click(
        self,
        person: Person,
        line: Line,
        *,
        at: float,
        component: str = "cta",
        product_id: str = "",
        sees_page: bool = True,
    ) -> None:
        """Let a person open the link of a marketing message and see its page: two actions with one click id.

        Source: DOC/marketing-messages/features (user_actions, read September 2026).
        """
        nonce = self._world.nonce()
        ids = {"click_id": f"click-{nonce}", "tracking_token": base64.b64encode(nonce.encode()).decode()}
        click = {"click_component": component, **({"product_id": product_id} if product_id else {})}
        self._act(person, line, "marketing_messages_link_click", {**click, **ids}, at=at)
        if sees_page:
            self._act(person, line, "landing_page_view", ids, at=at)

    def change_number(self, person: Person, line: Line, phone: str, *, at: float) -> None:
        """Let a person move to another number, and with it to another user id; phone: digits.

        Raises ScenarioError if somebody has the number.  At the old addresses nobody is found any more.  Of
        somebody whose number is not known only the user id is told.
        """
        people = self._world.population
        user_id = people.new_user_id(phone)
        people.check_free(phone, user_id)
        if person.phone_known and person.phone:
            said = inbound.changed_number(person, phone=phone, user_id=user_id)
        else:
            said = inbound.changed_user_id(person, user_id=user_id)
        self._send(SYSTEM_MESSAGES, person, line, said, at=at)
        people.move(person, phone=phone, user_id=user_id)

    def change_user_id(self, person: Person, line: Line, user_id: str, *, at: float) -> None:
        """Let a person get another user id; raises ScenarioError if somebody has it."""
        said = inbound.changed_user_id(person, user_id=user_id)
        self._world.population.check_free(None, user_id)
        self._send(SYSTEM_MESSAGES, person, line, said, at=at)
        self._world.population.move(person, phone=person.phone, user_id=user_id)

    def change_identity(self, person: Person, line: Line, *, at: float) -> None:
        """Let a person have new keys, as after a new phone."""
        person.devices += 1
        said = inbound.changed_identity(at=at, identity_hash=person.identity_key_hash)
        self._send(MESSAGES, person, line, said, at=at)

    def attach(self, kind: MediaKind, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Give a file an id, an address and what else webhooks say of it; facts: what is known already."""
        media, media_id = self._world.media, facts.get("id")
        file = media.find(media_id) if media_id else None
        if file is None:
            mime_type = facts.get("mime_type", MIME_TYPES[kind])
            file = media.store(sample(mime_type) or mime_type.encode(), mime_type, media_id=media_id)
        told = {
            "mime_type": file.mime_type,
            "sha256": base64.b64encode(bytes.fromhex(file.sha256)).decode(),
            "id": file.id,
            **facts,
        }
        return {**told, "url": media.url(file, base=self._world.base_url)}

    def block(self, person: Person, *, at: float) -> None:
        """Let a person block the business; the template they got last is blamed for it."""
        if person.blocks_us:
            return
        person.blocks_us = True
        blamed = self._world.template_sent_to(person)
        if blamed is not None:
            self._world.lifecycle.blocked(blamed.template_id, at)

    def leave(self, person: Person, way: str) -> None:
        """Take note that somebody wants no more, once; way: word, native or button."""
        if not person.has_left:
            person.has_left = True
            self._world.counts.stops[way] += 1

    def _let_agent_answer(self, due: float, thread: tuple[Person, Line]) -> None:
        """Let Meta's agent answer, and tell the business that holds no thread what it said."""
        person, line = thread
        world = self._world
        echo = echo_of(world, line, person, _AGENT_SAYS, at=due)
        status = {"id": echo["id"], "status": "delivered", "timestamp": str(int(due))}
        if person.phone_known and person.phone:
            status["recipient_id"] = person.phone
        price = price_of(world, line, person, "service", due)
        for kind, told in ((STANDBY_ECHOES, echo), (STANDBY_STATUSES, {**status, "pricing": price})):
            world.outbox.send(kind, line.number, person, msgspec.Raw(msgspec.json.encode(told)))

    def _count_tap(self, person: Person, said: Said, at: float) -> None:
        tapped = self._world.template_sent_to(person, wamid=(said.context or {}).get("id"))
        if tapped is not None:
            self._world.tallies.clicked(tapped.template_id, at, kind="quick_reply_button", label=said.text)

    def _send(self, kind: Kind, person: Person, line: Line, said: Said, *, at: float) -> str:
        wamid = payloads.inbound_id(person.wa_digits, self._world.nonce())
        with_user_id = kind.user_ids and not self._world.setup.has_old_webhooks
        written = inbound.write_out(person, said, wamid=wamid, at=at, with_user_id=with_user_id)
        self._tell(kind, person, line, written, at=at, word=said.kind, said=said, wamid=wamid)
        return wamid

    def _act(
        self, person: Person, line: Line, action: ActionType, click: Mapping[str, str], *, at: float
    ) -> None:
        written = {
            "action_type": action,
            "timestamp": str(int(at)),
            "marketing_messages_link_click_data": click,
        }
        self._tell(USER_ACTIONS, person, line, written, at=at, word=action)

    def _tell(
        self,
        kind: Kind,
        person: Person,
        line: Line,
        written: Mapping[str, Any],
        *,
        at: float,
        word: str,
        said: Said | None = None,
        wamid: str | None = None,
    ) -> None:
        world = self._world
        world.counts.inbound += 1
        message = msgspec.Raw(msgspec.json.encode(written))
        row = {
            "seq": len(world.inbound) + 1,
            "at": at,
            "real_at": world.real_time(),
            "wamid": wamid,
            "phone_number_id": line.number.phone_number_id,
            "address": person.address,
            "person": person.key,
            "kind": word,
            "text": said.text if said else "",
            "payload": said.payload if said else None,
            "message": message,
        }
        person.chat.append(-world.inbound.append(msgspec.json.encode(row)))
        person.last_at = at
        if not _is_blocked(person, line):
            world.outbox.send(kind, line.number, person, message)


def _is_blocked(person: Person, line: Line) -> bool:
    return person.blocked_by_us and person.key in line.particulars.blocked


def quoted(line: Line, wamid: str | None) -> dict[str, str] | None:
    """Write the context of an answer; wamid: the message that is answered."""
    return None if wamid is None else {"from": line.number.digits, "id": wamid}
