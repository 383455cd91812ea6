"""What the table adapter of the log stores; it is written and read through `posts.sql`, never through the ORM."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q


class Post(models.Model):
    """One POST of Meta's whose signature was right, until it is folded in and later forgotten.

    lane: see `port.Lane`.  sealed_body: the raw bytes, sealed (purpose ``log.body``).  quarantined_reason: why a person
    has to look at it; empty while the drain may take it.  named: Meta's ids of the numbers and accounts that it speaks
    of, as far as they could be read; noted only when it is set aside, so that their people see it.
    """

    lane = models.SmallIntegerField()
    received_at = models.DateTimeField()
    sealed_body = models.BinaryField()
    folded_at = models.DateTimeField(null=True, blank=True)
    tries = models.SmallIntegerField(default=0, db_default=0)
    quarantined_reason = models.TextField(blank=True, default="", db_default="")
    named = ArrayField(models.TextField(), default=list, blank=True, db_default=[])

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(lane__in=[0, 1]), name="log_post_lane"),
        ]
        indexes: ClassVar = [
            # They serve take_posts and oldest_unread: as small as what is unread, however much is kept.  One for each
            # lane, and of one column: of an index of two the planner doubts that its order is the table's.
            models.Index(
                fields=["id"],
                name="log_post_unread_inbound",
                condition=Q(lane=0, folded_at__isnull=True, quarantined_reason=""),
            ),
            models.Index(
                fields=["id"],
                name="log_post_unread_statuses",
                condition=Q(lane=1, folded_at__isnull=True, quarantined_reason=""),
            ),
            # Serves forget_posts; settling a post need not touch it.
            BrinIndex(fields=["received_at"], name="log_post_by_time"),
            # Serves the page that lists what was set aside.
            models.Index(fields=["id"], name="log_post_set_aside", condition=~Q(quarantined_reason="")),
        ]

    def __str__(self) -> str:
        return f"post {self.pk}"
