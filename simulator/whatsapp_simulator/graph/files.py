"""The calls about files: upload, look up, download and delete media; resumable uploads."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from whatsapp_simulator.graph.answers import Answer
from whatsapp_simulator.graph.calls import SUCCESS, Call, needs_product
from whatsapp_simulator.graph.errors import parameter, unknown_id
from whatsapp_simulator.graph.multipart import read_form
from whatsapp_simulator.media import File, check_upload, plain_type
from whatsapp_simulator.uploads import TYPES, Session, is_possible
from whatsapp_simulator.world import World

_SAYS_NOTHING = ("", "application/octet-stream")
_GONE = Answer(404, b"", content_type="text/plain")


def upload(call: Call) -> object:
    """Answer `POST /{phone_number_id}/media`."""
    form = read_form(call.request.headers, call.request.body)
    needs_product({name: form[name].text for name in form if name == "messaging_product"})
    file = form.get("file")
    if file is None:
        raise parameter("(#100) The parameter file is required.")
    # The type of the file itself counts, the field `type` only where the file says nothing.
    said = form["type"].text if "type" in form else ""
    mime_type = file.content_type if plain_type(file.content_type) not in _SAYS_NOTHING else said
    check_upload(file.content, mime_type)
    return {"id": call.world.media.store(file.content, mime_type, phone_number_id=call.node).id}


def look_up(call: Call) -> object:
    """Answer `GET /{media_id}`."""
    file = _file(call)
    address = urlsplit(call.request.url)
    return {
        "messaging_product": "whatsapp",
        "url": call.world.media.url(file, base=f"{address.scheme}://{address.netloc}"),
        "mime_type": file.mime_type,
        "sha256": file.sha256,
        "file_size": str(len(file.content)),
        "id": file.id,
    }


def delete(call: Call) -> object:
    """Answer `DELETE /{media_id}`."""
    call.world.media.delete(_file(call).id)
    return SUCCESS


def download(world: World, query: Mapping[str, str]) -> Answer:
    """Answer the address that a look-up told; 404 once its five minutes are over."""
    file = world.media.at_url(query)
    return _GONE if file is None else Answer(200, file.content, content_type=file.mime_type)


def open_session(call: Call) -> object:
    """Answer `POST /{app_id}/uploads`."""
    length, file_type = call.query.get("file_length", ""), call.query.get("file_type", "")
    if not length.isdecimal() or not is_possible(int(length)):
        raise parameter("(#100) Param file_length must be the length of the file in bytes, at most 100 MB.")
    if file_type not in TYPES:
        raise parameter(f"(#100) Param file_type must be one of {', '.join(TYPES)}.")
    name = call.query.get("file_name", "")
    session = call.world.uploads.open(file_name=name, file_length=int(length), file_type=file_type)
    return {"id": session.id}


def show_session(call: Call) -> object:
    """Answer `GET /upload:…`: how far the upload is."""
    session = _session(call)
    return {"id": session.id, "file_offset": session.received}


def resume(call: Call) -> object:
    """Answer `POST /upload:…`: a handle once the file is whole, else how far it is."""
    session, body = _session(call), call.request.body
    offset = call.request.headers.get("file_offset", "")
    if not offset.isdecimal() or int(offset) != session.received:
        raise parameter(
            f"(#100) The header file_offset must be {session.received}, where this upload stands."
        )
    if session.received + len(body) > session.file_length:
        raise parameter("(#100) The request body is longer than what is left of the file.")
    handle = call.world.uploads.take(session, len(body))
    return {"h": handle} if handle else {"id": session.id, "file_offset": session.received}


def _file(call: Call) -> File:
    file, asked = call.world.media.find(call.node), call.query.get("phone_number_id")
    if file is None:
        raise unknown_id(call.node, call.request.method)
    if asked is not None and asked != file.phone_number_id:
        raise parameter("(#100) Param phone_number_id is not a valid whatsapp business phone number id ID")
    return file


def _session(call: Call) -> Session:
    session = call.world.uploads.find(call.node)
    if session is None:
        raise unknown_id(call.node, call.request.method)
    return session
