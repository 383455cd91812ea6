"""The JSON of a conversation's webhook as Meta writes it; what is not named here is passed over unread."""

import msgspec


class Error(msgspec.Struct):
    """Why a message failed, or what is wrong with a number."""

    code: int | None = None
    title: str | None = None


class Pricing(msgspec.Struct):
    """What a delivery cost; comes with one of its statuses only."""

    type: str | None = None
    category: str | None = None


class Status(msgspec.Struct):
    """One status of one message of ours."""

    status: str
    timestamp: str | int
    id: str | None = None
    biz_opaque_callback_data: str | None = None
    recipient_id: str | None = None
    recipient_user_id: str | None = None
    recipient_type: str | None = None
    recipient_participant_id: str | None = None
    recipient_participant_user_id: str | None = None
    errors: list[Error] = []
    pricing: Pricing | None = None


class Profile(msgspec.Struct):
    """What a person calls themselves."""

    name: str | None = None


class Contact(msgspec.Struct):
    """Who stands behind an item; one of the two ids may be missing."""

    wa_id: str | None = None
    user_id: str | None = None
    profile: Profile | None = None


class Context(msgspec.Struct):
    """Which message this one answers."""

    id: str | None = None


class Text(msgspec.Struct):
    """The words of a message."""

    body: str | None = None


class Button(msgspec.Struct):
    """A tap on a template's quick reply."""

    text: str | None = None
    payload: str | None = None


class Reply(msgspec.Struct):
    """A tap on a button of ours, or a row chosen from a list."""

    id: str | None = None
    title: str | None = None


class Form(msgspec.Struct):
    """A filled-in form; its answers are JSON within a string."""

    body: str | None = None
    response_json: str | None = None


class Permission(msgspec.Struct):
    """Whether the person lets us call."""

    response: str | None = None


class Interactive(msgspec.Struct):
    """What a person chose or filled in; one of these is there."""

    button_reply: Reply | None = None
    list_reply: Reply | None = None
    nfm_reply: Form | None = None
    call_permission_reply: Permission | None = None


class File(msgspec.Struct):
    """A picture, film, document, sound or sticker."""

    id: str | None = None
    mime_type: str | None = None
    filename: str | None = None
    caption: str | None = None


class Order(msgspec.Struct):
    """What a person ordered from a catalogue."""

    text: str | None = None


class Reaction(msgspec.Struct):
    """An emoji on a message; none takes it back."""

    message_id: str | None = None
    emoji: str | None = None


class System(msgspec.Struct):
    """WhatsApp's own note about a person."""

    type: str = ""
    wa_id: str | None = None
    user_id: str | None = None


class Inner(msgspec.Struct):
    """What a message was changed to."""

    text: Text | None = None


class Edit(msgspec.Struct):
    """A change or a taking back of an earlier message."""

    original_message_id: str | None = None
    message: Inner | None = None


class Message(msgspec.Struct):
    """One message of a person."""

    id: str
    timestamp: str | int
    type: str = "unknown"
    sender: str | None = msgspec.field(name="from", default=None)
    from_user_id: str | None = None
    group_id: str | None = None
    context: Context | None = None
    text: Text | None = None
    button: Button | None = None
    interactive: Interactive | None = None
    image: File | None = None
    video: File | None = None
    document: File | None = None
    audio: File | None = None
    sticker: File | None = None
    order: Order | None = None
    reaction: Reaction | None = None
    system: System | None = None
    edit: Edit | None = None
    revoke: Edit | None = None


class Preference(msgspec.Struct):
    """WhatsApp's own switch for marketing."""

    value: str
    timestamp: str | int
    wa_id: str | None = None
    user_id: str | None = None
    signup_id: str | None = None


class Metadata(msgspec.Struct):
    """Which number of ours this is about."""

    phone_number_id: str | int = ""
