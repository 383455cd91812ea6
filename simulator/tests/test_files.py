"""Files: uploaded, looked up, downloaded, forgotten; linked to; brought in pieces; and what people send."""

import hashlib
import hmac
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whatsapp_simulator.graph.errors import RefusedError
from whatsapp_simulator.graph.multipart import read_form
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.samples import sample

Starter = Callable[..., RunningSimulator]
Sender = Callable[..., Reply]

NUMBER, APP, ASHA = "106540352242922", "634974688087057", "+34600000001"
DAY_S, MEGABYTE = 86_400, 1024 * 1024
PICTURE = sample("image/jpeg") or b""


def _ask(
    simulator: RunningSimulator, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, bytes, Any]:
    token = {"Authorization": f"Bearer {simulator.scenario.setup.access_token}"}
    url = path if path.startswith("http") else f"{simulator.url}/v26.0/{path}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asking = urllib.request.Request(url, data=body, method=method, headers={**token, **named})
    try:
        with urllib.request.urlopen(asking, timeout=60) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read(), refusal.headers


def _form(content: bytes, mime_type: str, /, *, boundary: str = "abc", **fields: str) -> bytes:
    written = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    )
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
    head += f"Content-Type: {mime_type}\r\n\r\n"
    return written + head.encode() + content + f"\r\n--{boundary}--\r\n".encode()


def _upload(
    simulator: RunningSimulator, content: bytes = PICTURE, mime_type: str = "image/jpeg", **fields: str
) -> tuple[int, dict[str, Any]]:
    body = _form(content, mime_type, **({"messaging_product": "whatsapp"} | fields))
    kind = "multipart/form-data; boundary=abc"
    status, answer, _ = _ask(simulator, "POST", f"{NUMBER}/media", body, Content_Type=kind)
    return status, json.loads(answer)


def _image(simulator: RunningSimulator, **image: str) -> Reply:
    body = {"messaging_product": "whatsapp", "to": ASHA, "type": "image", "image": image}
    return simulator.graph("POST", f"{NUMBER}/messages", body)


def it_keeps_a_file_that_can_be_looked_up_downloaded_and_sent(simulator: RunningSimulator) -> None:
    _, uploaded = _upload(simulator)

    told = simulator.graph("GET", f"{uploaded['id']}?phone_number_id={NUMBER}").body
    status, content, headers = _ask(simulator, "GET", told["url"])

    assert (told["mime_type"], told["file_size"]) == ("image/jpeg", str(len(PICTURE)))
    assert (status, content, headers["Content-Type"]) == (200, PICTURE, "image/jpeg")
    assert _image(simulator, id=uploaded["id"]).status == 200
    assert simulator.graph("GET", f"{uploaded['id']}?phone_number_id=7").code == 100


def it_gives_out_an_address_for_five_minutes_and_to_the_token_only(simulator: RunningSimulator) -> None:
    _, uploaded = _upload(simulator)
    url = simulator.graph("GET", uploaded["id"]).body["url"]

    assert _ask(simulator, "GET", url, Authorization="Bearer wrong")[0] == 401
    assert _ask(simulator, "GET", url + "0")[0] == 404
    simulator.advance(299)
    assert _ask(simulator, "GET", url)[0] == 200
    simulator.advance(2)
    assert _ask(simulator, "GET", url)[0] == 404


def it_forgets_a_file_when_told_to_and_after_thirty_days(simulator: RunningSimulator) -> None:
    kept, deleted = _upload(simulator)[1]["id"], _upload(simulator)[1]["id"]

    assert simulator.graph("DELETE", deleted).body == {"success": True}

    assert (simulator.graph("GET", deleted).status, _image(simulator, id=deleted).code) == (400, 100)
    simulator.advance(29 * DAY_S)
    assert simulator.graph("GET", kept).status == 200
    simulator.advance(2 * DAY_S)
    assert simulator.graph("GET", kept).body["error"]["error_subcode"] == 33


