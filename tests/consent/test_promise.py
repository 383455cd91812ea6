"""A topic keeps in mind how often its wording said that we write."""

import pytest

from difusio.consent.models import Topic, TopicKind
from difusio.consent.topics import Promise, add_topic, change_topic
from tests.cast import NOON, shop

pytestmark = pytest.mark.django_db


def it_promises_a_frequency_and_takes_it_back() -> None:
    ona = shop()
    made = add_topic(
        ona.workspace.pk,
        name="Notícies",
        kind=TopicKind.MARKETING,
        promise=Promise(1, 30),
        by="user 1",
        at=NOON,
    )
    assert (made.promised_messages, made.promised_days) == (1, 30)

    change_topic(made.pk, name="Notícies", description="", promise=Promise(2, 30), by="user 1", at=NOON)
    assert Topic.objects.get(pk=made.pk).promised_messages == 2

    change_topic(made.pk, name="Notícies", description="", by="user 1", at=NOON)
    assert Topic.objects.get(pk=made.pk).promised_messages is None
