"""Act: hand a new template in at Meta; what Meta thinks of it comes later, by webhook or with the next listing."""

import asyncio
from datetime import datetime
from http import HTTPStatus
from typing import Final

from django.db import transaction
from django.utils.translation import gettext

from difusio.accounts import audit
from difusio.cloud_api.causes import template_cause
from difusio.cloud_api.templates import Created, NewTemplate, components_of
from difusio.cloud_api.transport import CloudApi, CloudApiError, MetaRefusedError
from difusio.message_templates.check_new import problems
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.models import Template
from difusio.message_templates.sync import TOKEN_CODES, RefusedTokenError
from difusio.numbers.models import Number
from difusio.numbers.secrets import access_token

_DEADLINE_S: Final = 10.0


class SubmitError(MessageTemplateError):
    """The template could not be handed in."""


class NoNumberError(SubmitError):
    """A template belongs to the account of a number: choose one."""


class UnfinishedError(SubmitError):
    """Something in the template has to be mended before Meta sees it: see below."""


class NotTakenError(SubmitError):
    """Meta did not take the template: %(why)s"""


class NoAnswerError(SubmitError):
    """Meta did not answer, and may have taken the template all the same: ask Meta for the list before you try again."""


def submit(*, workspace_id: int, number_id: int, new: NewTemplate, by: str, at: datetime) -> int:
    """Hand a template in for the account of a number, and give the id of our row, which waits for Meta's news.

    Not to be called from inside an event loop.  Repeating it is refused by Meta: the name is taken.  Cost: one request,
    then the audit's queries and 2 more.
    Raises NoNumberError, UnfinishedError, RefusedTokenError, NotTakenError, NoAnswerError.
    """
    if any(not problem.is_warning for problem in problems(new)):
        raise UnfinishedError
    number = Number.objects.filter(pk=number_id, workspace_id=workspace_id).first()
    if number is None:
        raise NoNumberError
    created = _hand_in(number, new)
    with transaction.atomic():
        template, _is_new = Template.objects.update_or_create(
            workspace_id=workspace_id,
            waba_id=number.waba_id,
            name=new.name,
            language=new.language,
            defaults={
                "meta_id": created.template_id,
                "category": created.category or new.category,
                "status": created.status,
                "quality": "UNKNOWN",
                "parameter_format": new.parameter_format,
                "components": components_of(new),
                "reason": "",
                "remark": "",
                "synced_at": at,
            },
        )
        audit.record(
            workspace_id=workspace_id,
            actor=by,
            act="template.submitted",
            details={"template": template.pk, "name": new.name, "language": new.language},
            at=at,
        )
    return template.pk


def _hand_in(number: Number, new: NewTemplate) -> Created:
    token = access_token(number)

    async def post() -> Created:
        client = CloudApi(
            base_url=number.api_url, version=number.api_version, connections=1, deadline_s=_DEADLINE_S
        )
        async with client:
            return await client.create_template(number.waba_id, new, token)

    try:
        return asyncio.run(post())
    except MetaRefusedError as error:
        if error.code in TOKEN_CODES or error.http_status == HTTPStatus.UNAUTHORIZED:
            raise RefusedTokenError from None
        if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NoAnswerError from None
        raise NotTakenError(why=gettext(template_cause(error.code, error.subcode))) from None
    except CloudApiError:
        raise NoAnswerError from None
