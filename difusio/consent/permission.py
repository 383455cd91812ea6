"""The only answer to "may we write to this person about this?", as one SQL expression for every caller.

Freezing an audience, pre-flight and claiming all ask with these same words, so that they cannot disagree.
"""

from typing import Final, LiteralString

# Given a row ``standing`` (consent_standing, or nothing) and a boolean ``is_suppressed``: empty when we may write,
# else the reason of the skip.  A consent of more than two years proves little: it must be renewed (consent rules, 25).
REFUSAL: Final[LiteralString] = """CASE
        WHEN is_suppressed THEN 'withdrawn'
        WHEN standing.id IS NULL THEN 'no_consent'
        WHEN NOT standing.may_write THEN 'withdrawn'
        WHEN standing.expires_at <= %(at)s THEN 'expired'
        WHEN standing.since <= %(at)s - interval '24 months' THEN 'expired'
        ELSE '' END"""

# The people of a workspace one of whose identities is suppressed for a kind of topic.
SUPPRESSED_PEOPLE: Final[LiteralString] = """SELECT DISTINCT identity.contact_id
        FROM consent_suppression suppression
        JOIN contacts_identity identity ON identity.workspace_id = suppression.workspace_id
            AND identity.suppression_hash = suppression.hash
        WHERE suppression.workspace_id = %(workspace)s AND suppression.kind = %(topic_kind)s"""
