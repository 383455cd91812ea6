"""Conversations: people who wait, one whose window closes soon, one who was answered, one whose window is closed."""

from datetime import timedelta
from itertools import count
from typing import Final
from uuid import uuid4
from zlib import crc32

import msgspec

from difusio.accounts.rights import Right
from difusio.campaigns.models import Campaign
from difusio.cloud_api.news import InboundMessage
from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.contacts.models import Contact
from difusio.inbox.models import Conversation
from difusio.inbox.receive import Arrived, receive
from difusio.inbox.waiting import settle
from difusio.numbers.models import Number
from difusio.outbox.claim import CONTENT
from difusio.outbox.models import Attempt, Batch, Delivery, State
from difusio.outbox.reply import reply
from tests.console import cast
from tests.console.tour.shop import Route, Screen, Shop

ROUTES = [
    Route("conversations", Right.SEE_TALKS, outsider=("200", "405")),
    Route("conversation", Right.SEE_TALKS),
    Route("conversation_answer", Right.ANSWER, get="302 /conversations/", post="200"),
    Route("conversation_done", Right.ANSWER, get="405", post="302 /conversations/"),
]
SCREENS = [
    Screen("conversations", "/conversations/", 6, is_telling_when_empty=True),
    Screen("conversations-all", "/conversations/?show=all", 6, is_telling_when_empty=True),
    Screen("conversations-sought", "/conversations/?q=gua", 7),
    Screen("conversations-nobody", "/conversations/?q=zzz", 5),
    Screen("conversation", "/conversations/{talk_id}/", 12),
    Screen("conversation-closed", "/conversations/{closed_id}/", 11),
]
LONG: Final = "Maria de la Immaculada Concepció Guanyabens-Vilallonga i Puigdevall de Montfalcó"
HOSTILE: Final = "<script>alert(1)</script>"

_serial = count(1)


def furnish(shop: Shop) -> None:
    """Let people write, and answer some."""
    number = cast.make_number(shop.workspace)
    asha = write(
        number, "Asha", "Hola! Encara us queden panellets de *pinyons* per a dissabte?", minutes_ago=200
    )
    _send_offer(shop, asha)
    write(number, "Asha", "En voldria una capsa de 750 g, si pot ser sense gluten.", minutes_ago=198)
    write(number, "", "", kind="image", phone="+34600000077", minutes_ago=1_395)
    write(
        number,
        LONG,
        "Bon dia,\n\n" + "us volia demanar si podríeu portar l'encàrrec a casa. " * 4,
        minutes_ago=95,
    )
    write(number, HOSTILE, f"{HOSTILE} {{{{ contact.first_name }}}}", minutes_ago=12)
    chen = write(number, "Chen", "Gràcies, molt bons!", minutes_ago=300)
    reply(
        chen,
        workspace_id=shop.workspace.pk,
        number_id=number.pk,
        text="A tu, Chen. Fins aviat!",
        window_closes_at=now() + timedelta(hours=19),
        at=now() - timedelta(hours=4),
    )
    settle(Conversation.objects.get(contact=chen).pk, up_to=2**40)
    bilal = write(number, "Bilal", "A quina hora tanqueu?", minutes_ago=60 * 50)
    shop.ids |= {"talk_id": asha, "closed_id": bilal}
    shop.ids.setdefault("contact_id", asha)


def write(
    number: Number, name: str, text: str, *, minutes_ago: int, kind: str = "text", phone: str = ""
) -> int:
    """Let somebody write; who has written before is known by their name.  Give the contact."""
    at = now() - timedelta(minutes=minutes_ago)
    told = InboundMessage(
        phone_number_id=number.phone_number_id,
        waba_id=number.waba_id,
        wamid=f"wamid.tour{next(_serial)}",
        from_phone=phone or f"+346{crc32(name.encode()) % 10**8:08d}",
        from_user_id=None,
        profile_name=name,
        at=at,
        kind=kind,
        text=text,
    )
    return receive([Arrived(told, number, at)])[0].contact_id


def _send_offer(shop: Shop, contact_id: int) -> None:
    """Let them have got a campaign's message the day before."""
    batch: Batch = cast.batch_of(Campaign.objects.get(pk=shop.ids["completed_id"]))
    Contact.objects.filter(pk=contact_id).update(language="ca")
    delivery = Delivery.objects.create(
        workspace=shop.workspace,
        batch=batch,
        number=batch.number,
        contact_id=contact_id,
        state=State.READ,
        window_closes_at=now(),
        due_at=now(),
        accepted_at=now() - timedelta(days=1),
        created_at=now() - timedelta(days=1),
    )
    sent = msgspec.json.encode({"values": {"first_name": "Asha", "grams": "750"}})
    Attempt.objects.create(
        delivery=delivery,
        number=batch.number,
        token=uuid4(),
        epoch=1,
        intended_at=now() - timedelta(days=1),
        content_sealed=keyring().seal(sent, purpose=CONTENT),
    )
