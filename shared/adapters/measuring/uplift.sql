-- What an action did to those who were given it, against those who would have been given it and were held out.
--
-- Parameters: since, until: the period, UTC; accepted: outcomes that count as acceptance
-- A case is a person and an action, from the first time in the period that it was chosen, or held back, for them.
WITH told AS (
  SELECT kind, row_id, occurred_at, decision_id, person_id, outcome, action, held_back,
    CONCAT(' ', COALESCE(arms, ''), ' ') AS arms
  FROM {history}
  WHERE occurred_at >= @since AND occurred_at < @until AND kind IN ('decision', 'outcome')
  QUALIFY ROW_NUMBER() OVER (PARTITION BY row_id ORDER BY {precedence}) = 1
),
chances AS (
  SELECT person_id, action, 'given' AS side, MIN(occurred_at) AS since
  FROM told
  WHERE kind = 'decision' AND action IS NOT NULL AND STRPOS(arms, '=held_out ') = 0
  GROUP BY 1, 2
  UNION ALL
  SELECT person_id, REGEXP_REPLACE(held_back, r'[.][^.]*$', '') AS action, 'held_out' AS side, MIN(occurred_at) AS since
  FROM told
  WHERE kind = 'decision' AND held_back IS NOT NULL
  GROUP BY 1, 2
),
acceptances AS (
  SELECT DISTINCT COALESCE(d.person_id, o.person_id) AS person_id, o.action, o.occurred_at
  FROM told AS o
  LEFT JOIN told AS d ON d.decision_id = o.decision_id AND d.kind = 'decision'
  WHERE o.kind = 'outcome' AND o.outcome IN UNNEST(@accepted)
),
cases AS (
  SELECT c.action, c.side, c.person_id, MAX(CASE WHEN a.occurred_at >= c.since THEN 1 ELSE 0 END) AS accepted
  FROM chances AS c
  LEFT JOIN acceptances AS a ON a.person_id = c.person_id AND a.action = c.action
  GROUP BY 1, 2, 3
)
SELECT action, side, COUNT(*) AS persons, SUM(accepted) AS accepted
FROM cases
WHERE action IN (SELECT action FROM cases WHERE side = 'held_out')
GROUP BY 1, 2
