"""Who works here: workspaces, their members, and the audit log of what members did."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models


class Installation(models.Model):
    """This store's one row: which keys its sealed values belong to, and where it may send from (``hold``)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    key_fingerprint = models.CharField(max_length=32)
    # The newest key that this store has seen: a key file without it cannot open everything.
    newest_key = models.BigIntegerField(default=1)
    # Where the store stood when a person let it send, or it was made; and where it was set back after a restore.
    released_place = models.CharField(max_length=64)
    set_back_place = models.CharField(max_length=64, blank=True, default="")
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="accounts_installation_one"),
        ]

    def __str__(self) -> str:
        return "installation"


class UserManager(BaseUserManager["User"]):
    """Makes users, who sign in with their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Store a user; without a password nobody can sign in as them until one is set."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Store a user who may use Django's admin."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})


class User(AbstractUser):
    """Somebody who signs in."""

    username = None  # type: ignore[assignment]  # people sign in by e-mail; Django's stubs expect a field
    email = models.EmailField("e-mail", unique=True)
    language = models.CharField(max_length=8, blank=True, default="")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]  # the base names the username manager

    def __str__(self) -> str:
        return f"user {self.pk}"


class Workspace(models.Model):
    """One business: its numbers, people, rules and members."""

    name = models.CharField(max_length=120)
    language = models.CharField(max_length=8, default="ca")
    time_zone = models.CharField(max_length=64, default="Europe/Madrid")
    country = models.CharField(max_length=2, default="ES")
    is_demo = models.BooleanField(default=False)
    requires_second_factor = models.BooleanField(default=False)
    # The bounds of marketing, see ``restrain``; empty: none.  A new business begins with the usual ones.
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    cap_messages = models.PositiveSmallIntegerField(null=True, blank=True)
    cap_days = models.PositiveSmallIntegerField(default=7)
    tries_again = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | (
                    models.Q(quiet_from__isnull=False, quiet_until__isnull=False)
                    & ~models.Q(quiet_from=models.F("quiet_until"))
                ),
                name="accounts_workspace_quiet_hours",
            ),
            models.CheckConstraint(
                condition=models.Q(cap_days__gte=1)
                & (models.Q(cap_messages=None) | models.Q(cap_messages__gte=1)),
                name="accounts_workspace_cap",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do."""

    OWNER = "owner"
    MARKETER = "marketer"
    DESK = "desk"
    PRIVACY = "privacy"


class Membership(models.Model):
    """A user's place in a workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "user"], name="accounts_membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="accounts_membership_role"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id} in {self.workspace_id}"


class Invitation(models.Model):
    """An offer to join a workspace.  token_hash: SHA-256 of what the link carries; the link itself is kept nowhere.

    It holds until it is accepted, withdrawn or too old.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role)
    token_hash = models.BinaryField(unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="accounts_invitation_role"),
            models.UniqueConstraint(
                # Whoever is invited anew has one link that holds, not two.
                fields=["workspace", "email"],
                name="accounts_invitation_once",
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class AuditEntry(models.Model):
    """One thing a member did; append-only and hash-chained per workspace (design, invariant 9)."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="audit_entries")
    seq = models.BigIntegerField()
    actor = models.CharField(max_length=120)
    act = models.CharField(max_length=64)
    details = models.JSONField(default=dict)
    at = models.DateTimeField()
    previous_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "seq"], name="accounts_audit_chain"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.seq}"
