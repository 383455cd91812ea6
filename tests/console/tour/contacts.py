"""Contacts: people with much and with nothing behind them, and a file in every step."""

from datetime import datetime, timedelta

from difusio.accounts.rights import Right
from difusio.consent.leave import leave
from difusio.consent.ledger import NewEntry, append
from difusio.consent.models import Act, Basis, Topic
from difusio.consent.topics import add_topic
from difusio.consent.wordings import ensure_wording
from difusio.contacts.identities import new_identity
from difusio.contacts.models import Contact, Event, Identity, IdentityKind
from difusio.imports.content import keep
from difusio.imports.models import Import, Upload, UploadState
from difusio.outbox.models import Batch, Delivery, State
from tests.console import cast
from tests.console.tour.shop import Route, Screen, Shop

ROUTES = [
    Route("contacts", Right.SEE_PEOPLE, outsider=("200", "405")),
    Route("contact", Right.SEE_PEOPLE),
    Route("contact_new", Right.BRING_PEOPLE, post="200", outsider=("200", "200")),
    Route("contact_edit", Right.BRING_PEOPLE, post="200"),
    Route("contact_consent", Right.RECORD_CONSENT, post="200"),
    Route("contact_leave", Right.RECORD_CONSENT, post="200"),
    Route("imports", Right.BRING_PEOPLE, post="200", outsider=("200", "200")),
    Route("import", Right.BRING_PEOPLE, post="302 /contacts/import/"),
    Route("import_take", Right.BRING_PEOPLE, get="405", post="302 /contacts/import/"),
    Route("import_change", Right.BRING_PEOPLE, get="405", post="302 /contacts/import/"),
    Route("import_discard", Right.BRING_PEOPLE, get="405", post="302 /contacts/import/"),
    Route("import_refused", Right.BRING_PEOPLE),
]
SCREENS = [
    Screen("contacts", "/contacts/", 7, is_telling_when_empty=True),
    Screen("contacts-search", "/contacts/?q=merce+puig", 8),
    Screen("contacts-left", "/contacts/?topic={offers_id}&said=left", 7),
    Screen("contacts-nobody", "/contacts/?q=zzzz", 6),
    Screen("contact", "/contacts/{merce_id}/", 11),
    Screen("contact-left", "/contacts/{left_id}/", 10),
    Screen("contact-hostile", "/contacts/{hostile_id}/", 10),
    Screen("contact-new", "/contacts/new/", 6),
    Screen("contact-edit", "/contacts/{merce_id}/edit/", 4),
    Screen("contact-consent", "/contacts/{left_id}/consent/", 8),
    Screen("contact-leave", "/contacts/{merce_id}/leave/", 5),
    Screen("imports", "/contacts/import/", 5, is_telling_when_empty=True),
    Screen("import-decide", "/contacts/import/{looked_id}/", 9),
    Screen("import-checked", "/contacts/import/{checked_id}/", 4),
    Screen("import-progress", "/contacts/import/{taking_id}/", 4),
    Screen("import-taken", "/contacts/import/{upload_id}/", 5),
]
WORDING = (
    "Vull rebre per WhatsApp les ofertes i les novetats del Forn de la Plaça. "
    "Sé que puc donar-me de baixa quan vulgui, escrivint BAIXA."
)
LONG = "Maria del Roser Montserrat Cristòfola"
LONG_LAST = "Puigdevall-Vilarrasa i Desllorenç d'Empordanet-de-la-Muntanya"
_NOW = datetime.fromisoformat("2026-11-20T11:00:00+00:00")
_PEOPLE = (
    ("Mercè", "Puig Vilardell", "ca", "granted"),
    ("Iñaki", "Etxeberria Zubizarreta", "es", "granted"),
    ("Asha", "Rahman", "en", "granted"),
    ("Bilal", "Benali", "ca", "left"),
    ("Chen", "", "", ""),
    (LONG, LONG_LAST, "ca", "granted"),
    ("<script>alert('hola')</script>", '"><img src=x onerror=alert(1)>', "ca", ""),
    ("", "", "", ""),
)
_CHECKED = {
    "rows": 1_204,
    "taken": 1_187,
    "contacts_new": 1_102,
    "contacts_updated": 61,
    "events_new": 0,
    "entries": 1_180,
    "refused": 17,
    "notes": [
        "The file was read as UTF-8, its cells parted by semicolon.",
        "Dates were read as day/month/year: line 15 can be nothing else.",
        "These columns became fields: Talla de camisa, Última botiga on ha comprat.",
    ],
    "reasons": {
        "the phone is no number that exists: write it with its country code, as +34 600 123 456": 11,
        "the same as line …": 5,
        "the cell under Observacions is a formula": 1,
    },
}


