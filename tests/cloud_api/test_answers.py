import json
from pathlib import Path

import pytest

from difusio.cloud_api.answers import Accepted, Answer, Lost, NotSent, Refusal, Unreadable, judge, read_answer
from difusio.cloud_api.verdicts import Outcome
from tests.cloud_api.examples import example, examples

WAMID = "wamid.HBgLMTIwMjU1NTAxMDEVAgARGBJFRkYzNkZFMDNCMDAwMjUxMEEA"


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("messages.ok", Accepted(WAMID, "+12025550101", None, held=False)),
        ("messages.ok.to-bsuid", Accepted(WAMID, None, "US.10000000000000000101", held=False)),
        ("messages.ok.to-group", Accepted(WAMID, None, None, held=False)),
        ("messages.template.accepted", Accepted(WAMID, "+12025550101", None, held=False)),
        ("messages.template.held_for_quality_assessment", Accepted(WAMID, "+12025550101", None, held=True)),
        ("messages.template.paused", Accepted(WAMID, "+12025550101", None, held=True)),
    ],
)
def it_reads_an_acceptance(file: str, wanted: Accepted) -> None:
    body = json.dumps(example(f"responses/{file}.json")).encode()

    judgement = judge(Answer(200, body))

    assert judgement.accepted == wanted
    assert judgement.verdict.outcome is Outcome.ACCEPTED


def it_reads_every_example_of_an_error() -> None:
    for path in sorted((examples() / "responses" / "errors").glob("*.json")):
        status, code = _named(path)

        refusal = read_answer(status, path.read_bytes())

        assert isinstance(refusal, Refusal), path.name
        assert refusal.http_status == status
        assert refusal.code == code
        assert refusal.details


def it_reads_the_details_whatever_their_shape() -> None:
    plain = b'{"error":{"code":100,"message":"m","error_data":"plain words"}}'
    odd = b'{"error":{"code":100,"message":"m","error_data":[1]}}'
    user = b'{"error":{"code":100,"error_subcode":2388299,"error_user_msg":"u"}}'

    assert read_answer(400, plain) == Refusal(400, 100, None, "plain words")
    assert read_answer(400, odd) == Refusal(400, 100, None, "m")
    assert read_answer(400, user) == Refusal(400, 100, 2388299, "u")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"\xff",
        b"<html>",
        b'{"messages":[]}',
        b'{"messages":[{"id":""}]}',
        b'{"error":{}}',
    ],
)
@pytest.mark.parametrize("status", [200, 400, 500])
def it_doubts_what_it_cannot_read(status: int, body: bytes) -> None:
    assert read_answer(status, body) == Unreadable(status)
    assert judge(Answer(status, body)).verdict.outcome is Outcome.IN_DOUBT


def it_doubts_a_500_that_carries_an_acceptance_or_a_code() -> None:
    body = json.dumps(example("responses/messages.ok.json")).encode()
    refusal = json.dumps(example("responses/errors/500.131016-unavailable.json")).encode()

    assert judge(Answer(500, body)).verdict.outcome is Outcome.IN_DOUBT
    assert judge(Answer(500, refusal)).verdict.outcome is Outcome.IN_DOUBT


def it_repeats_only_what_never_left() -> None:
    assert judge(NotSent("ClientConnectorError")).verdict.outcome is Outcome.RETRY
    assert judge(Lost("ServerDisconnectedError")).verdict.outcome is Outcome.IN_DOUBT


def _named(path: Path) -> tuple[int, int]:
    status, rest = path.name.split(".")[:2]
    code = rest.split("-")[0]
    # Template problems are named by their text; they come as code 100.
    return int(status), int(code) if code.isdecimal() else 100
