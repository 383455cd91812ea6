"""A test message to oneself: the shortest way to see that everything works."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from difusio.accounts.rights import Right
from difusio.campaigns.errors import CampaignError
from difusio.campaigns.try_out import try_out
from difusio.common import clock
from difusio.console.forms import TestMessageForm
from difusio.console.gates import ConsoleRequest, enter
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.models import Template
from difusio.numbers.models import Number


@require_http_methods(["GET", "HEAD", "POST"])
def test_message(request: ConsoleRequest) -> HttpResponse:
    """Ask for a number, a template and one's own phone; then show the conversation in which it arrives."""
    here = enter(request, Right.PLAN_MARKETING)
    numbers = list(Number.objects.filter(workspace=here.workspace).order_by("id"))
    templates = list(
        Template.objects.filter(
            workspace=here.workspace, status="APPROVED", waba_id__in=[number.waba_id for number in numbers]
        ).order_by("name", "language", "id")
    )
    form = TestMessageForm(
        request.POST if request.method == "POST" else None, numbers=numbers, templates=templates
    )
    if form.is_valid():
        try:
            tried = try_out(
                workspace_id=here.workspace.pk,
                **form.test(),
                wording=gettext("This phone is mine, and I want this test message."),
                topic_name=gettext("Test messages"),
                by=str(here.user),
                at=clock.now(),
            )
        except (CampaignError, MessageTemplateError) as error:
            form.add_error(None, str(error))
        else:
            return redirect("conversation", tried.contact_id)
    return render(
        request, "console/test_message.html", {"form": form, "is_possible": bool(numbers and templates)}
    )
