"""Amounts of money as the reader writes them."""

from decimal import Decimal

from babel.numbers import format_currency
from django import template
from django.conf import settings
from django.utils.translation import get_language

from difusio.message_templates.rates import MICROS, Cost

register = template.Library()


@register.filter
def money(cost: Cost) -> str:
    """Write an estimate's amount: € 12.40, 12,40 €."""
    amount = Decimal(cost.amount_micros) / MICROS
    return format_currency(amount, cost.currency, locale=get_language() or settings.LANGUAGE_CODE)
