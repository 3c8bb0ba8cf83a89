-- What was accepted: decisions, and the deliveries of theirs that were.
--
-- Parameters: since, until: when it was, UTC; accepted: outcomes that count as acceptance
--             first, beyond: the ids of decisions, from the first on and without the last
SELECT DISTINCT decision_id, delivery_id
FROM {history}
WHERE occurred_at >= @since AND occurred_at < @until AND kind = 'outcome' AND outcome IN UNNEST(@accepted)
  AND decision_id >= @first AND decision_id < @beyond
