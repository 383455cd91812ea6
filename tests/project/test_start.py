"""An installation fits together, or says what does not."""

import pytest
from django.db import connection


@pytest.mark.django_db
def it_uses_postgresql_15_or_newer() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0])

    assert version >= 150_000
