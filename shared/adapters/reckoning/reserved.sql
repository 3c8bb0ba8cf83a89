-- How many contacts were reserved, by treatment.
--
-- Parameters: since: from when on, UTC
SELECT treatment, COUNT(DISTINCT decision_id) AS contacts
FROM {history}
WHERE occurred_at >= @since AND kind = 'decision' AND outcome = 'reserved' AND treatment IS NOT NULL
GROUP BY treatment
