from datetime import UTC, datetime

import pytest
from django.utils.translation import override

from difusio.accounts.models import Workspace
from difusio.message_templates.choose import NotApprovedError, UnknownTemplateError, sendable
from tests.message_templates.examples import NAMED, template

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
WABA = "102290129340398"


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.objects.create(name="Llibreria Ona", created_at=AT)


def _store(workspace: Workspace, language: str, status: str) -> None:
    template(
        NAMED, workspace=workspace, waba_id=WABA, meta_id="1", language=language, status=status, synced_at=AT
    ).save()


def it_gives_the_approved_languages(workspace: Workspace) -> None:
    for language, status in (("ca", "APPROVED"), ("es", "APPROVED"), ("en", "PENDING")):
        _store(workspace, language, status)

    found = sendable(workspace_id=workspace.pk, waba_id=WABA, name="tardor")

    assert {language: version.language for language, version in found.items()} == {"ca": "ca", "es": "es"}


def it_refuses_a_template_nobody_knows(workspace: Workspace) -> None:
    with pytest.raises(UnknownTemplateError) as refused:
        sendable(workspace_id=workspace.pk, waba_id=WABA, name="tardor")

    assert str(refused.value) == (
        "There is no template tardor on this account: refresh the templates, or check its name at Meta."
    )


def it_refuses_a_template_of_another_workspace_or_account(workspace: Workspace) -> None:
    _store(workspace, "ca", "APPROVED")
    eve = Workspace.objects.create(name="Eve", created_at=AT)

    for owner, waba_id in ((eve, WABA), (workspace, "1")):
        with pytest.raises(UnknownTemplateError):
            sendable(workspace_id=owner.pk, waba_id=waba_id, name="tardor")


@pytest.mark.parametrize(
    ("statuses", "why"),
    [
        (["PENDING"], "Meta is still checking it; wait up to a day and refresh the templates."),
        (["DELETED", "REJECTED"], "Meta has rejected it; change it at Meta and hand it in again."),
        (["DELETED"], "it no longer exists at Meta; choose another one."),
        (["PAUSED"], "Meta has paused it because of how people took it; wait until Meta lifts the pause."),
        (["SOMETHING_NEW"], "Meta does not have it as approved; look at its state at Meta."),
    ],
)
def it_says_why_a_template_cannot_be_sent_and_what_to_do(
    workspace: Workspace, statuses: list[str], why: str
) -> None:
    for language, status in zip(("ca", "es"), statuses, strict=False):
        _store(workspace, language, status)

    with pytest.raises(NotApprovedError) as refused:
        sendable(workspace_id=workspace.pk, waba_id=WABA, name="tardor")

    assert str(refused.value) == f"The template tardor cannot be sent: {why}"


def it_says_it_in_the_language_of_whoever_asks(workspace: Workspace) -> None:
    _store(workspace, "ca", "PENDING")

    with pytest.raises(NotApprovedError) as refused, override("ca"):
        sendable(workspace_id=workspace.pk, waba_id=WABA, name="tardor")

    with override("ca"):
        assert str(refused.value) == (
            "La plantilla tardor no es pot enviar: "
            "Meta encara la revisa; espera un dia com a molt i actualitza les plantilles."
        )
