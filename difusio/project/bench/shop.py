"""Made-up people by the hundred thousand: their phones sealed, their consent in the ledger, like any others."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction

from difusio.accounts.models import Workspace
from difusio.common.keyring import keyring
from difusio.common.sql import Queries
from difusio.consent.ledger import NewEntry, append
from difusio.consent.models import Act, Basis, Topic, TopicKind
from difusio.consent.topics import add_topic
from difusio.consent.wordings import ensure_wording
from difusio.contacts.models import Contact
from difusio.message_templates.models import Template
from difusio.numbers.add import NewNumber, add
from difusio.numbers.models import Number
from difusio.outbox.freeze import Audience, freeze
from difusio.outbox.models import Batch, Lane
from difusio.segments.compile import compile_tree
from difusio.segments.tree import parse

_queries = Queries(Path(__file__).with_suffix(".sql"))

APP_SECRET = "the bench's own"  # noqa: S105  # signs what the bench posts to itself
PHONE_NUMBER_ID = "106540352242922"
TOPIC = "offers"
_WABA = "102290129340398"
# Everybody: freezing asks a question as campaigns do.
_EVERYBODY = {"field": "country", "is_empty": False}


@dataclass(frozen=True, slots=True)
class Shop:
    """Whom a bench writes to, and from which number."""

    workspace_id: int
    number_id: int
    topic_id: int
    template_id: int
    at: datetime


def open_shop(*, at: datetime, api_port: int = 9, pace_per_s: int = 1_000) -> Shop:
    """Open a shop without people."""
    workspace = Workspace.objects.create(name="Bench", created_at=at)
    number = add(
        NewNumber(
            waba_id=_WABA,
            phone_number_id=PHONE_NUMBER_ID,
            display_phone="+34 972 00 00 00",
            verified_name="Bench",
            access_token="EAAB" + "x" * 200,
            app_id="1",
            app_secret=APP_SECRET,
            verify_token="word",  # noqa: S106  # a handshake that nobody makes
            api_url=f"http://127.0.0.1:{api_port}",
            pace_per_s=pace_per_s,
            messaging_limit=None,
        ),
        workspace_id=workspace.pk,
        at=at,
    )
    template = Template.objects.create(
        workspace=workspace,
        waba_id=_WABA,
        meta_id="1",
        name="autumn",
        language="ca",
        category="MARKETING",
        status="APPROVED",
        parameter_format="NAMED",
        components=[
            {
                "type": "BODY",
                "text": "Bon dia, {{first_name}}. El teu {{item}} és a punt. Respon BAIXA per no rebre'n més.",
                "example": {
                    "body_text_named_params": [
                        {"param_name": "first_name", "example": "Ona"},
                        {"param_name": "item", "example": "abric"},
                    ]
                },
            }
        ],
        synced_at=at,
    )
    topic = add_topic(workspace.pk, key=TOPIC, name="Ofertes", kind=TopicKind.MARKETING, by="bench", at=at)
    return Shop(workspace.pk, number.pk, topic.pk, template.pk, at)


def of_workspace(workspace_id: int) -> Shop:
    """Find the shop that another process opened."""
    topic = Topic.objects.get(workspace_id=workspace_id)
    return Shop(
        workspace_id=workspace_id,
        number_id=Number.objects.get(workspace_id=workspace_id).pk,
        topic_id=topic.pk,
        template_id=Template.objects.get(workspace_id=workspace_id).pk,
        at=Workspace.objects.get(pk=workspace_id).created_at,
    )


def add_people(shop: Shop, count: int) -> list[int]:
    """Add people with fields and a sealed phone; give their ids."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _queries["add_contacts"], {"workspace": shop.workspace_id, "count": count, "at": shop.at}
        )
        ids = list(
            Contact.objects.filter(workspace_id=shop.workspace_id).order_by("id").values_list("id", flat=True)
        )
        keys = keyring()
        with cursor.copy(_queries["copy_phones"]) as copy:
            for place, contact_id in enumerate(ids):
                phone = phone_of(place)
                country = "ES" if place % 50 else "US"
                copy.write_row(
                    (
                        *(shop.workspace_id, contact_id, "phone", country),
                        keys.seal(phone.encode(), purpose="contacts.identity"),
                        keys.hash(phone, kind="phone"),
                        keys.suppression_hash(phone, kind="phone"),
                        "{}",  # search by last digits is no part of any bench
                    )
                )
    return ids


def phone_of(place: int) -> str:
    """Give the phone of the person at this place."""
    return f"+346{place:08d}"


def add_events(shop: Shop, *, first: int, people: int, events: int) -> None:
    """Add what people did.  first: the lowest of their ids, which follow one another."""
    values: dict[str, int | datetime] = {
        "workspace": shop.workspace_id,
        "first": first,
        "people": people,
        "events": events,
        "at": shop.at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_queries["add_events"], values)


def everybody_agrees(shop: Shop, contacts: list[int]) -> None:
    """Write a grant for each, and tell the planner of all that was added."""
    _append(shop, contacts, Act.GRANTED, days_ago=90)
    tidy()


def most_agree(shop: Shop, contacts: list[int]) -> None:
    """Write a grant for nine of ten, and a withdrawal for one of twenty-five."""
    _append(shop, [one for place, one in enumerate(contacts) if place % 10], Act.GRANTED, days_ago=90)
    _append(shop, contacts[::25], Act.WITHDRAWN, days_ago=30)
    tidy()


def new_batch(shop: Shop) -> int:
    """Make a batch of the shop's template."""
    return Batch.objects.create(
        workspace_id=shop.workspace_id,
        number_id=shop.number_id,
        lane=Lane.BULK,
        topic_id=shop.topic_id,
        template_id=shop.template_id,
        message={
            "values": {
                "first_name": "{{ contact.first_name | default: 'amic' }}",
                "item": "{{ contact.fields.item }}",
            }
        },
        created_at=shop.at,
    ).pk


def everybody(shop: Shop, batch_id: int) -> Audience:
    """Ask for everybody, with every check that a campaign makes."""
    question = compile_tree(parse(_EVERYBODY), workspace_id=shop.workspace_id, at=shop.at)
    return Audience(
        workspace_id=shop.workspace_id,
        number_id=shop.number_id,
        topic_id=shop.topic_id,
        topic_kind=TopicKind.MARKETING,
        members=question.query,
        parameters=question.parameters,
        batches=dict.fromkeys(("ca", "es", "en"), batch_id),
        paused_countries=("US",),
        required_fields=("fields.item",),
    )


def queue_everybody(shop: Shop) -> int:
    """Freeze everybody into a batch; give how many will be written to."""
    with transaction.atomic():
        return freeze(everybody(shop, new_batch(shop)), due_at=shop.at, at=shop.at).queued


def tidy() -> None:
    """Do at once what autovacuum does some minutes after a bulk load."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _append(shop: Shop, contacts: list[int], act: Act, *, days_ago: int) -> None:
    append(_entries(shop, contacts, act, days_ago), workspace_id=shop.workspace_id, at=shop.at)


def _entries(shop: Shop, contacts: list[int], act: Act, days_ago: int) -> Iterator[NewEntry]:
    wording = ensure_wording(shop.workspace_id, language="ca", text="Accepto rebre ofertes per WhatsApp.")
    at = shop.at - timedelta(days=days_ago)
    for contact_id in contacts:
        yield NewEntry(
            contact_id=contact_id,
            topic_id=shop.topic_id,
            act=act,
            basis=Basis.CONSENT,
            wording_id=wording,
            source="bench",
            proof=b"made up",
            actor="bench",
            at=at,
            is_made_up=True,
        )
