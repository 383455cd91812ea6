"""Who has a place in several workspaces works in one at a time."""

import pytest
from django.test import Client

from difusio.accounts.models import Membership, Role, User, Workspace
from tests.console import cast


@pytest.fixture
def other(dana: User) -> Workspace:
    other = cast.make_workspace("Sucursal")
    Membership.objects.create(workspace=other, user=dana, role=Role.PRIVACY)
    return other


def it_works_in_one_workspace_at_a_time(client: Client, workspace: Workspace, other: Workspace) -> None:
    cast.make_campaign(workspace, "Ours")
    cast.make_campaign(other, "The other's")
    assert "Ours" in client.get("/campaigns/").content.decode()

    assert client.post(f"/workspaces/{other.pk}/")["Location"] == "/"

    page = client.get("/campaigns/").content.decode()
    assert "The other's" not in page
    assert "The other&#x27;s" in page
    assert "Ours" not in page


def it_has_the_role_of_the_workspace_one_works_in(
    client: Client, workspace: Workspace, other: Workspace
) -> None:
    campaign = cast.make_campaign(other)
    client.post(f"/workspaces/{other.pk}/")

    assert client.post(f"/campaigns/{campaign.pk}/pause/").status_code == 404


def it_forgets_a_place_that_was_taken_away(client: Client, workspace: Workspace, other: Workspace) -> None:
    cast.make_campaign(workspace, "Ours")
    client.post(f"/workspaces/{other.pk}/")
    Membership.objects.filter(workspace=other).delete()

    assert "Ours" in client.get("/campaigns/").content.decode()


def it_says_how_to_get_a_place_to_who_has_none(db: None) -> None:
    nora = User.objects.create_user("nora@nowhere.example", cast.PASSWORD)
    client = Client()
    client.force_login(nora)

    answer = client.get("/")

    assert answer.status_code == 403
    assert "Ask the owner of the workspace to invite you." in answer.content.decode()
    assert client.get("/campaigns/").status_code == 404
