-- name: stage_lines
-- The rows of the file as they are read.  Customers stand here by their hash alone.
CREATE TEMPORARY TABLE import_line (
    line bigint NOT NULL, order_key text NOT NULL, event text NOT NULL, customer_hash bytea NOT NULL,
    at timestamptz NOT NULL, quantity numeric NOT NULL, total numeric NOT NULL, country text NOT NULL
) ON COMMIT DROP

-- name: stage_customers
-- The customers of the file; one may come several times.
CREATE TEMPORARY TABLE import_customer (
    value_hash bytea NOT NULL, value_sealed bytea NOT NULL, suppression_hash bytea NOT NULL
) ON COMMIT DROP

-- name: analyze_staged
-- Temporary tables have no statistics until somebody asks for them.
ANALYZE import_line, import_customer

-- name: refuse_other_customers
-- Lines that give an order to another customer than its first line does.
WITH first AS (
    SELECT DISTINCT ON (order_key) order_key, line, customer_hash FROM import_line ORDER BY order_key, line
), other AS (
    DELETE FROM import_line l USING first f
    WHERE l.order_key = f.order_key AND l.customer_hash <> f.customer_hash
    RETURNING l.line, f.line AS first_line
)
INSERT INTO import_refused (line, reason)
SELECT line, format('line %%s gives this order to another customer', first_line) FROM other

-- name: know_customers
-- Each customer once, with the contact that has the number already and the country of their latest order.
CREATE TEMPORARY TABLE import_known ON COMMIT DROP AS
SELECT DISTINCT ON (c.value_hash) c.value_hash, c.value_sealed, c.suppression_hash, i.contact_id,
    false AS is_new, l.country
FROM import_customer c
JOIN (
    SELECT DISTINCT ON (customer_hash) customer_hash, country
    FROM import_line ORDER BY customer_hash, country = '', at DESC, line
) l ON l.customer_hash = c.value_hash
LEFT JOIN contacts_identity i ON i.workspace_id = %(workspace)s AND i.value_hash = c.value_hash

-- name: number_new_contacts
-- Those whom nobody knows yet get the number of a contact to be.
UPDATE import_known
SET contact_id = nextval(pg_get_serial_sequence('contacts_contact', 'id')), is_new = true
WHERE contact_id IS NULL

-- name: add_contacts
-- A contact for each new customer: of them we know a number and a country.
INSERT INTO contacts_contact (
    id, workspace_id, first_name, last_name, language, country, time_zone, fields, is_made_up, created_at)
SELECT contact_id, %(workspace)s, '', '', '', country, '', '{}', false, %(at)s
FROM import_known WHERE is_new
ORDER BY contact_id

-- name: add_identities
-- The customer numbers of the new contacts; one that somebody else stored meanwhile is left out and missed.
INSERT INTO contacts_identity (
    workspace_id, contact_id, kind, country, value_sealed, value_hash, suppression_hash, tail_hashes)
SELECT %(workspace)s, contact_id, 'customer', '', value_sealed, value_hash, suppression_hash, '{}'
FROM import_known WHERE is_new
ORDER BY value_hash
ON CONFLICT (workspace_id, value_hash) DO NOTHING

-- name: complete_contacts
-- Contacts whose country was unknown learn it from their orders.
UPDATE contacts_contact c SET country = k.country
FROM import_known k
WHERE c.id = k.contact_id AND NOT k.is_new AND c.country = '' AND k.country <> '' AND c.erased_at IS NULL

-- name: add_events
-- One event an order: its lines summed, at the time of the first.  An order that is there already stays as it is.
INSERT INTO contacts_event (workspace_id, contact_id, name, at, properties, source_key)
SELECT %(workspace)s, k.contact_id, o.event, o.at + %(shift)s,
    jsonb_build_object('order', o.order_key, 'total', trim_scale(o.total), 'quantity', trim_scale(o.quantity)),
    o.order_key
FROM (
    SELECT customer_hash, order_key, event, min(at) AS at, round(sum(total), 2) AS total, sum(quantity) AS quantity
    FROM import_line
    GROUP BY customer_hash, order_key, event
) o
JOIN import_known k ON k.value_hash = o.customer_hash
ORDER BY k.contact_id, o.at, o.order_key
ON CONFLICT (workspace_id, name, source_key) DO NOTHING
