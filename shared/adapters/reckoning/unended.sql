-- Contacts that a decision reserved and of whose delivery no end is told, the longest ago first.
--
-- Parameters: since, until: when they were reserved, UTC; ends: how deliveries end; most: so many at most
WITH reserved AS (
  SELECT delivery_id, MIN(person_id) AS person_id, MIN(occurred_at) AS reserved_at
  FROM {history}
  WHERE occurred_at >= @since AND occurred_at < @until
    AND kind = 'decision' AND outcome = 'reserved' AND delivery_id IS NOT NULL AND person_id IS NOT NULL
  GROUP BY delivery_id
),
ended AS (
  SELECT DISTINCT delivery_id
  FROM {history}
  WHERE occurred_at >= @since AND kind = 'outcome' AND outcome IN UNNEST(@ends) AND delivery_id IS NOT NULL
)
SELECT r.delivery_id, r.person_id, r.reserved_at
FROM reserved AS r
LEFT JOIN ended AS e ON e.delivery_id = r.delivery_id
WHERE e.delivery_id IS NULL
ORDER BY r.reserved_at, r.delivery_id
LIMIT @most
