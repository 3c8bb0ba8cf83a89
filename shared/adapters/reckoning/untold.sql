-- Signals that were accepted for the first time in a time and of which nothing is told, the longest ago first.
--
-- Parameters: before: from when on signals may have been accepted before; since, until: the time, UTC; most: so many
WITH accepted AS (
  SELECT decision_id, MIN(occurred_at) AS came_at
  FROM {accepted}
  WHERE occurred_at >= @before AND occurred_at < @until
  GROUP BY decision_id
),
told AS (
  SELECT DISTINCT decision_id
  FROM {history}
  WHERE occurred_at >= @since AND kind IN ('decision', 'signal') AND decision_id IS NOT NULL
)
SELECT a.decision_id, a.came_at
FROM accepted AS a
LEFT JOIN told AS t ON t.decision_id = a.decision_id
WHERE a.came_at >= @since AND t.decision_id IS NULL
ORDER BY a.came_at, a.decision_id
LIMIT @most
