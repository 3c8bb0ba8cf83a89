-- What the persons of two revisions met with: how many were decided for, and how many of them met with what guards watch.
--
-- Parameters: since, until: the period, UTC; canary, live: revisions; slow_ms: milliseconds of an answer;
--             failures, complaints: outcomes that count as such
-- A person is of the revision of their first decision in the period, and counts once for each thing that they met with.
WITH told AS (
  SELECT kind, row_id, occurred_at, decision_id, person_id, revision, outcome, action, elapsed_ms
  FROM {history}
  WHERE occurred_at >= @since AND occurred_at < @until AND kind IN ('decision', 'outcome')
    AND revision IN (@canary, @live)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY row_id ORDER BY {precedence}) = 1
),
people AS (
  SELECT person_id, revision, outcome, action
  FROM told
  WHERE kind = 'decision'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY occurred_at, decision_id) = 1
),
met AS (
  SELECT person_id, revision,
    MAX(CASE WHEN kind = 'outcome' AND outcome IN UNNEST(@failures) THEN 1 ELSE 0 END) AS failures,
    MAX(CASE WHEN kind = 'outcome' AND outcome IN UNNEST(@complaints) THEN 1 ELSE 0 END) AS complaints,
    MAX(CASE WHEN kind = 'decision' AND elapsed_ms > @slow_ms THEN 1 ELSE 0 END) AS slow
  FROM told
  GROUP BY 1, 2
)
SELECT people.revision, COUNT(*) AS persons,
  SUM(CASE WHEN people.action IS NULL AND people.outcome != 'deferred' THEN 1 ELSE 0 END) AS no_action,
  SUM(COALESCE(met.failures, 0)) AS failures,
  SUM(COALESCE(met.complaints, 0)) AS complaints,
  SUM(COALESCE(met.slow, 0)) AS slow
FROM people
LEFT JOIN met ON met.person_id = people.person_id AND met.revision = people.revision
GROUP BY 1
