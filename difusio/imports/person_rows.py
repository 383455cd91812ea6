"""Read a CSV of people and of what they agreed to, as typed rows.  No database; ``people`` takes them in.

One row names a person and, if it has the columns for it, one act of consent; further rows of the same person bring
further acts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, NamedTuple
from zoneinfo import available_timezones

from difusio.common.phone import BadPhoneError, parse_phone
from difusio.contacts.models import IdentityKind
from difusio.imports.columns import Column, plain
from difusio.imports.countries import country_code
from difusio.imports.formulas import is_formula
from difusio.imports.reading import Row, Table, open_table
from difusio.imports.shapes import DateOrder, DateShape, UnreadableCellError

COLUMNS: Final = (
    Column.named(
        "customer",
        "customer, CustomerID, Customer number, Client, Client ID, Cliente, Id cliente, "
        "Número de cliente, Nº cliente, Código cliente, Número de client, Núm. client, Codi client",
    ),
    Column.named("first_name", "first_name, Name, Given name, Nombre, Nom"),
    Column.named("last_name", "last_name, Surname, Family name, Apellidos, Apellido, Cognoms, Cognom"),
    Column.named(
        "phone",
        "phone, Phone number, Mobile, Mobile phone, Telephone, WhatsApp, Teléfono, Telèfon, Móvil, Mòbil",
    ),
    Column.named("user_id", "user_id, BSUID"),
    Column.named(
        "email", "email, E-mail address, Mail, Correo, Correo electrónico, Correu, Correu electrònic"
    ),
    Column.named("language", "language, Idioma, Lengua, Llengua"),
    Column.named("country", "country, País"),
    Column.named("time_zone", "time_zone, Zona horaria"),
    Column.named("made_up", "made_up, Inventado, Inventat"),
    Column.named("topic", "topic, Tema"),
    Column.named(
        "consent",
        "consent, Agreed, Accepted, Accepts, Has accepted, Opt-in, Consentimiento, Consiente, Acepta, Aceptado, "
        "Ha aceptado, Autoriza, Consentiment, Accepta, Acceptat, Ha acceptat, Autoritza",
    ),
    Column.named("consent_at", "consent_at, Consent date"),
    Column.named("consent_language", "consent_language"),
    Column.named("consent_wording", "consent_wording"),
    Column.named("consent_source", "consent_source"),
    Column.named("consent_proof", "consent_proof"),
)
IDENTITIES: Final = ("customer", "phone", "user_id", "email")

MAX_NAME: Final = 120
MAX_KEY: Final = 128
MAX_FIELD: Final = 1_000
MAX_FIELD_NAME: Final = 64
MAX_WORDING: Final = 4_000

_USER_ID: Final = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_EMAIL: Final = re.compile(r"[^\s@,;<>]{1,64}@[^\s@,;<>]{1,180}\.[^\s@,;<>.]{2,}")
_LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?:[_-]([A-Za-z]{2}))?")
_LANGUAGE_NAMES: Final = {
    **dict.fromkeys(("catalan", "catala"), "ca"),
    **dict.fromkeys(("spanish", "espanol", "castellano", "castella", "espanyol"), "es"),
    **dict.fromkeys(("english", "ingles", "angles"), "en"),
}
_YES: Final = frozenset({"yes", "true", "1", "si"})
_NO: Final = frozenset({"", "no", "false", "0"})


class Act(NamedTuple):
    """What a person agreed to or left.  at: None for a withdrawal without a time."""

    topic: str
    act: Literal["granted", "withdrawn"]
    at: datetime | None
    language: str
    wording: str
    source: str
    proof: str


@dataclass(frozen=True, slots=True)
class Asserted:
    """What a member says of everybody in the file whose row says nothing, or yes: they agreed, in these words.

    at: when, for rows without a date of their own; None where each row has one.
    """

    topic: str
    language: str
    wording: str
    source: str
    proof: str
    at: datetime | None


class PersonRow(NamedTuple):
    """One row.  identities: kind, value in its normal form, country (of phones)."""

    line: int
    identities: tuple[tuple[IdentityKind, str, str], ...]
    first_name: str
    last_name: str
    language: str
    country: str
    time_zone: str
    fields: Mapping[str, str]
    is_made_up: bool
    act: Act | None


class RefusedRow(NamedTuple):
    """A row that cannot be taken."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """A file of people, looked through once.  rows: below the header.  home: country of phones without a code."""

    table: Table
    dates: DateShape
    zone: tzinfo
    home: str
    asserted: Asserted | None
    rows: int
    notes: tuple[str, ...]

    def people(self) -> Iterator[PersonRow | RefusedRow]:
        """Give each row, read or refused, in the file's order; a second call reads the file anew."""
        for row in self.table.rows():
            if row.fault:
                yield RefusedRow(row.line, row.fault)
                continue
            try:
                yield self._person(row)
            except UnreadableCellError as error:
                yield RefusedRow(row.line, str(error))

    def _person(self, row: Row) -> PersonRow:
        cells = {key: row.cells[place].strip() for key, place in self.table.places.known.items()}
        fields = {name: row.cells[place].strip() for name, place in self.table.places.others.items()}
        for name, cell in (*cells.items(), *fields.items()):
            # A phone begins with a plus and is read strictly anyway.
            if name != "phone" and is_formula(cell):
                raise UnreadableCellError(f"the cell under {name[:MAX_FIELD_NAME]} is a formula")
        country = _country(cells.get("country", ""))
        phone = _phone(cells.get("phone", ""), country or self.home)
        identities = tuple(_identities(cells, phone))
        if not identities:
            raise UnreadableCellError("neither phone, user id, e-mail nor customer number")
        return PersonRow(
            line=row.line,
            identities=identities,
            first_name=_short(cells, "first_name", MAX_NAME),
            last_name=_short(cells, "last_name", MAX_NAME),
            language=_language(cells.get("language", "")),
            country=country or (phone[1] if phone else ""),
            time_zone=_time_zone(cells.get("time_zone", "")),
            fields=_fields(fields),
            is_made_up=_yes(cells.get("made_up", "")),
            act=self._act(cells),
        )

    def _act(self, cells: Mapping[str, str]) -> Act | None:
        text = cells.get("consent", "")
        # A sign without letters, as a dash or a cross, says something: only an empty cell says nothing.
        word = plain(text) or text
        if self.asserted and (not word or word in _YES):
            return self._asserted(self.asserted, cells)
        if word in _NO or word == "none":
            # Whoever says no is not among those of whom somebody says that they all agreed.
            return None
        if word in _YES:
            if not cells.get("topic"):
                raise UnreadableCellError(
                    "a yes without its topic: the pages ask once for topic, words and proof of all who said yes"
                )
            word = "granted"
        if word not in {"granted", "withdrawn"}:
            raise UnreadableCellError("the consent is none of granted, withdrawn and none")
        if not cells.get("topic"):
            raise UnreadableCellError("a consent without its topic")
        act: Literal["granted", "withdrawn"] = "granted" if word == "granted" else "withdrawn"
        if act == "granted":
            missing = [name for name in ("wording", "source", "at") if not cells.get(f"consent_{name}")]
            if missing:
                names = ", ".join(f"consent_{name}" for name in missing)
                raise UnreadableCellError(f"a consent without its proof: {names} missing")
        return Act(
            topic=cells["topic"],
            act=act,
            at=self._at(cells.get("consent_at", "")),
            language=_language(cells.get("consent_language", "")),
            wording=_short(cells, "consent_wording", MAX_WORDING),
            source=_short(cells, "consent_source", MAX_NAME),
            proof=_short(cells, "consent_proof", MAX_FIELD),
        )

    def _asserted(self, said: Asserted, cells: Mapping[str, str]) -> Act:
        at = self._at(cells.get("consent_at", "")) or said.at
        if at is None:
            raise UnreadableCellError("a consent without its date")
        return Act(
            topic=said.topic,
            act="granted",
            at=at,
            language=said.language,
            wording=said.wording,
            source=said.source,
            proof=said.proof,
        )

    def _at(self, text: str) -> datetime | None:
        if not text:
            return None
        try:
            return self.dates.read(text, self.zone)
        except UnreadableCellError as error:
            raise UnreadableCellError(f"the consent's time {error}") from None


