"""Bring our templates up to what Meta has: webhooks about them get lost, so the list is read now and then."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from difusio.cloud_api.causes import cause
from difusio.cloud_api.templates import ListedTemplate
from difusio.cloud_api.transport import CloudApi, CloudApiError, MetaRefusedError, MetaUnreachableError
from difusio.message_templates.choose import DELETED
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.models import Template, TemplateChange
from difusio.numbers.models import Number
from difusio.numbers.secrets import access_token

_DEADLINE_S = 30.0
_CONNECTIONS = 1
_UNAUTHORIZED = 401
TOKEN_CODES = frozenset({0, 190, 2500})
_ROWS_PER_STATEMENT = 500

# What Meta may change on a template; id, account, name and language say which it is.
_FACTS = ("meta_id", "category", "status", "quality", "parameter_format", "components", "reason")
# Of these every move is kept.
_KEPT = ("status", "quality", "category")


class SyncError(MessageTemplateError):
    """The templates could not be refreshed."""


class UnreachableError(SyncError):
    """Meta could not be reached, so the templates are as they were: try again in a few minutes."""


class RefusedTokenError(SyncError):
    """Meta does not accept the access token of this number: put in a new one."""


class RefusedListError(SyncError):
    """Meta did not list the templates: %(why)s"""


class UnreadableListError(SyncError):
    """Meta's list of templates could not be read, so the templates are as they were: try again later."""


@dataclass(frozen=True, slots=True)
class Synced:
    """How many templates (language versions) appeared, changed, and are no longer at Meta."""

    new: int
    changed: int
    gone: int


def sync(*, workspace_id: int, number_id: int, at: datetime, deadline_s: float = _DEADLINE_S) -> Synced:
    """Read the templates of a number's account at Meta and make ours like them; repeating it changes nothing.

    Those no longer listed become DELETED and stay, because batches refer to them.  Not to be called from inside an
    event loop.  Cost: one request per 100 templates, then 5 queries in one transaction (one more per 500 templates).
    Raises Number.DoesNotExist, UnreachableError, RefusedTokenError, RefusedListError, UnreadableListError.
    """
    number = Number.objects.get(pk=number_id, workspace_id=workspace_id)
    listed = _list(number, deadline_s)
    return _store(workspace_id, number.waba_id, listed, at)


def _list(number: Number, deadline_s: float) -> tuple[ListedTemplate, ...]:
    token = access_token(number)

    async def ask() -> tuple[ListedTemplate, ...]:
        client = CloudApi(
            base_url=number.api_url,
            version=number.api_version,
            connections=_CONNECTIONS,
            deadline_s=deadline_s,
        )
        async with client:
            return await client.list_templates(number.waba_id, token)

    try:
        return asyncio.run(ask())
    except MetaUnreachableError:
        raise UnreachableError from None
    except MetaRefusedError as error:
        if error.code in TOKEN_CODES or error.http_status == _UNAUTHORIZED:
            raise RefusedTokenError from None
        raise RefusedListError(why=gettext(cause(error.code))) from None
    except CloudApiError:
        raise UnreadableListError from None


def _store(workspace_id: int, waba_id: str, listed: Iterable[ListedTemplate], at: datetime) -> Synced:
    # A listing that began again may hold a template twice; the later line is the newer one.
    seen = {(row.name, row.language): _facts(row) for row in listed}
    with transaction.atomic():
        # Locked, so that two refreshes at once count and write one after the other.
        rows = Template.objects.filter(workspace_id=workspace_id, waba_id=waba_id).select_for_update()
        known = {
            (row["name"], row["language"]): row
            for row in rows.order_by("id").values("id", "name", "language", *_FACTS)
        }
        gone = [row["id"] for key, row in known.items() if key not in seen and row["status"] != DELETED]
        Template.objects.filter(id__in=gone).update(status=DELETED, synced_at=at)
        Template.objects.bulk_create(
            [
                Template(
                    workspace_id=workspace_id,
                    waba_id=waba_id,
                    name=name,
                    language=language,
                    synced_at=at,
                    **facts,
                )
                for (name, language), facts in sorted(seen.items(), key=lambda item: item[0])
            ],
            batch_size=_ROWS_PER_STATEMENT,
            update_conflicts=True,
            unique_fields=["workspace", "waba_id", "name", "language"],
            update_fields=[*_FACTS, "synced_at"],
        )
        TemplateChange.objects.bulk_create(
            [
                TemplateChange(
                    template_id=known[key]["id"], kind=kind, old=known[key][kind], new=facts[kind], at=at
                )
                for key, facts in seen.items()
                if key in known
                for kind in _KEPT
                if known[key][kind] != facts[kind]
            ],
            ignore_conflicts=True,
        )
    changed = [
        key
        for key, facts in seen.items()
        if key in known and any(known[key][name] != facts[name] for name in _FACTS)
    ]
    return Synced(new=len(seen.keys() - known.keys()), changed=len(changed), gone=len(gone))


def _facts(row: ListedTemplate) -> dict[str, Any]:
    return {
        "meta_id": row.template_id,
        "category": row.category,
        "status": row.status,
        "quality": row.quality or "UNKNOWN",
        "parameter_format": row.parameter_format,
        "components": list(row.components),
        "reason": row.rejected_reason or "",
    }
