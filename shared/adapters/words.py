"""What stands in nearly everything that is sealed: a compressor that knows it beforehand writes a third less, in two
thirds of the time.
"""

from __future__ import annotations

from typing import Final

WORDS: Final = (
    b'{"delivery_id":"v-","decision_id":"d-","revision":"sha256:","state":"presented","brand":"","issue":"","group":"",'
    b'"action":"","treatment":"","channel":"mobile_app","purpose":"targeted_support","placement":"",'
    b'"outcomes":{"sent":"20","delivered":"20","impression":"20","click":"20","dismiss":"20","convert":"20"},'
    b'"flags":[],"time_zone":"Europe/London","features":{},"signal_id":"","rule":"first_seen","namespace":"",'
    b'"decision_id":"d-","person_id":"p-","revision":"sha256:","signal":{"id":"","type":"decision_requested","at":"2026-'
    b'","received_at":"2026-","source":"decide","identifiers":{"customer_no":""},"brand":"","context":{"channel":"web"},'
    b'"properties":{"product":"","category":""}},"profile":{"person_id":"p-","version":1,"created_at":"2026-",'
    b'"attributes":{"age":35,"job":"","income":0.0,"balance":0.0,"has_":true,"is_":false},"brands":[""],'
    b'"products":["current_account","savings_account"],"reachable":["email","sms","push"],"audiences":[""],'
    b'"consents":{"*:marketing:email":{"granted":true,"at":"2026-01-01T00:00:00.000000Z","source":""},'
    b'"*:targeted_support:call_centre":{"granted":false,"at":"2026-"},"*:service:web":{}},"unique":{"customer_no":""}},'
    b'"conflicts":[],"decided_at":"2026-","arms":[""],"reserved_at":"2026-","result":"offered","slots":{"channels":["'
    b'"],"placements":["web."],"counts":[1]},"chosen":[{"treatment":"","delivery_id":"v-","rank":1,"placement":"web."}],'
    b'"candidate_rows":"AAAAAAAAAA==","propensity_parts":"","models":"m-","unlevered":"","means":"","evidence":"",'
    b'"read":{"contacts":[{"treatment":"","state":"presented","at":"2026-","outcomes":{"impression":"2026-"}}]},'
    b'"withheld":[{"treatment":"","rule":"","kind":"cooldown","count":1,"limit":1,"allowed_at":"2026-"}],'
    b'"filling":"together"}'
)
"""Never changed: what was sealed by these words opens by none but these."""
