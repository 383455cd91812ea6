"""The calls about files: upload, look up, download and delete media; resumable uploads."""

from collections.abc import Mapping

from whatsapp_simulator.graph.answers import SUCCESS, Answer, told
from whatsapp_simulator.graph.calls import Call, text_of
from whatsapp_simulator.graph.errors import parameter, unknown_id
from whatsapp_simulator.graph.multipart import read_form
from whatsapp_simulator.media import File, check_upload, plain_type
from whatsapp_simulator.reading import whole
from whatsapp_simulator.uploads import TYPES, Session, is_possible
from whatsapp_simulator.world import World

_SAYS_NOTHING = ("", "application/octet-stream")
_GONE = Answer(404, b"", content_type="text/plain")


def upload(call: Call) -> Answer:
    """Answer `POST /{phone_number_id}/media`."""
    form = read_form(call.request.headers, call.request.body)
    product, file = form.get("messaging_product"), form.get("file")
    if product is None:
        raise parameter("(#100) The parameter messaging_product is required.")
    if product.text != "whatsapp":
        raise parameter("(#100) Param messaging_product must be one of {WHATSAPP}")
    if file is None:
        raise parameter("(#100) The parameter file is required.")
    # The type of the file itself counts, the field `type` only where the file says nothing.
    said = form["type"].text if "type" in form else ""
    mime_type = file.content_type if plain_type(file.content_type) not in _SAYS_NOTHING else said
    check_upload(file.content, mime_type)
    stored = call.world.media.store(file.content, mime_type, phone_number_id=call.node)
    return told({"id": stored.id})


def look_up(call: Call) -> Answer:
    """Answer `GET /{media_id}`."""
    file = _file(call)
    base = call.request.url.removesuffix(call.request.path)
    return told(
        {
            "messaging_product": "whatsapp",
            "url": call.world.media.url(file, base=base),
            "mime_type": file.mime_type,
            "sha256": file.sha256,
            "file_size": str(len(file.content)),
            "id": file.id,
        }
    )


def delete(call: Call) -> Answer:
    """Answer `DELETE /{media_id}`."""
    file = _file(call)
    call.world.media.delete(file.id)
    return SUCCESS


def download(world: World, query: Mapping[str, str]) -> Answer:
    """Answer the address that a look-up told; 404 once its five minutes are over."""
    file = world.media.at_url(query)
    return _GONE if file is None else Answer(200, file.content, content_type=file.mime_type)


def open_session(call: Call) -> Answer:
    """Answer `POST /{app_id}/uploads`, also `POST /app/uploads`."""
    params = call.params()
    length, file_type = whole(params.get("file_length")), params.get("file_type")
    if length is None or not is_possible(length):
        raise parameter("(#100) Param file_length must be the length of the file in bytes, at most 100 MB.")
    if file_type not in TYPES:
        raise parameter(f"(#100) Param file_type must be one of {', '.join(TYPES)}.")
    session = call.world.uploads.open(
        file_name=text_of(params, "file_name", needed=False), file_length=length, file_type=file_type
    )
    return told({"id": session.id})


def session_standing(call: Call) -> Answer:
    """Answer `GET /upload:…`, with how far it is."""
    return _standing(_session(call))


def upload_part(call: Call) -> Answer:
    """Answer `POST /upload:…`, with a handle once the file is whole."""
    session, body = _session(call), call.request.body
    if whole(call.request.headers.get("file_offset")) != session.received:
        raise parameter(
            f"(#100) The header file_offset must be {session.received}, where this upload stands."
        )
    if session.received + len(body) > session.file_length:
        raise parameter("(#100) The request body is longer than what is left of the file.")
    handle = call.world.uploads.take(session, len(body))
    return told({"h": handle}) if handle else _standing(session)


def _standing(session: Session) -> Answer:
    return told({"id": session.id, "file_offset": session.received})


def _session(call: Call) -> Session:
    session = call.world.uploads.find(call.node)
    if session is None:
        raise unknown_id(call.node, call.request.method)
    return session


def _file(call: Call) -> File:
    file = call.world.media.find(call.node)
    if file is None:
        raise unknown_id(call.node, call.request.method)
    asked = call.query.get("phone_number_id")
    if asked is not None and asked != file.phone_number_id:
        raise parameter("(#100) Param phone_number_id is not a valid whatsapp business phone number id ID")
    return file
