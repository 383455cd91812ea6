"""Which webhooks go where: the fields the app is subscribed to, and the addresses that override its callback."""

from dataclasses import dataclass

from whatsapp_simulator.scenario import Setup


@dataclass(frozen=True, slots=True)
class Callback:
    """An address for webhooks, and the token of its handshake."""

    url: str
    verify_token: str


class Subscriptions:
    """What the app asked for; the setup gives the start, the Graph side changes it.

    fields: names of webhook fields, None for every field.  overrides: the callback of a business account or of
    one number, by its id; a number's own goes before its account's.  is_subscribed: the app has the account
    under `subscribed_apps`.
    Source: DOC/webhooks/create-webhook-endpoint, DOC/webhooks/override (read September 2026).
    """

    def __init__(self, setup: Setup) -> None:
        self.fields = None if setup.subscribed_fields is None else frozenset(setup.subscribed_fields)
        self.overrides: dict[str, Callback] = {}
        self.is_subscribed = True
        self._callback = Callback(setup.callback_url, setup.verify_token)
        self._waba_id = setup.waba_id

    def callback(self, phone_number_id: str = "") -> Callback:
        """Tell where the webhooks of a number go, or those of the account."""
        return (
            self.overrides.get(phone_number_id) or self.overrides.get(self._waba_id) or self._callback
            if self.overrides
            else self._callback
        )

    def wants(self, field: str, phone_number_id: str = "") -> bool:
        """Tell whether anybody listens to a field."""
        if not self.is_subscribed or (self.fields is not None and field not in self.fields):
            return False
        return bool(self.callback(phone_number_id).url)