_ANIMATED = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02" + bytes(300 * 1024)
UPLOADS: dict[str, tuple[bytes, str, dict[str, str], int | None]] = {
    "largest image": (bytes(5 * MEGABYTE), "image/png", {}, None),
    "image too large": (bytes(5 * MEGABYTE + 1), "image/png", {}, 131053),
    "largest sound": (bytes(16 * MEGABYTE), "audio/ogg; codecs=opus", {}, None),
    "sound too large": (bytes(16 * MEGABYTE + 1), "audio/mpeg", {}, 131053),
    "document of 20 MB": (bytes(20 * MEGABYTE), "application/pdf", {}, None),
    "static sticker of 300 KB": (bytes(300 * 1024), "image/webp", {}, 131053),
    "animated sticker of 300 KB": (_ANIMATED, "image/webp", {}, None),
    "type in the field": (PICTURE, "application/octet-stream", {"type": "image/jpeg"}, None),
    "type of the file counts": (PICTURE, "image/gif", {"type": "image/jpeg"}, 100),
    "unknown type": (PICTURE, "image/gif", {}, 100),
    "empty": (b"", "image/jpeg", {}, 100),
    "other product": (PICTURE, "image/jpeg", {"messaging_product": "messenger"}, 100),
}


@pytest.mark.parametrize("case", UPLOADS)
def it_takes_files_within_metas_limits(simulator: RunningSimulator, case: str) -> None:
    content, mime_type, fields, code = UPLOADS[case]

    status, answer = _upload(simulator, content, mime_type, **fields)

    assert (status, answer.get("error", {}).get("code")) == (200 if code is None else 400, code)


def it_refuses_what_is_no_form_with_a_file(simulator: RunningSimulator) -> None:
    form = _form(PICTURE, "image/jpeg", messaging_product="whatsapp")
    kind = "multipart/form-data; boundary=abc"
    for body, content_type in (
        (form, "application/json"),
        (form, "multipart/form-data"),
        (form[:-20], kind),
        (b"", kind),
        (form, "multipart/form-data; boundary=other"),
        (_form(PICTURE, "image/jpeg"), kind),
        (
            b'--abc\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n--abc--',
            kind,
        ),
    ):
        status, answer, _ = _ask(simulator, "POST", f"{NUMBER}/media", body, Content_Type=content_type)
        assert (status, json.loads(answer)["error"]["code"]) == (400, 100), body[:60]


def it_refuses_more_than_the_largest_file(simulator: RunningSimulator) -> None:
    status, answer = _upload(simulator, bytes(101 * MEGABYTE), "application/pdf")

    assert (status, answer["error"]["code"]) == (413, 100)


@given(
    content=st.binary(max_size=200),
    name=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1),
)
def it_reads_any_bytes_out_of_a_form(content: bytes, name: str) -> None:
    if b"--abc" in content:
        return
    form = read_form(
        {"Content-Type": 'multipart/form-data; boundary="abc"'}, _form(content, "image/png", **{name: "x"})
    )

    assert (form["file"].content, form["file"].content_type) == (content, "image/png")
    assert name == "file" or form[name].text == "x"


@given(body=st.binary(max_size=300))
def it_refuses_or_reads_any_body_as_a_form(body: bytes) -> None:
    try:
        read_form({"Content-Type": "multipart/form-data; boundary=a"}, b"--a" + body)
    except RefusedError as refusal:
        assert refusal.problem.code == 100


