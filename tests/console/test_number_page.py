"""What a number's page says of how it stands."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from difusio.accounts.models import Workspace
from difusio.outbox.models import Lease
from tests.console import cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("unreachable", "Meta cannot be reached."),
        ("no_answer", "Meta does not answer."),
        ("server_errors", "Meta answers with faults of its own."),
        ("", None),
    ],
)
@pytest.mark.usefixtures("dana")
def it_says_why_its_sender_holds_it_back(
    client: Client, workspace: Workspace, why: str, said: str | None
) -> None:
    number = cast.make_number(workspace)
    Lease.objects.create(
        number=number, owner="sender", epoch=1, expires_at=datetime.now(UTC), held_back_for=why
    )

    page = client.get(f"/settings/numbers/{number.pk}/").content.decode()

    assert ("Nothing leaves until" in page) is bool(said)
    assert (said or "") in page
