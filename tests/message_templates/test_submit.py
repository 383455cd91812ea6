"""Handing a template in at the real simulator, over HTTP, and hearing what became of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from difusio.accounts.models import AuditEntry
from difusio.cloud_api.news import TemplateNews
from difusio.cloud_api.templates import Category, NewButton, NewTemplate
from difusio.message_templates.hear import hear
from difusio.message_templates.models import Template, TemplateChange
from difusio.message_templates.submit import (
    NoAnswerError,
    NoNumberError,
    NotTakenError,
    UnfinishedError,
    submit,
)
from difusio.message_templates.sync import RefusedTokenError, sync
from tests import cast
from tests.cast import NOON, Shop
from tests.message_templates.test_sync import TOKEN, platform, server

pytestmark = pytest.mark.django_db

NEW = NewTemplate(
    name="tardor_2026",
    language="ca",
    category=Category.MARKETING,
    header="Novetats per a {{first_name}}",
    body="Bon dia, {{first_name}}, aquesta setmana tenim {{product}} acabats de fer.",
    footer="Respon BAIXA per no rebre'n més",
    buttons=(
        NewButton("URL", "Encarrega'n", "https://forn.example/{{1}}", "https://forn.example/panellets"),
        NewButton("PHONE_NUMBER", "Truca'ns", "+34972000101"),
        NewButton("QUICK_REPLY", "Avui no"),
    ),
    examples={"header.first_name": "Ona", "first_name": "Ona", "product": "panellets"},
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with platform() as address:
        yield address


def _shop(url: str, token: str = TOKEN) -> Shop:
    shop = cast.shop(api_url=url, access_token=token)
    shop.number.waba_id = "102290129340398"
    shop.number.save()
    return shop


def _submit(shop: Shop, new: NewTemplate = NEW) -> Template:
    template_id = submit(
        workspace_id=shop.workspace.pk, number_id=shop.number.pk, new=new, by="user 1", at=NOON
    )
    return Template.objects.get(pk=template_id)


def it_hands_in_a_template_which_waits_until_meta_has_decided(url: str) -> None:
    shop = _shop(url)

    template = _submit(shop)

    assert (template.status, template.category, template.parameter_format) == (
        "PENDING",
        "MARKETING",
        "NAMED",
    )
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.details["name"]) == ("template.submitted", "tardor_2026")
    # Meta lists it as we have it.
    sync(workspace_id=shop.workspace.pk, number_id=shop.number.pk, at=NOON)
    listed = Template.objects.get(pk=template.pk)
    assert (listed.meta_id, listed.components) == (template.meta_id, template.components)
    with pytest.raises(NotTakenError) as refusal:
        _submit(shop)
    assert str(refusal.value) == (
        "Meta did not take the template: There is a template of this name in this language already:"
        " choose another name."
    )


def it_takes_positions_and_every_other_kind_of_button(url: str) -> None:
    plain = NewTemplate("codi", "es", Category.MARKETING, "Tu código: aprovecha", footer="Responde BAJA")
    for new in (
        plain,
        replace(plain, name="codi_2", buttons=(NewButton("COPY_CODE", "", "TARDOR20"),)),
        replace(
            plain,
            name="codi_3",
            body="Hola {{1}}, tu pedido {{2}} está listo.",
            examples={"1": "Ona", "2": "566"},
        ),
    ):
        assert _submit(_shop(url), new).status == "PENDING"


def it_says_why_it_cannot(url: str) -> None:
    with pytest.raises(UnfinishedError):
        _submit(_shop(url), replace(NEW, name="Tardor!"))
    with pytest.raises(RefusedTokenError):
        _submit(_shop(url, token="stolen"), replace(NEW, name="tardor_x"))
    with pytest.raises(NoAnswerError):
        _submit(_shop("http://127.0.0.1:1"))
    for status, body in ((200, b"<html>"), (503, b"")):
        with server(status, body) as broken, pytest.raises(NoAnswerError):
            _submit(_shop(broken))
    shop = cast.shop()
    with pytest.raises(NoNumberError):
        submit(workspace_id=shop.workspace.pk + 1, number_id=shop.number.pk, new=NEW, by="user 1", at=NOON)
    assert Template.objects.exclude(name="autumn").count() == 0


def _news(shop: Shop, kind: str, new: str, *, hours: int = 0, **facts: str) -> TemplateNews:
    return TemplateNews(
        waba_id=shop.number.waba_id,
        kind=kind,  # type: ignore[arg-type]  # a literal of the shape
        template_id="1",
        name="autumn",
        language="ca",
        at=NOON + timedelta(hours=hours),
        new=new,
        **facts,  # type: ignore[arg-type]  # texts alone are given here
    )


def it_keeps_every_move_once_and_lets_late_news_change_nothing() -> None:
    shop = cast.shop()
    rejected = _news(
        shop, "status", "REJECTED", hours=2, reason="INVALID_FORMAT", remark="Put words between."
    )
    for news in (
        rejected,
        rejected,
        _news(shop, "status", "PENDING", hours=1),
        _news(shop, "quality", "YELLOW", previous="GREEN"),
        _news(shop, "category_notice", "UTILITY"),
        _news(shop, "components", ""),
    ):
        hear(news, at=NOON)

    template = Template.objects.get(pk=shop.template.pk)
    assert (template.status, template.reason, template.remark) == (
        "REJECTED",
        "INVALID_FORMAT",
        "Put words between.",
    )
    assert (template.quality, template.category) == ("YELLOW", "MARKETING")
    assert list(TemplateChange.objects.order_by("id").values_list("kind", "old", "new", "reason")) == [
        ("status", "APPROVED", "REJECTED", "INVALID_FORMAT"),
        ("quality", "UNKNOWN", "YELLOW", ""),
        ("category_notice", "", "UTILITY", ""),
    ]
    hear(_news(shop, "status", "REINSTATED", hours=3, category="UTILITY"), at=NOON)
    template.refresh_from_db()
    assert (template.status, template.reason, template.category) == ("APPROVED", "", "UTILITY")


def it_gives_the_same_template_for_any_order_and_repetition_of_news() -> None:
    shop = cast.shop()
    told = [
        _news(shop, "status", "PAUSED", hours=2, reason="FIRST_PAUSE", category="UTILITY"),
        _news(shop, "category", "MARKETING", hours=3),
        _news(shop, "quality", "RED", hours=1),
        _news(shop, "quality", "GREEN", hours=2),
    ]
    for order in permutations(told):
        Template.objects.update(
            status="APPROVED",
            quality="UNKNOWN",
            category="UTILITY",
            status_at=None,
            quality_at=None,
            category_at=None,
        )
        for news in (*order, *order[:2]):
            hear(news, at=NOON)

        seen = Template.objects.values_list("status", "reason", "quality", "category")
        assert list(seen) == [("PAUSED", "FIRST_PAUSE", "GREEN", "MARKETING")]
    assert shop.template.pk


def it_leaves_the_templates_of_others_alone() -> None:
    shop, other = cast.shop(), cast.shop()

    hear(_news(shop, "status", "PAUSED"), at=NOON)

    assert Template.objects.get(pk=other.template.pk).status == "APPROVED"
    assert Template.objects.get(pk=shop.template.pk).status == "PAUSED"
