from django.db import migrations

_COUNT = """
INSERT INTO consent_tally (workspace_id, topic_id, measure, detail, act, n)
SELECT e.workspace_id, e.topic_id, 'day', to_char(e.at AT TIME ZONE w.time_zone, 'YYYY-MM-DD'), e.act, count(*)
FROM consent_entry e JOIN accounts_workspace w ON w.id = e.workspace_id
GROUP BY 1, 2, 4, 5
UNION ALL
SELECT workspace_id, topic_id, 'source', source, act, count(*) FROM consent_entry GROUP BY 1, 2, 4, 5
UNION ALL
SELECT workspace_id, topic_id, 'standing', '', '', count(*) FROM consent_standing WHERE may_write GROUP BY 1, 2
UNION ALL
SELECT s.workspace_id, s.topic_id, 'wording', e.wording_id::text, '', count(*)
FROM consent_standing s JOIN consent_entry e ON e.id = s.entry_id
WHERE s.may_write AND e.wording_id IS NOT NULL
GROUP BY 1, 2, 4
"""


class Migration(migrations.Migration):
    """Fill the tallies from the ledger as it is."""

    dependencies = [("consent", "0003_topics_tallies_and_checks")]
    operations = [migrations.RunSQL(_COUNT, "DELETE FROM consent_tally")]
