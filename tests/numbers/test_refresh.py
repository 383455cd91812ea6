"""What Meta says of a number is kept, and its pace falls to what Meta allows."""

import pytest
from whatsapp_simulator.running import RunningSimulator
from whatsapp_simulator.scenario import Number, Scenario, Setup

from difusio.numbers.refresh import refresh
from tests.cast import shop

pytestmark = pytest.mark.django_db

TOKEN = "EAA-refresh"


@pytest.mark.parametrize(
    ("on_app", "mps", "our_pace", "kept"), [(True, 80, 80, 20), (False, 80, 500, 80), (False, 1_000, 80, 80)]
)
def it_never_sends_faster_than_meta_allows(
    on_app: bool,  # noqa: FBT001  # a case
    mps: int,
    our_pace: int,
    kept: int,
) -> None:
    number = Number(
        phone_number_id="700000000000001",
        display_phone_number="+34 972 00 00 01",
        mps=mps,
        is_on_biz_app=on_app,
    )
    with RunningSimulator(Scenario(setup=Setup(access_token=TOKEN, numbers=(number,)))) as simulator:
        ours = shop(
            api_url=simulator.url,
            phone_number_id=number.phone_number_id,
            access_token=TOKEN,
            pace_per_s=our_pace,
        ).number

        refresh(ours.pk)

    ours.refresh_from_db()
    assert (ours.pace_per_s, ours.is_on_business_app) == (kept, on_app)
