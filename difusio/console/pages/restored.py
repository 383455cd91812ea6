"""A store that came out of a backup: what to see to, and letting it send."""

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from difusio.accounts import hold
from difusio.accounts.rights import Right
from difusio.campaigns.after_restore import RESTORED
from difusio.campaigns.models import Campaign, CampaignState
from difusio.common import clock
from difusio.console.gates import ConsoleRequest, enter


@require_http_methods(["GET", "HEAD", "POST"])
def restored(request: ConsoleRequest) -> HttpResponse:
    """Answer "May this store send?"; whoever lets it says that they saw to what only people know."""
    here = enter(request, Right.MANAGE)
    is_asked = request.method == "POST" and "seen" not in request.POST
    if request.method == "POST" and not is_asked:
        hold.release(by=str(here.user), at=clock.now())
        return redirect("restored")
    paused = (
        Campaign.objects.filter(
            workspace=here.workspace,
            state=CampaignState.PAUSED,
            rounds__batches__batch__pause_reason=RESTORED,
        )
        .annotate(n=Count("id"))
        .order_by("-id")
    )
    return render(request, "console/restored.html", {"paused": paused, "is_asked": is_asked})
