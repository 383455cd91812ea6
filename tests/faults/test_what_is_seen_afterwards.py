"""After all that went wrong: no second had too many messages, and no log holds what it must not."""

from math import ceil

from difusio.common.keyring import keyring
from difusio.contacts.models import Identity
from difusio.numbers.models import Number
from tests.faults.stage import APP_SECRET, PACE_PER_S, TOKEN, VERIFY_TOKEN, Platform
from tests.size import sized

# Beside other tests a request may wait so long for the processor before it is counted, and the next ones not: a second
# then has as many more.  `difusio bench pace` and the full form have the machine for themselves.
LATE_S = sized(0.1, full=0.0)


def it_never_sent_more_than_the_limit_and_one_in_any_second(platform: Platform) -> None:
    ona = platform.shop()
    platform.crowd(ona, 320)
    platform.launch(ona)

    platform.settle(ona)

    numbers = platform.control("GET", "counts")["numbers"]
    busiest = {name: facts["per_second_max"] for name, facts in numbers.items() if facts["accepted"]}
    assert busiest[ona.number.phone_number_id] > PACE_PER_S / 2
    # Each number by its own limit: some tests send as fast as Meta lets the fastest, some slower than usual.
    limits = dict(Number.objects.values_list("phone_number_id", "pace_per_s"))
    most = {name: limits[name] + 1 + ceil(limits[name] * LATE_S) for name in busiest}
    assert {name: (n, limits[name]) for name, n in busiest.items() if n > most[name]} == {}


def it_keeps_people_texts_and_secrets_out_of_every_log(platform: Platform) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, 30)
    words = "una-paraula-que-ningú-no-diu STOP"
    number = {"phone_number_id": ona.number.phone_number_id}
    platform.launch(ona)
    for phone in phones[:5]:
        platform.control("POST", f"people/{phone}/write", {"text": words, **number})
    platform.settle(ona)

    logs = platform.engine_logs()

    assert "sender.started" in logs
    opened = {
        keyring().open(sealed, purpose="contacts.identity").decode()
        for sealed in Identity.objects.values_list("value_sealed", flat=True)
    }
    digits = {address.lstrip("+") for address in opened}
    assert len(digits) > 30
    planted = {TOKEN, APP_SECRET, VERIFY_TOKEN, "EAA-revoked-4714", "ningú", "Bon dia", "BAIXA", "wamid."}
    assert sorted(word for word in planted | digits if word in logs) == []
