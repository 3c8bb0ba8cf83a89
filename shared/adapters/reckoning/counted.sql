-- What became of the signals of a time, each counted when it was accepted for the first time; and how many decisions of
-- that time no accepted signal started, an hour after the first was noted at the earliest: of those before there is no note.
--
-- Parameters: before: from when on signals may have been accepted before; since, until: the time, UTC
WITH accepted AS (
  SELECT decision_id, MIN(occurred_at) AS came_at
  FROM {accepted}
  WHERE occurred_at >= @before AND occurred_at < @until
  GROUP BY decision_id
),
told AS (
  SELECT decision_id, MAX(CASE WHEN kind = 'decision' THEN 1 ELSE 0 END) AS is_decided
  FROM {history}
  WHERE occurred_at >= @since AND kind IN ('decision', 'signal') AND decision_id IS NOT NULL
  GROUP BY decision_id
),
started AS (
  SELECT decision_id, MIN(occurred_at) AS came_at
  FROM {history}
  WHERE occurred_at >= @since AND occurred_at < @until AND kind = 'decision' AND asked IS NULL
    AND decision_id IS NOT NULL
  GROUP BY decision_id
),
noted AS (
  SELECT MIN(came_at) AS since FROM accepted
)
SELECT CASE WHEN t.is_decided = 1 THEN 'decided' WHEN t.is_decided = 0 THEN 'ended' ELSE 'untold' END AS came_to,
  COUNT(*) AS signals
FROM accepted AS a
LEFT JOIN told AS t ON t.decision_id = a.decision_id
WHERE a.came_at >= @since
GROUP BY 1
UNION ALL
SELECT 'unaccepted' AS came_to, COUNT(*) AS signals
FROM started AS s
CROSS JOIN noted AS n
LEFT JOIN accepted AS a ON a.decision_id = s.decision_id
WHERE a.decision_id IS NULL AND (n.since IS NULL OR s.came_at >= TIMESTAMP_ADD(n.since, INTERVAL 1 HOUR))
