-- name: by_key
-- A drain looks rows up by their keys and never reads a table whole, whatever the planner last heard of its size.
SET LOCAL enable_seqscan = off

-- name: remember
-- Keep the keys of updates in key order, and give those that are new: only they have effects.
INSERT INTO receiving_seenevent (key, at)
SELECT key, %(at)s FROM unnest(%(keys)s::bytea[]) AS k (key) ORDER BY key
ON CONFLICT (key) DO NOTHING
RETURNING key

-- name: forget
-- Meta redelivers for seven days at most; older keys are of no use.
DELETE FROM receiving_seenevent WHERE key < %(before)s