def open_people(
    path: Path,
    *,
    zone: tzinfo,
    home: str = "",
    date_order: DateOrder | Literal[""] = "",
    prefers_day_first: bool = True,
    chosen: Mapping[int, str] = MappingProxyType({}),
    asserted: Asserted | None = None,
) -> PeopleFile:
    """Look a file of people through: its shape and how it writes the times of consent.  Reads it twice.

    zone: where its local times are.  home: ISO country of phones without a country code.  chosen: what a person said
    that columns are.  asserted: what they say of everybody whose row says nothing.
    Raises ImportRefused in all its kinds.
    """
    table = open_table(path, COLUMNS, one_of=IDENTITIES, chosen=chosen)
    dates = DateShape(order=date_order)
    rows = 0
    for row in table.rows():
        rows += 1
        if not row.fault and "consent_at" in table.places:
            dates.see(table.places.cell(row.cells, "consent_at"), row.line)
    date_note = dates.decide(prefers_day_first=prefers_day_first)
    fields = sorted(table.places.others)
    field_note = (
        f"These columns became fields: {', '.join(name[:40] for name in fields[:20])}." if fields else ""
    )
    notes = tuple(note for note in (*table.notes, date_note, field_note) if note)
    return PeopleFile(
        table=table, dates=dates, zone=zone, home=home, asserted=asserted, rows=rows, notes=notes
    )