def furnish(shop: Shop) -> None:
    """Make people, one of each kind, and files in each of their steps."""
    workspace = shop.workspace
    offers, _ = Topic.objects.get_or_create(
        workspace=workspace, key="offers", defaults={"name": "Ofertes", "kind": "marketing"}
    )
    alerts = add_topic(
        workspace.pk,
        name="Avisos de la teva comanda",
        kind="service",  # type: ignore[arg-type]  # the enumeration's own value
        description="Quan està a punt, si triga, si hi ha hagut cap problema",
        by="user 1",
        at=cast.NOON,
    )
    contacts = Contact.objects.bulk_create(
        Contact(
            workspace=workspace,
            first_name=first[:120],
            last_name=last[:120],
            language=language,
            country="ES",
            fields={"Talla de camisa": "M", "Última botiga on ha comprat": "Girona, carrer de la Força"}
            if last
            else {},
            created_at=cast.NOON - timedelta(days=90),
        )
        for first, last, language, _ in _PEOPLE
    )
    Identity.objects.bulk_create(
        _identity(contact, IdentityKind.PHONE, f"+34600111{place:03d}")
        for place, contact in enumerate(contacts)
    )
    merce = contacts[0]
    Identity.objects.bulk_create(
        [
            _identity(merce, IdentityKind.EMAIL, "merce.puig.vilardell@una-adreca-ben-llarga.example"),
            _identity(merce, IdentityKind.CUSTOMER, "C-0042"),
        ]
    )
    wording = ensure_wording(workspace.pk, language="ca", text=WORDING)
    append(
        [
            NewEntry(
                contact_id=contact.pk,
                topic_id=topic.pk,
                act=Act.GRANTED,
                basis=Basis.CONSENT,
                wording_id=wording,
                source=source,
                proof=b"carpeta de 2026, full 12",
                actor="user 1",
                at=cast.NOON - timedelta(days=days),
            )
            for place, (contact, (*_, said)) in enumerate(zip(contacts, _PEOPLE, strict=True))
            for topic, source, days in (
                (offers, "full del taulell", 12 + 9 * place),
                (alerts, "en fer la comanda", 40 + 5 * place),
            )
            if said
        ],
        workspace_id=workspace.pk,
        at=cast.NOON,
    )
    left = contacts[3]
    leave(
        left.pk,
        workspace_id=workspace.pk,
        source="told a member",
        proof=b"ho ha dit al taulell",
        actor="user 1",
        at=cast.NOON,
        recorded_at=cast.NOON,
    )
    _tell(shop, merce)
    shop.ids |= {
        "contact_id": merce.pk,
        # Other parts have a contact of their own.
        "merce_id": merce.pk,
        "left_id": left.pk,
        "hostile_id": contacts[6].pk,
        "offers_id": offers.pk,
        "topic_id": alerts.pk,
        **_files(shop),
    }


def _identity(contact: Contact, kind: IdentityKind, value: str) -> Identity:
    new = new_identity(kind, value, country="ES")
    return Identity(
        workspace_id=contact.workspace_id,
        contact=contact,
        kind=new.kind,
        country=new.country,
        value_sealed=new.value_sealed,
        value_hash=new.value_hash,
        suppression_hash=new.suppression_hash,
        tail_hashes=new.tail_hashes,
    )


def _tell(shop: Shop, contact: Contact) -> None:
    """Let something pass between a person and the shop."""
    Event.objects.bulk_create(
        Event(
            workspace=shop.workspace,
            contact=contact,
            name="bought",
            at=cast.NOON - timedelta(days=days),
            properties={"order": f"F-{days}", "total": 18.5, "quantity": 2},
            source_key=f"F-{days}",
        )
        for days in (3, 30)
    )
    batch = Batch.objects.filter(workspace=shop.workspace).order_by("id").first()
    if batch is not None:
        Delivery.objects.create(
            workspace=shop.workspace,
            batch=batch,
            number=batch.number,
            contact=contact,
            state=State.READ,
            window_closes_at=cast.NOON,
            due_at=cast.NOON,
            created_at=cast.NOON - timedelta(days=1),
        )


def _files(shop: Shop) -> dict[str, int]:
    header = ["Nom", "Cognoms", "Mòbil", "Talla de camisa", "Observacions"]
    rows = [
        ["Mercè", "Puig Vilardell", "600 111 000", "M", "Prefereix que li escriguin a la tarda"],
        [LONG, LONG_LAST, "600 111 005", "L", ""],
        ["<b>Chen</b>", "", "12", "", "=HYPERLINK(1)"],
    ]
    made = {}
    for state in UploadState:
        upload = Upload.objects.create(
            workspace=shop.workspace,
            kind="people",
            file_name="clients-de-la-botiga-de-girona-tardor-2026.csv",
            size_bytes=120_000,
            state=state,
            checked=_CHECKED if state in {UploadState.CHECKED, UploadState.TAKEN} else {},
            by="user 1",
            at=cast.NOON,
            forget_at=cast.NOON + timedelta(days=30),
        )
        made[state] = upload
    import json

    keep(made[UploadState.LOOKED], "head", [json.dumps({"header": header, "rows": rows}).encode()])
    taken = made[UploadState.TAKEN]
    keep(taken, "refused", ["\ufeffline;reason;Nom\r\n4;the same as line 3;Chen\r\n".encode()])
    taken.taken_as = Import.objects.create(
        workspace=shop.workspace,
        kind="people",
        file_name=taken.file_name,
        file_hash=b"",
        rows=1_204,
        taken=1_187,
        refused=17,
        contacts_new=1_102,
        contacts_updated=61,
        entries=1_180,
        by="user 1",
        at=cast.NOON,
    )
    taken.save()
    Upload.objects.filter(pk=made[UploadState.TAKING].pk).update(
        phase="reading", phase_at=_NOW, done=412_000, of=1_000_000
    )
    return {
        "upload_id": taken.pk,
        "looked_id": made[UploadState.LOOKED].pk,
        "checked_id": made[UploadState.CHECKED].pk,
        "taking_id": made[UploadState.TAKING].pk,
    }
