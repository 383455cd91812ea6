"""The only ways to a contact, an upload and a topic.  Unknown and forbidden are one answer: Http404."""

from django.http import Http404

from difusio.consent.models import Topic
from difusio.console.gates import Here
from difusio.contacts.models import Contact
from difusio.imports.models import Upload


def contact_for(here: Here, contact_id: int) -> Contact:
    """Give a person of the workspace who was not erased.  Cost: 1 query."""
    try:
        return Contact.objects.get(pk=contact_id, workspace=here.workspace, erased_at=None)
    except Contact.DoesNotExist:
        raise Http404 from None


def upload_for(here: Here, upload_id: int) -> Upload:
    """Give an upload of the workspace.  Cost: 1 query."""
    try:
        return Upload.objects.select_related("taken_as").get(pk=upload_id, workspace=here.workspace)
    except Upload.DoesNotExist:
        raise Http404 from None


def topic_for(here: Here, topic_id: int) -> Topic:
    """Give a topic of the workspace.  Cost: 1 query."""
    try:
        return Topic.objects.get(pk=topic_id, workspace=here.workspace)
    except Topic.DoesNotExist:
        raise Http404 from None
