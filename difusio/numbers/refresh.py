"""Read what Meta says of a number: its quality, its pace, its portfolio's limit."""

import asyncio
from dataclasses import dataclass

from django.db.models.functions import Least

from difusio.cloud_api.transport import CloudApi, NumberState
from difusio.common import clock
from difusio.numbers.limit import hear_limit
from difusio.numbers.models import Number
from difusio.numbers.secrets import access_token

_DEADLINE_S = 15.0


@dataclass(frozen=True, slots=True)
class Refreshed:
    """quality: Meta's word.  allowed_per_s: what Meta lets it send; our pace falls to it and never rises."""

    quality: str
    allowed_per_s: int


def refresh(number_id: int) -> Refreshed:
    """Store what Meta says of a number now.  Repeating it is harmless.  Raises cloud_api's CloudApiError."""
    number = Number.objects.get(pk=number_id)
    state = ask(number)
    Number.objects.filter(pk=number_id).update(
        quality=state.quality,
        is_on_business_app=state.is_on_business_app,
        pace_per_s=Least("pace_per_s", state.per_s),
    )
    if state.daily_limit is not None:
        hear_limit([number.portfolio_id], state.daily_limit, at=clock.now())
    return Refreshed(quality=state.quality, allowed_per_s=state.per_s)


def ask(number: Number) -> NumberState:
    """Ask Meta how a number stands, and store nothing.  Raises cloud_api's CloudApiError."""
    return asyncio.run(_ask(number, access_token(number)))


async def _ask(number: Number, token: str) -> NumberState:
    async with CloudApi(base_url=number.api_url, version=number.api_version, deadline_s=_DEADLINE_S) as api:
        return await api.get_number(number.phone_number_id, token)
