"""Turn claimed deliveries into the bytes of their requests."""

from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from difusio.cloud_api.messages import MessageError, text_message
from difusio.message_templates.compiled import BatchMessage, compile_batch
from difusio.message_templates.models import Template
from difusio.outbox.claim import Claimed, Intent, OpenBatch
from difusio.outbox.reply import text_of


@dataclass(frozen=True, slots=True)
class Ready:
    """A request that waits for its turn.  person: the address, for their own rate.  path: below the number's id."""

    lane: int
    person: str = field(repr=False)
    intent: Intent
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Renderer:
    """Fills one batch's message.  template: None for a free text."""

    batch: OpenBatch
    template: BatchMessage | None
    head: bytes

    @classmethod
    def of(cls, batch: OpenBatch) -> "Renderer":
        """Read the batch's message once.  Cost: 1 query for a template.  Raises what ``compile_batch`` raises."""
        if batch.template_id is None:
            return cls(batch, None, b"")
        template = Template.objects.get(pk=batch.template_id)
        values = batch.message.get("values")
        compiled = compile_batch(template, values if isinstance(values, dict) else {})
        head = {"template": template.name, "language": template.language}
        return cls(batch, compiled, msgspec.json.encode(head))

    def ready(self, claimed: Claimed, token: UUID) -> Ready | str:
        """Give the request for one person, or the reason why there can be none."""
        if not claimed.address:
            return "no_address"
        try:
            if self.template is None:
                text = text_of(self.batch.message)
                body = text_message(claimed.address, text, token.hex)
                intent = Intent(claimed.delivery_id, token, msgspec.json.encode({"text": text}))
                return Ready(self.batch.lane, claimed.address, intent, "messages", body)
            values = self.template.values(claimed.contact)
            body = self.template.fill_values(claimed.address, values, token.hex)
        except MessageError:
            return "missing_field"
        # What was sent can be shown from the template and its values, without keeping the whole text a million times.
        named = msgspec.json.encode(dict(zip(self.template.keys, values, strict=True)))
        content = self.head[:-1] + b',"values":' + named + b"}"
        intent = Intent(claimed.delivery_id, token, content)
        return Ready(self.batch.lane, claimed.address, intent, self.template.path, body)
