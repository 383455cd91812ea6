from typing import Any

import pytest

from difusio.cloud_api import causes
from difusio.cloud_api.verdicts import OF_OTHER_CALLS, TABLE, Outcome, failed_later, row_for, verdict
from tests.cloud_api.examples import example

STOP_EVERYTHING = [190, 0, 10, 200, 250, 299, 368, 131031, 131042, 130497, 133010]
STOP_THE_TEMPLATE = [132001, 132007, 132015, 132016, 132018, 132000, 132012, 134100, 131063]


def it_knows_every_code_meta_documents() -> None:
    documented = {code for row in example("errors.json") for code in _codes(row)}

    assert documented - set(range(200, 300)) == TABLE.keys() | OF_OTHER_CALLS
    assert not TABLE.keys() & OF_OTHER_CALLS


def it_says_every_code_of_the_table_in_words() -> None:
    spoken = TABLE.keys() - causes.CAUSES.keys()

    assert spoken == {131059, 134011}
    assert causes.CAUSES.keys() <= TABLE.keys()


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def it_doubts_every_answer_of_500_and_more_whatever_its_code(status: int) -> None:
    for row in example("errors.json"):
        for code in _codes(row):
            assert verdict(status, code).outcome is Outcome.IN_DOUBT


def it_judges_every_documented_4xx_row_by_row() -> None:
    for row in example("errors.json"):
        status = row["http_status"]
        if row["where"] == "health_status" or status is None or not 400 <= status < 500:
            continue
        for code in _codes(row):
            judged = verdict(status, code, row.get("error_subcode"))
            assert judged.outcome is not Outcome.IN_DOUBT, code
            # What Meta calls permanent is never tried again.
            if not row["retryable"]:
                assert judged.outcome is not Outcome.RETRY, code


# Where we are more careful than Meta's column: going on would endanger the account, or nothing can be known.
_MORE_CAREFUL = {
    2: Outcome.IN_DOUBT,  # documented as 503: a 4xx of it proves nothing
    131000: Outcome.IN_DOUBT,
    131016: Outcome.IN_DOUBT,
    133004: Outcome.IN_DOUBT,
    131049: Outcome.WAIT_A_DAY,
    131064: Outcome.STOP_NUMBER,
}


def it_says_for_every_row_what_metas_page_says_of_it() -> None:
    for row in example("errors.json"):
        for code in _codes(row):
            judged = row_for(code, row.get("error_subcode"))
            if code in OF_OTHER_CALLS:
                assert judged.outcome is Outcome.GIVE_UP, code
            elif row["retryable"]:
                assert judged.outcome is _MORE_CAREFUL.get(code, Outcome.RETRY), code
                assert judged.outcome is not Outcome.RETRY or judged.wait_s > 0, code
            else:
                assert judged.outcome in {
                    Outcome.GIVE_UP,
                    Outcome.STOP_NUMBER,
                    Outcome.STOP_TEMPLATE,
                    Outcome.WITHDRAW_CONSENT,
                }, code


def it_stops_what_metas_hint_says_only_a_person_can_mend() -> None:
    by_a_person = {
        "replace token": Outcome.STOP_NUMBER,
        "send a token": Outcome.STOP_NUMBER,
        "grant permission": Outcome.STOP_NUMBER,
        "fix app permissions": Outcome.STOP_NUMBER,
        "fix billing": Outcome.STOP_NUMBER,
        "register first": Outcome.STOP_NUMBER,
        "register the number": Outcome.STOP_NUMBER,
        "verify number": Outcome.STOP_NUMBER,
        "resolve in Business Support Home": Outcome.STOP_NUMBER,
        "check health_status, appeal": Outcome.STOP_NUMBER,
        "stop campaign, raise quality, wait": Outcome.STOP_NUMBER,
        "check name, language code and approval": Outcome.STOP_TEMPLATE,
        "fix payload": Outcome.STOP_TEMPLATE,
        "wait for the timer, or unpause by hand if paused by pacing": Outcome.STOP_TEMPLATE,
        "new or edited template": Outcome.STOP_TEMPLATE,
        "fix media": Outcome.STOP_TEMPLATE,
        "fix Flow": Outcome.STOP_TEMPLATE,
    }
    # One value of one person, not the template: the others still get theirs.
    ends_with_one_person = {132008}
    for row in example("errors.json"):
        wanted = by_a_person.get(row["retry_hint"])
        for code in _codes(row):
            if wanted and code in TABLE and code not in ends_with_one_person:
                assert TABLE[code].outcome is wanted, code


