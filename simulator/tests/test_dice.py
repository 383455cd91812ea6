"""Chance that can be repeated, whatever the seed."""

from whatsapp_simulator.dice import throw


def it_throws_for_a_seed_of_any_length() -> None:
    long = int("9" * 100)

    assert throw(long, "person") == throw(long, "person") != throw(long - 1, "person")
