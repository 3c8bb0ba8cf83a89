"""What every form has in common, and the patterns that texts in it keep to."""

from __future__ import annotations

import msgspec

from shared.domain.catalogue.connectors import CONNECTOR_SECRET, ENDPOINT, FRAGMENT, HEADER_NAME, HOST, MAILBOX, STATUS
from shared.domain.part import DURATION, HEADER, HTTPS, ID, LANGUAGE, LOCALE, NAME, ORIGIN, READ, SECRET_NAME, SPAN
from shared.domain.rules import CLOCK_TIME

WINDOW = r"^(forever|[1-9][0-9]*[smhdw]|calendar_(day|week|month))$"
HOLIDAYS = r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"

PATTERNS = {
    ID: "is made of a-z, 0-9, '_', '.' and '-'",
    NAME: "is made of a-z, 0-9 and '_' and begins with a letter",
    SPAN: "is a number and one of s, m, h, d, w, such as 30m",
    DURATION: "is a number and one of s, m, h, d, w, such as 30d, or forever",
    LANGUAGE: "is a language, such as cy or cy-gb",
    LOCALE: "is a language and a country, such as en-GB",
    READ: "is an attribute, such as profile.balance, context.device or signal.properties.change",
    WINDOW: "is such as 30d (of s, m, h, d, w), or calendar_day, calendar_week, calendar_month, or forever",
    CLOCK_TIME: 'is hours and minutes, such as "08:00"',
    HOLIDAYS: "is a country, such as GB, or one with its part, such as GB-ENG",
    SECRET_NAME: "begins with kairos-source- or kairos-callback- and goes on in a-z, 0-9 and '-'",
    CONNECTOR_SECRET: "begins with kairos-connector- and goes on in a-z, 0-9 and '-'",
    ENDPOINT: "is an address that begins with https:// and a host; places stand in its path or query",
    FRAGMENT: "is names of letters, 0-9, '_' and '-', parted by /",
    HEADER_NAME: "is made of letters, 0-9 and '-' and begins with a letter",
    HOST: "is the name of a host, such as smtp.provider.example",
    MAILBOX: "is a mail address, such as Northmoor <hello@northmoor.example>",
    STATUS: "is a class of statuses such as 5xx",
    HEADER: "is made of a-z, 0-9 and '-' and begins with a letter",
    HTTPS: "is an address that begins with https://",
    ORIGIN: "is a scheme and a host, such as https://www.example.com",
}


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Something that people write down in another way than a revision holds it."""