def _identities(
    cells: Mapping[str, str], phone: tuple[str, str] | None
) -> Iterator[tuple[IdentityKind, str, str]]:
    if phone:
        yield IdentityKind.PHONE, *phone
    user_id = cells.get("user_id", "")
    if user_id:
        if not _USER_ID.fullmatch(user_id):
            raise UnreadableCellError("the user id is none of Meta's, as ES.1349120865530")
        yield IdentityKind.BSUID, user_id, ""
    email = cells.get("email", "").lower()
    if email:
        if not _EMAIL.fullmatch(email):
            raise UnreadableCellError("the e-mail is no address")
        yield IdentityKind.EMAIL, email, ""
    customer = _short(cells, "customer", MAX_KEY)
    if customer:
        yield IdentityKind.CUSTOMER, customer, ""


def _phone(text: str, country: str) -> tuple[str, str] | None:
    if not text:
        return None
    try:
        phone = parse_phone(text, country=country)
    except BadPhoneError:
        raise UnreadableCellError(
            "the phone is no number that exists: write it with its country code, as +34 600 123 456"
        ) from None
    return phone.e164, phone.country


def _short(cells: Mapping[str, str], key: str, most: int) -> str:
    text = cells.get(key, "")
    if len(text) > most:
        raise UnreadableCellError(f"the {key} is longer than {most} characters")
    return text


@lru_cache(maxsize=1_000)
def _language(text: str) -> str:
    """Write a language as Meta's templates do: ``ca``, ``es_MX``."""
    if not text:
        return ""
    named = _LANGUAGE_NAMES.get(plain(text))
    if named:
        return named
    match = _LANGUAGE.fullmatch(text)
    if not match:
        raise UnreadableCellError("the language is unknown: write it as ca, es or en")
    return match[1].lower() + (f"_{match[2].upper()}" if match[2] else "")


def _country(text: str) -> str:
    code = country_code(text)
    if code is None:
        raise UnreadableCellError("the country is unknown: write its name or its code, as ES")
    return code


def _time_zone(text: str) -> str:
    if text and text not in _time_zones():
        raise UnreadableCellError("the time zone is unknown: write it as Europe/Madrid")
    return text


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=100)
def _yes(text: str) -> bool:
    word = plain(text)
    if word not in _YES | _NO:
        raise UnreadableCellError("made_up is neither yes nor no")
    return word in _YES


def _fields(cells: Mapping[str, str]) -> dict[str, str]:
    for name, cell in cells.items():
        if len(cell) > MAX_FIELD or len(name) > MAX_FIELD_NAME:
            raise UnreadableCellError(f"the cell or heading {name[:MAX_FIELD_NAME]!r} is too long")
    return {name: cell for name, cell in cells.items() if cell}
