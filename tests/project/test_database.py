"""How processes meet the store."""

import os
import time

import pytest
from django.db import connection
from django.db.utils import ConnectionHandler

from difusio.common.store import STORE_AWAY
from difusio.project.database import BadDatabaseUrl, database_settings


def it_ends_a_transaction_in_which_nothing_is_asked_and_says_that_the_store_was_away(db: None) -> None:
    usual = {**connection.settings_dict, "TEST": {}}
    store = ConnectionHandler({"default": usual | {"OPTIONS": _options(idle_s=0.2)}})["default"]
    with store.cursor() as cursor:
        cursor.execute("BEGIN")
        time.sleep(0.6)
        with pytest.raises(STORE_AWAY):
            cursor.execute("SELECT 1")
    store.close()


def it_leaves_the_last_word_to_the_url() -> None:
    url = "postgresql://ona@db.example/shop?options=-c%20idle_in_transaction_session_timeout%3D0"

    options = database_settings(url, idle_s=30)["OPTIONS"]["options"]

    assert options == "-c idle_in_transaction_session_timeout=30000 -c idle_in_transaction_session_timeout=0"


@pytest.mark.parametrize("url", ["mysql://db/shop", "postgresql://", "postgresql://db.example", "shop"])
def it_says_how_the_address_of_a_store_is_written(url: str) -> None:
    with pytest.raises(BadDatabaseUrl, match="DATABASE_URL cannot be read: write it as postgresql://"):
        database_settings(url, idle_s=30)


def _options(*, idle_s: float) -> object:
    return database_settings(os.environ["DATABASE_URL"], idle_s=idle_s)["OPTIONS"]
