"""What people wrote to us."""

from typing import ClassVar

from django.db import models

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
