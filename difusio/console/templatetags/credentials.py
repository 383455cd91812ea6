"""What a page hands to its script, as an attribute: no script of the page's own passes our content security policy."""

import json

from django import template
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.filter
def as_json(value: object) -> str:
    """Write a value as JSON; the template escapes it for the attribute it stands in."""
    return json.dumps(value, cls=DjangoJSONEncoder)
