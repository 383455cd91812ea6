"""What was set aside is seen by those whom it concerns, tried again, and taken out of the house."""

import pytest

from difusio.common.keyring import keyring
from difusio.log.kept import EVERYBODY, Whose, raw_body, set_aside, take_again
from difusio.log.models import Post
from tests.cast import NOON

pytestmark = pytest.mark.django_db

OURS = Whose(["number1", "waba1"])


def _aside(*named: str, reason: str = "not a webhook") -> int:
    return Post.objects.create(
        lane=1,
        received_at=NOON,
        sealed_body=keyring().seal(b"{raw", purpose="log.body"),
        quarantined_reason=reason,
        named=list(named),
    ).pk


def it_shows_a_workspace_what_names_its_own_numbers_and_nothing_else() -> None:
    ours = _aside("number1", "waba1")
    shared, theirs, nobodys = _aside("number1", "waba2"), _aside("number2"), _aside()
    _aside("number1", reason="")

    assert [post.id for post in set_aside(OURS, limit=9)] == [ours]
    assert [post.id for post in set_aside(EVERYBODY, limit=9)] == [nobodys, theirs, shared, ours]
    assert [post.id for post in set_aside(EVERYBODY, limit=1, before=nobodys)] == [theirs]
    assert [raw_body(post, OURS) for post in (ours, shared, theirs, nobodys)] == [b"{raw", None, None, None]


def it_tries_again_what_it_may_see_and_counts_its_tries_anew() -> None:
    ours, theirs = _aside("number1"), _aside("number2")
    Post.objects.update(folded_at=NOON, tries=3)

    assert take_again(OURS, [theirs]) == 0
    assert take_again(OURS) == 1

    tried = Post.objects.get(pk=ours)
    assert (tried.quarantined_reason, tried.folded_at, tried.tries) == ("", None, 0)
    assert take_again(EVERYBODY, [theirs]) == 1