def it_fails_later_what_was_sent_as_something_else(simulator: RunningSimulator, receiver: Receiver) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    _, webp = _upload(simulator, sample("image/webp") or b"", "image/webp")
    _, sound = _upload(simulator, sample("audio/mpeg") or b"", "audio/mpeg")

    assert _image(simulator, id=webp["id"]).status == 200
    voice = {"type": "audio", "audio": {"id": sound["id"], "voice": True}}
    body = {"messaging_product": "whatsapp", "to": ASHA, **voice}
    assert simulator.graph("POST", f"{NUMBER}/messages", body).status == 200
    simulator.advance(60)

    errors = [status["errors"][0] for status in receiver.statuses]
    details = sorted(error["error_data"]["details"] for error in errors)
    assert [error["code"] for error in errors] == [131053, 131053]
    assert details[0].startswith("Unsupported audio mime type audio/mpeg.")
    assert details[1].startswith("Unsupported image mime type image/webp.")


def it_takes_unknown_files_as_good_where_told_to(start: Starter) -> None:
    assert _image(start(habits={"unknown_media": "accept"}), id="7").status == 200


class _Shop(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012 - one list for all requests

    def do_GET(self) -> None:
        self.asked.append(self.path)
        found = self.path.startswith("/good")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "image/jpeg" if self.path.endswith("jpg") else "text/html")
        self.end_headers()
        if found:
            self.wfile.write(PICTURE)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def shop() -> Iterator[str]:
    _Shop.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def it_fetches_links_of_this_machine_where_told_to(start: Starter, receiver: Receiver, shop: str) -> None:
    simulator = start(habits={"fetch_links": True})
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    for path in ("good.jpg", "good.jpg", "missing.jpg", "good.html"):
        assert _image(simulator, link=f"{shop}/{path}").status == 200
        simulator.advance(60)
    assert _image(simulator, link="http://127.0.0.1:1/nobody.jpg").status == 200
    simulator.advance(60)
    # Asked for by no means: it is not on this machine.
    assert _image(simulator, link="http://192.0.2.1/a.jpg").status == 200
    simulator.advance(60)

    assert _Shop.asked == ["/good.jpg", "/missing.jpg", "/good.html"]
    details = [
        status["errors"][0]["error_data"]["details"]
        for status in receiver.statuses
        if status["status"] == "failed"
    ]
    assert "http code 404" in details[0]
    assert "text/html" in details[1]
    assert "does not answer" in details[2]
    assert len(details) == 3


def it_fetches_nothing_otherwise(simulator: RunningSimulator, shop: str) -> None:
    _image(simulator, link=f"{shop}/good.jpg")
    simulator.advance(60)

    assert _Shop.asked == []