@pytest.mark.parametrize("status", [200, 201, 206, 301, 304])
def it_doubts_an_error_that_comes_without_a_4xx(status: int) -> None:
    assert verdict(status, 100).outcome is Outcome.IN_DOUBT


@pytest.mark.parametrize("status", [400, 403, 408, 413, 429])
def it_doubts_a_4xx_that_is_not_metas(status: int) -> None:
    assert verdict(status, None).outcome is Outcome.IN_DOUBT


def it_gives_up_on_a_4xx_with_a_code_nobody_knows() -> None:
    assert verdict(400, 999_999).outcome is Outcome.GIVE_UP


@pytest.mark.parametrize("code", STOP_EVERYTHING)
def it_stops_the_number(code: int) -> None:
    assert verdict(403, code).outcome is Outcome.STOP_NUMBER
    assert verdict(403, code).scope == "number"


@pytest.mark.parametrize("code", STOP_THE_TEMPLATE)
def it_stops_the_template(code: int) -> None:
    assert verdict(400, code).outcome is Outcome.STOP_TEMPLATE


def it_stops_the_number_when_meta_no_longer_knows_it() -> None:
    assert verdict(400, 100, 33).outcome is Outcome.STOP_NUMBER
    assert verdict(400, 100).outcome is Outcome.GIVE_UP


def it_waits_a_day_for_the_persons_share_and_withdraws_at_their_word() -> None:
    assert verdict(400, 131049).outcome is Outcome.WAIT_A_DAY
    assert verdict(400, 131049).wait_after(1) == 86_400
    assert verdict(400, 131050).outcome is Outcome.WITHDRAW_CONSENT
    assert failed_later(131049).outcome is Outcome.WAIT_A_DAY
    assert failed_later(131050).outcome is Outcome.WITHDRAW_CONSENT


def it_slows_the_number_for_throughput_and_only_the_person_for_their_own_rate() -> None:
    throughput, pair = verdict(400, 130429), verdict(400, 131056)

    assert (throughput.outcome, throughput.scope) == (Outcome.RETRY, "number")
    assert (pair.outcome, pair.scope) == (Outcome.RETRY, "delivery")
    assert [pair.wait_after(tries) for tries in range(4)] == [1, 4, 16, 64]
    assert pair.wait_after(10_000) == 3600


@pytest.mark.parametrize("code", [1, 2, 4, 130429, 131000, 131016, 131056, 131057, None, 999_999])
def it_never_repeats_what_was_accepted_and_failed_later(code: int | None) -> None:
    assert failed_later(code).outcome is Outcome.GIVE_UP


def it_says_why_in_words_for_people() -> None:
    assert verdict(400, 131026).cause == "This person cannot be reached on WhatsApp."
    assert verdict(500, 131026).cause == causes.IN_DOUBT
    assert causes.cause(None) == causes.cause(424_242) == causes.UNKNOWN
    assert causes.cause(275) == causes.cause(10)


def it_gives_a_reason_for_every_row() -> None:
    assert all(row.remark for row in TABLE.values())
    assert row_for(999_999).remark


def _codes(row: dict[str, Any]) -> list[int]:
    code = row["code"]
    if isinstance(code, int):
        return [code]
    first, last = code.split("-")
    return list(range(int(first), int(last) + 1))
