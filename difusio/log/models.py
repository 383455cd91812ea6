"""What the table adapter of the log stores; it is written and read through `posts.sql`, never through the ORM."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Post(models.Model):
    """One POST of Meta's whose signature was right, until it is folded in and later forgotten.

    lane: see `port.Lane`.  sealed_body: the raw bytes, sealed (purpose ``log.body``).  quarantined_reason: why a person
    has to look at it; empty while the drain may take it.
    """

    lane = models.SmallIntegerField()
    received_at = models.DateTimeField()
    sealed_body = models.BinaryField()
    folded_at = models.DateTimeField(null=True, blank=True)
    tries = models.SmallIntegerField(default=0, db_default=0)
    quarantined_reason = models.TextField(blank=True, default="", db_default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(lane__in=[0, 1]), name="log_post_lane"),
        ]
        indexes: ClassVar = [
            # Serves take_posts and oldest_unread: as small as what is unread, however much is kept.
            models.Index(
                fields=["lane", "id"],
                name="log_post_unread",
                condition=Q(folded_at__isnull=True, quarantined_reason=""),
            ),
            # Serves forget_posts.
            models.Index(
                fields=["folded_at", "id"], name="log_post_folded", condition=Q(folded_at__isnull=False)
            ),
            # Serves the page that lists what was set aside.
            models.Index(fields=["id"], name="log_post_set_aside", condition=~Q(quarantined_reason="")),
        ]

    def __str__(self) -> str:
        return f"post {self.pk}"