def it_takes_an_upload_in_pieces(simulator: RunningSimulator) -> None:
    facts = urlencode({"file_name": "a.jpg", "file_length": 10, "file_type": "image/jpeg"})
    session = simulator.graph("POST", f"{APP}/uploads?{facts}").body["id"]
    token = f"OAuth {simulator.scenario.setup.access_token}"

    def put(content: bytes, offset: int) -> tuple[int, Any]:
        url = f"{simulator.url}/v26.0/{session}"
        headers = {"Authorization": token, "file_offset": str(offset)}
        asking = urllib.request.Request(url, data=content, method="POST", headers=headers)
        try:
            with urllib.request.urlopen(asking, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.loads(refusal.read())

    assert put(b"abcd", 0) == (200, {"id": session, "file_offset": 4})
    assert simulator.graph("GET", session).body == {"id": session, "file_offset": 4}
    assert put(b"efgh", 0)[0] == 400
    assert put(b"efgh", int("9" * 4000))[0] == 400
    assert put(b"efghijk", 4)[0] == 400
    status, answer = put(b"efghij", 4)
    assert status == 200
    assert answer["h"].startswith("4::")


def it_opens_an_upload_however_the_app_and_the_facts_are_given(simulator: RunningSimulator) -> None:
    facts = {"file_name": "a.jpg", "file_length": 10, "file_type": "image/jpeg"}
    kind = "application/x-www-form-urlencoded"

    for path in ("app/uploads", f"{APP}/uploads", f"{simulator.url}/app/uploads"):
        for query, body, content_type in (
            (f"?{urlencode(facts)}", None, kind),
            ("", urlencode(facts).encode(), kind),
            ("", json.dumps(facts).encode(), "application/json"),
        ):
            status, told, _ = _ask(simulator, "POST", path + query, body, Content_Type=content_type)
            assert (status, json.loads(told)["id"][:7]) == (200, "upload:")


def it_takes_a_file_with_a_slash_behind_the_path(simulator: RunningSimulator) -> None:
    body = _form(bytes(2 * MEGABYTE), "image/jpeg", messaging_product="whatsapp")
    kind = "multipart/form-data; boundary=abc"

    assert _ask(simulator, "POST", f"{NUMBER}/media/", body, Content_Type=kind)[0] == 200


def it_wants_no_proof_at_the_address_that_it_told(start: Starter) -> None:
    simulator = start(setup={"require_appsecret_proof": True})
    proof = hmac.new(b"simulated-app-secret", b"simulated-access-token", hashlib.sha256).hexdigest()
    stored = simulator.control("POST", "media", {"mime_type": "image/jpeg"})["id"]

    url = simulator.graph("GET", f"{stored}?appsecret_proof={proof}").body["url"]

    assert _ask(simulator, "GET", url)[:2] == (200, PICTURE)
    assert _ask(simulator, "GET", url, Authorization="Bearer wrong")[0] == 401


@pytest.mark.parametrize(
    "facts",
    [
        {"file_length": 0, "file_type": "image/jpeg"},
        {"file_length": 101 * MEGABYTE, "file_type": "image/jpeg"},
        {"file_length": "long", "file_type": "image/jpeg"},
        {"file_length": "9" * 5000, "file_type": "image/jpeg"},
        {"file_length": 7, "file_type": "text/html"},
        {},
    ],
)
def it_opens_no_upload_that_cannot_end(simulator: RunningSimulator, facts: dict[str, Any]) -> None:
    assert simulator.graph("POST", f"{APP}/uploads?{urlencode(facts)}").code == 100


def it_knows_no_upload_that_nobody_began(simulator: RunningSimulator) -> None:
    for method in ("GET", "POST"):
        assert simulator.graph(method, "upload:MTphdHRhY2htZW50OkVYQU1QTEU=").status == 400


def it_lets_what_people_send_be_downloaded_for_a_week(
    simulator: RunningSimulator, receiver: Receiver
) -> None:
    simulator.control("POST", f"people/{ASHA}/send", {"type": "image"})
    simulator.advance(1)
    (message,) = receiver.messages
    media = message["image"]

    assert _ask(simulator, "GET", media["url"])[:2] == (200, PICTURE)
    assert simulator.graph("GET", media["id"]).body["mime_type"] == "image/jpeg"
    # The business uploaded it on no number of its own.
    assert simulator.graph("GET", f"{media['id']}?phone_number_id={NUMBER}").code == 100
    simulator.advance(8 * DAY_S)
    assert simulator.graph("GET", media["id"]).status == 400


def it_stores_files_by_the_control_plane(simulator: RunningSimulator) -> None:
    stored = simulator.control("POST", "media", {"mime_type": "image/png", "id": "7", "content": "AAAA"})
    kinds = (
        "image/jpeg",
        "image/png",
        "image/webp",
        "video/mp4",
        "audio/ogg",
        "audio/mpeg",
        "text/plain",
        "application/pdf",
    )

    assert (stored["id"], stored["file_size"]) == ("7", 3)
    with urllib.request.urlopen(f"{simulator.url}/_control/media/7", timeout=60) as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (b"\0\0\0", "image/png")
    for mime_type in kinds:
        assert simulator.control("POST", "media", {"mime_type": mime_type})["file_size"] > 0
    with pytest.raises(Exception, match="no sample of video/3gpp"):
        simulator.control("POST", "media", {"mime_type": "video/3gpp"})
    with pytest.raises(Exception, match="no number with the id 8"):
        simulator.control("POST", "media", {"mime_type": "image/png", "phone_number_id": "8"})
