"""Who acted, said to people."""

import pytest

from difusio.accounts.actors import named
from difusio.accounts.models import User

pytestmark = pytest.mark.django_db


def it_says_a_members_address_and_leaves_every_other_word_as_it_is() -> None:
    mar = User.objects.create(email="mar@ona.example")

    assert named([f"user {mar.pk}", "import", "user 999999999", "user x"]) == {
        f"user {mar.pk}": "mar@ona.example",
        "import": "import",
        "user 999999999": "user 999999999",
        "user x": "user x",
    }


def it_asks_nothing_where_nobody_signed_in(django_assert_num_queries: pytest.FixtureRequest) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]  # the fixture is a context manager's maker
        assert named(["import"]) == {"import": "import"}
