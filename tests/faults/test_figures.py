"""What real engines count for their operators is what the simulator counts, and names nobody."""

from urllib.request import urlopen

from tests.faults.stage import Platform
from tests.processes import free_port, wait_until

PEOPLE = 60


def it_shows_what_left_and_what_came_back_without_anybody_in_it(platform: Platform) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/metrics"
    figures = platform.start("metrics", "--port", str(port))
    wait_until(lambda: "Figures on" in figures.log.read_text("utf-8"), "the figures are shown")
    ona = platform.shop()
    phones = platform.crowd(ona, PEOPLE)

    platform.launch(ona)
    platform.settle(ona)

    accepted = f'difusio_requests_total{{number="{ona.number.pk}",outcome="accepted"}} {PEOPLE}.0'
    wait_until(lambda: accepted in _scraped(url), "the sender has written down what it counted")
    wait_until(lambda: 'difusio_statuses_total{status="read"}' in _scraped(url), "so has the drain")
    wait_until(lambda: 'difusio_webhook_posts_total{answer="200"}' in _scraped(url), "so has the receiver")
    text = _scraped(url)

    assert not any(phone.strip("+") in text for phone in phones)
    assert ona.number.phone_number_id not in text
    assert figures.end() == 0


def _scraped(url: str) -> str:
    with urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())
