"""Write down that a person agreed, with the very words, where, and what shows it."""

from datetime import datetime

from django.db import transaction

from difusio.accounts.audit import record
from difusio.common.sentences import SentenceError
from difusio.consent.ledger import NewEntry, append
from difusio.consent.models import Act, Basis
from difusio.consent.wordings import ensure_wording


class GrantError(SentenceError):
    """This consent cannot be written down."""


class UnprovenError(GrantError):
    """A consent without its words, its source or what shows it proves nothing: write them down."""


class NotYetGivenError(GrantError):
    """Nobody agreed in the future: check the date."""


def grant(
    contact_id: int,
    *,
    workspace_id: int,
    topic_id: int,
    wording: str,
    language: str,
    source: str,
    proof: str,
    given_at: datetime,
    by: str,
    at: datetime,
) -> int:
    """Append a grant and give its entry.  proof: what shows it, as where the signed form is kept.

    It lifts nothing: who left all marketing stays out, whatever is written down (decision 0010); and a later
    withdrawal decides over an earlier grant.  Raises UnprovenError, NotYetGivenError.
    """
    if not (wording.strip() and source.strip() and proof.strip()):
        raise UnprovenError(UnprovenError.__doc__)
    if given_at > at:
        raise NotYetGivenError(NotYetGivenError.__doc__)
    with transaction.atomic():
        entry = NewEntry(
            contact_id=contact_id,
            topic_id=topic_id,
            act=Act.GRANTED,
            basis=Basis.CONSENT,
            wording_id=ensure_wording(workspace_id, language=language, text=wording.strip()),
            source=source.strip(),
            proof=proof.strip().encode(),
            actor=by,
            at=given_at,
        )
        (entry_id,) = append([entry], workspace_id=workspace_id, at=at).entry_ids
        record(
            workspace_id=workspace_id,
            actor=by,
            act="consent.granted",
            details={"contact": contact_id, "topic": topic_id, "entry": entry_id},
            at=at,
        )
    return entry_id
