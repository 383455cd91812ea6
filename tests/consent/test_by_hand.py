"""What a member writes down: a topic, a consent, a leaving from one topic; each leaves its trace."""

from datetime import timedelta

import pytest

from difusio.accounts.models import AuditEntry
from difusio.consent.answers import answers
from difusio.consent.grant import NotYetGivenError, UnprovenError, grant
from difusio.consent.leave import leave
from difusio.consent.models import Entry, Suppression, Topic, TopicKind
from difusio.consent.topics import TopicKnownError, TopicNamelessError, add_topic, change_topic
from tests import cast
from tests.cast import NOON, Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def ona() -> Shop:
    return cast.shop()


def _grant(ona: Shop, contact_id: int, **facts: object) -> int:
    given = {
        "workspace_id": ona.workspace.pk,
        "topic_id": ona.offers.pk,
        "wording": "Vull rebre ofertes.",
        "language": "ca",
        "source": "full del taulell",
        "proof": "carpeta 3, full 12",
        "given_at": NOON - timedelta(days=1),
        "by": "user 7",
        "at": NOON,
    }
    return grant(contact_id, **{**given, **facts})  # type: ignore[arg-type]  # values of several types


def _why(ona: Shop, contact_id: int) -> dict[str, str]:
    return {
        one.topic_name: one.refusal for one in answers(contact_id, workspace_id=ona.workspace.pk, at=NOON)
    }


def it_answers_for_each_topic_why_or_why_not(ona: Shop) -> None:
    asha = cast.person(ona, "Asha")
    assert _why(ona, asha.pk) == {"Avisos": "no_consent", "Ofertes": "no_consent"}

    _grant(ona, asha.pk)

    assert _why(ona, asha.pk) == {"Avisos": "no_consent", "Ofertes": ""}
    (offers,) = [one for one in answers(asha.pk, workspace_id=ona.workspace.pk, at=NOON) if one.act]
    assert (offers.source, offers.actor, offers.wording) == (
        "full del taulell",
        "user 7",
        "Vull rebre ofertes.",
    )
    assert AuditEntry.objects.get().act == "consent.granted"


def it_answers_as_the_outbox_does_for_who_left_or_is_forgotten(ona: Shop) -> None:
    old = cast.person(ona, "Chen")
    _grant(ona, old.pk, given_at=NOON - timedelta(days=800))
    left = cast.agreed(ona, "Bilal")
    leave(left.pk, workspace_id=ona.workspace.pk, source="s", proof=b"", actor="a", at=NOON, recorded_at=NOON)
    _grant(ona, left.pk, given_at=NOON, at=NOON + timedelta(seconds=1))

    assert _why(ona, old.pk)["Ofertes"] == "expired"
    assert _why(ona, left.pk)["Ofertes"] == "withdrawn"


@pytest.mark.parametrize("missing", ["wording", "source", "proof"])
def it_writes_no_consent_without_its_proof(ona: Shop, missing: str) -> None:
    asha = cast.person(ona, "Asha")

    with pytest.raises(UnprovenError):
        _grant(ona, asha.pk, **{missing: "  "})
    with pytest.raises(NotYetGivenError):
        _grant(ona, asha.pk, given_at=NOON + timedelta(days=1))
    assert not Entry.objects.exists()


def it_leaves_one_topic_and_suppresses_nobody(ona: Shop) -> None:
    asha = cast.agreed(ona)
    _grant(ona, asha.pk, topic_id=ona.alerts.pk)

    left = leave(
        asha.pk,
        workspace_id=ona.workspace.pk,
        source="shop",
        proof=b"said so",
        actor="user 7",
        at=NOON,
        recorded_at=NOON,
        topic_id=ona.alerts.pk,
    )

    assert left.topic_ids == (ona.alerts.pk,)
    assert _why(ona, asha.pk) == {"Avisos": "withdrawn", "Ofertes": ""}
    assert not Suppression.objects.exists()


def it_makes_and_renames_topics(ona: Shop) -> None:
    workspace = ona.workspace.pk
    topic = add_topic(workspace, name=" Fira de  Nadal ", kind=TopicKind.MARKETING, by="user 7", at=NOON)
    assert (topic.key, topic.name) == ("fira-de-nadal", "Fira de Nadal")

    change_topic(topic.pk, name="Fira", description="Un cop l'any", by="user 7", at=NOON)
    change_topic(topic.pk, name="Fira", description="Un cop l'any", by="user 7", at=NOON)

    assert Topic.objects.values_list("key", "name", "description").get(pk=topic.pk) == (
        "fira-de-nadal",
        "Fira",
        "Un cop l'any",
    )
    assert list(AuditEntry.objects.order_by("seq").values_list("act", flat=True)) == [
        "topic.added",
        "topic.changed",
    ]
    with pytest.raises(TopicKnownError):
        add_topic(workspace, name="Fira de Nadal", kind=TopicKind.SERVICE, by="user 7", at=NOON)
    with pytest.raises(TopicNamelessError):
        add_topic(workspace, name="···", kind=TopicKind.SERVICE, by="user 7", at=NOON)
    with pytest.raises(TopicNamelessError):
        change_topic(topic.pk, name=" ", description="", by="user 7", at=NOON)
