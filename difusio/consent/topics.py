"""Make a topic that people can agree to, and change what it is called."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from difusio.accounts.audit import record
from difusio.common.sentences import SentenceError
from difusio.consent.models import Topic, TopicKind

_MAX_KEY = 64


class TopicError(SentenceError):
    """The topic cannot be made or changed."""


class TopicNamelessError(TopicError):
    """A topic needs a name that people understand, as Offers: write one with letters."""


class TopicKnownError(TopicError):
    """There is a topic of that name already: choose another name, or change that one."""


@dataclass(frozen=True, slots=True)
class Promise:
    """At most so many messages about a topic in so many days."""

    messages: int
    days: int


def add_topic(
    workspace_id: int,
    *,
    name: str,
    kind: TopicKind,
    by: str,
    at: datetime,
    key: str = "",
    description: str = "",
    promise: Promise | None = None,
) -> Topic:
    """Make a topic.  key: how files and commands call it; made from the name when empty.

    promise: how often at most its wording says that we write.  Raises TopicNamelessError, TopicKnownError.
    """
    name = " ".join(name.split())
    key = key or slugify(name)[:_MAX_KEY]
    if not key:
        raise TopicNamelessError(TopicNamelessError.__doc__)
    try:
        with transaction.atomic():
            topic = Topic.objects.create(
                workspace_id=workspace_id,
                key=key,
                name=name,
                kind=kind,
                description=description.strip(),
                promised_messages=promise.messages if promise else None,
                promised_days=promise.days if promise else None,
            )
            record(
                workspace_id=workspace_id,
                actor=by,
                act="topic.added",
                details={"topic": topic.pk, "key": key, "kind": str(kind)},
                at=at,
            )
    except IntegrityError:
        raise TopicKnownError(TopicKnownError.__doc__) from None
    return topic


def change_topic(
    topic_id: int, *, name: str, description: str, by: str, at: datetime, promise: Promise | None = None
) -> None:
    """Call a topic otherwise, or promise another frequency; key and kind stay, because people agreed to what it is.

    Raises TopicNamelessError.
    """
    name = " ".join(name.split())
    if not name:
        raise TopicNamelessError(TopicNamelessError.__doc__)
    with transaction.atomic():
        topic = Topic.objects.select_for_update(no_key=True).get(pk=topic_id)
        messages, days = (promise.messages, promise.days) if promise else (None, None)
        told = (name, description.strip(), messages, days)
        if (topic.name, topic.description, topic.promised_messages, topic.promised_days) == told:
            return
        topic.name, topic.description, topic.promised_messages, topic.promised_days = told
        topic.save(update_fields=["name", "description", "promised_messages", "promised_days"])
        record(
            workspace_id=topic.workspace_id,
            actor=by,
            act="topic.changed",
            details={"topic": topic_id, "name": name, "promised_messages": messages, "promised_days": days},
            at=at,
        )
