"""One address names the mail server; without it nothing is sent."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from difusio.project.email import email_settings


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("smtps://me%40x.example:p%3Aw@mail.example", ("mail.example", 465, True, False)),
        ("smtp+tls://me@mail.example:2525", ("mail.example", 2525, False, True)),
        ("smtp://mail.example", ("mail.example", 25, False, False)),
    ],
)
def it_reads_the_server(url: str, told: tuple[str, int, bool, bool]) -> None:
    found = email_settings(url, "difusio@x.example")

    assert (found.host, found.port, found.is_tls, found.starts_tls) == told
    assert found.sender == "difusio@x.example"


def it_sends_from_the_servers_user_unless_told_otherwise() -> None:
    found = email_settings("smtps://me%40x.example:p%3Aw@mail.example", "")

    assert (found.user, found.password, found.sender) == ("me@x.example", "p:w", "me@x.example")
    assert "p:w" not in repr(found)


def it_sends_nothing_without_a_server() -> None:
    assert email_settings("", "").backend.endswith("dummy.EmailBackend")


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("mail.example", "a@b.example"),
        ("http://mail.example", "a@b.example"),
        ("smtp://x:y", "a@b.example"),
        ("smtp://mail.example", ""),
    ],
)
def it_refuses_what_it_cannot_read_without_repeating_it(url: str, sender: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        email_settings(url, sender)

    assert "mail.example" not in str(refused.value)
