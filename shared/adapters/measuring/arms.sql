-- What came of the persons of each arm: sums over persons, by channel and issue, in the period and in the time before it.
--
-- Parameters: before, since, until: the time before the period, its beginning and its end, UTC
--             experiment, holdout: whose arms; accepted: outcomes that count as acceptance
-- A row told again counts once: the one that `row_id` of the table says. Only partitions from before to until are
-- read, and only the columns named here.
WITH told AS (
  SELECT kind, row_id, occurred_at, decision_id, person_id, delivery_id, outcome, issue, channel, action, asked, value,
    CONCAT(' ', COALESCE(arms, ''), ' ') AS arms
  FROM {history}
  WHERE occurred_at >= @before AND occurred_at < @until AND kind IN ('decision', 'outcome')
  QUALIFY ROW_NUMBER() OVER (PARTITION BY row_id ORDER BY {precedence}) = 1
),
decisions AS (
  SELECT decision_id, person_id, occurred_at, asked, action, value,
    CASE
      WHEN STRPOS(arms, CONCAT(' ', @holdout, '=held_out ')) > 0 THEN 'held_out'
      -- the whole of what matches, without the experiment's name before it
      ELSE COALESCE(SUBSTR(REGEXP_EXTRACT(arms, CONCAT(' ', @experiment, '=[a-z0-9_]+')), LENGTH(@experiment) + 3), '')
    END AS arm
  FROM told
  WHERE kind = 'decision' AND outcome != 'excluded'
),
-- each person in the arm of their first decision of the period, whatever came later
people AS (
  SELECT person_id, arm
  FROM decisions
  WHERE occurred_at >= @since
  QUALIFY ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY occurred_at, decision_id) = 1
),
met AS (
  SELECT DISTINCT person_id, COALESCE(asked, 'outbound') AS channel FROM decisions WHERE occurred_at >= @since
  UNION ALL
  SELECT person_id, '' AS channel FROM people
),
worth AS (
  SELECT action, AVG(value) AS value FROM decisions WHERE action IS NOT NULL AND value IS NOT NULL GROUP BY action
),
-- one acceptance a delivery, however often it was clicked; what came without a delivery is worth what its action is
acceptances AS (
  SELECT COALESCE(o.delivery_id, o.row_id) AS id, COALESCE(d.person_id, o.person_id) AS person_id,
    o.channel, o.issue, MIN(o.occurred_at) >= @since AS is_within,
    MAX(COALESCE(o.value, d.value, w.value, 0.0)) AS value
  FROM told AS o
  LEFT JOIN decisions AS d ON d.decision_id = o.decision_id
  LEFT JOIN worth AS w ON w.action = o.action
  WHERE o.kind = 'outcome' AND o.outcome IN UNNEST(@accepted)
  GROUP BY 1, 2, 3, 4
),
counted AS (
  SELECT person_id, COALESCE(channel, '') AS channel, COALESCE(issue, '') AS issue,
    CASE WHEN is_within THEN 1.0 ELSE 0.0 END AS accepted,
    CASE WHEN is_within THEN value ELSE 0.0 END AS earned,
    CASE WHEN is_within THEN 0.0 ELSE 1.0 END AS accepted_before,
    CASE WHEN is_within THEN 0.0 ELSE value END AS earned_before
  FROM acceptances
),
levels AS (
  SELECT person_id, '' AS channel, '' AS issue, accepted, earned, accepted_before, earned_before FROM counted
  UNION ALL
  SELECT person_id, channel, '' AS issue, accepted, earned, accepted_before, earned_before FROM counted
  WHERE channel != ''
  UNION ALL
  SELECT person_id, '' AS channel, issue, accepted, earned, accepted_before, earned_before FROM counted
  WHERE issue != ''
  UNION ALL
  SELECT person_id, channel, issue, accepted, earned, accepted_before, earned_before FROM counted
  WHERE channel != '' AND issue != ''
),
persons AS (
  SELECT person_id, channel, issue, SUM(accepted) AS accepted, SUM(earned) AS earned,
    SUM(accepted_before) AS accepted_before, SUM(earned_before) AS earned_before
  FROM levels
  GROUP BY 1, 2, 3
)
SELECT people.arm, persons.channel, persons.issue, 0 AS persons,
  COUNTIF(accepted > 0) AS reacted,
  SUM(accepted) AS accepted, SUM(accepted * accepted) AS accepted_squares,
  SUM(accepted_before) AS accepted_before, SUM(accepted_before * accepted_before) AS accepted_before_squares,
  SUM(accepted * accepted_before) AS accepted_products,
  SUM(earned) AS earned, SUM(earned * earned) AS earned_squares,
  SUM(earned_before) AS earned_before, SUM(earned_before * earned_before) AS earned_before_squares,
  SUM(earned * earned_before) AS earned_products
FROM people
JOIN persons ON persons.person_id = people.person_id
GROUP BY 1, 2, 3
UNION ALL
SELECT people.arm, met.channel, NULL AS issue, COUNT(*) AS persons, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
FROM people
JOIN met ON met.person_id = people.person_id
GROUP BY 1, 2
