"""People: who they are, what is known of them, what they did."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Concat, Lower

from difusio.accounts.models import Workspace


class IdentityKind(models.TextChoices):
    """The ways a person is known; phone and business-scoped id (BSUID) can be written to."""

    PHONE = "phone"
    BSUID = "bsuid"
    EMAIL = "email"
    CUSTOMER = "customer"


# Letters with accents and the letters that people type instead.
ACCENTED, PLAIN = "àáâãäåèéêëìíîïòóôõöùúûüçñ·'", "aaaaaaeeeeiiiiooooouuuucn  "
FOLDED_NAME = Func(
    Lower(Concat(F("first_name"), Value(" "), F("last_name"))),
    Value(ACCENTED),
    Value(PLAIN),
    function="translate",
)
NAME_WORDS = SearchVector(FOLDED_NAME, config="simple")


class Contact(models.Model):
    """A person.  Names and fields are plain, because segments ask them (design, invariant 11)."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="contacts", db_index=False)
    first_name = models.CharField(max_length=120, blank=True, default="")
    last_name = models.CharField(max_length=120, blank=True, default="")
    language = models.CharField(max_length=16, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="")
    fields = models.JSONField(default=dict, blank=True)
    is_made_up = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "id"], name="contacts_of_workspace"),
            # The list of contacts, newest first, of one language.
            models.Index(fields=["workspace", "language", "id"], name="contacts_of_language"),
            # Search by the beginnings of names, in any order, accents or not; ``search.sql`` says it alike.
            GinIndex(NAME_WORDS, name="contacts_by_name"),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"


class Identity(models.Model):
    """One way a person is known.  The value is sealed (purpose ``contacts.identity``) and found by keyed hash.

    value_hash: ``Keyring.hash(value, kind=kind)``; suppression_hash: ``Keyring.suppression_hash``; tail_hashes:
    ``Keyring.tails(digits)`` for phones, empty otherwise.  Values are normal forms: E.164 with plus, the BSUID as
    Meta writes it, e-mail in lower case, a customer number as the shop writes it.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="identities", db_index=False, db_constraint=False
    )
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="identities", db_index=False)
    kind = models.CharField(max_length=16, choices=IdentityKind)
    # ISO country of a phone number or BSUID: what prices and national rules go by; empty for other kinds.
    country = models.CharField(max_length=2, blank=True, default="")
    value_sealed = models.BinaryField()
    value_hash = models.BinaryField()
    suppression_hash = models.BinaryField()
    tail_hashes = ArrayField(models.BinaryField(), default=list, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "value_hash"], name="contacts_identity_once"),
            models.CheckConstraint(condition=Q(kind__in=IdentityKind.values), name="contacts_identity_kind"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["contact", "kind"], name="contacts_identity_of_contact"),
            GinIndex(fields=["tail_hashes"], name="contacts_identity_tails"),
            models.Index(fields=["suppression_hash"], name="contacts_identity_suppressed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} identity {self.pk}"


class Event(models.Model):
    """Something a contact did elsewhere.  ``source_key`` makes a second import of the same event harmless."""

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="events", db_index=False, db_constraint=False
    )
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="events", db_index=False)
    name = models.CharField(max_length=64)
    at = models.DateTimeField()
    properties = models.JSONField(default=dict, blank=True)
    source_key = models.CharField(max_length=128)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name", "source_key"], name="contacts_event_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "name", "at", "contact"], name="contacts_event_by_time"),
            models.Index(fields=["contact", "at"], name="contacts_event_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"
