"""What people wrote to us, and who of them waits for an answer."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from difusio.accounts.models import Workspace
from difusio.contacts.models import Contact
from difusio.numbers.models import Number
from difusio.outbox.models import Delivery


class Message(models.Model):
    """One message that a person wrote.  The text is sealed (purpose ``inbox.text``), found by no one but its readers.

    wamid_hash: kind ``wamid``; unique, so that Meta's repetitions change nothing.  answers: the delivery that the
    person replied to, as far as we can tell.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="inbox_messages")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="inbox_messages")
    number = models.ForeignKey(Number, models.PROTECT, related_name="inbox_messages")
    wamid_hash = models.BinaryField(unique=True)
    wamid_sealed = models.BinaryField()
    kind = models.CharField(max_length=32)
    text_sealed = models.BinaryField()
    is_leaving = models.BooleanField(default=False)
    answers = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="replies")
    at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-id"], name="inbox_newest"),
            models.Index(fields=["contact", "-id"], name="inbox_of_contact"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"


class Conversation(models.Model):
    """What one contact and the business wrote to each other, as far as somebody may have to answer.

    number: the one they last wrote to; the answer leaves from there.  waiting_since: when they wrote what nobody has
    answered yet, empty when nobody waits.  answered_once: the form that was answered last, so that sending it twice
    answers once.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="conversations", db_index=False, db_constraint=False
    )
    contact = models.OneToOneField(Contact, models.CASCADE, related_name="conversation")
    number = models.ForeignKey(Number, models.PROTECT, related_name="conversations", db_index=False)
    last_wrote_at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True, blank=True)
    answered_once = models.UUIDField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            # Who waits, the longest first, and how many they are.
            models.Index(
                fields=["workspace", "waiting_since", "id"],
                name="inbox_waiting",
                condition=Q(waiting_since__isnull=False),
            ),
            models.Index(fields=["workspace", "-last_wrote_at", "-id"], name="inbox_last_wrote"),
        ]

    def __str__(self) -> str:
        return f"conversation {self.pk}"
