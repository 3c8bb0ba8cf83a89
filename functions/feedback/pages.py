"""What people see of feedback: a picture of one pixel, and the page on which they unsubscribe."""

from __future__ import annotations

import base64
from html import escape

from werkzeug.wrappers import Response

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""A transparent GIF of one pixel, 43 bytes."""

_NEVER_KEPT = {"Cache-Control": "no-store, private", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_STYLE = "body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}button{font:inherit}"
_HEADERS = {
    **_NEVER_KEPT,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
}

_PURPOSES = {"marketing": "marketing messages", "targeted_support": "suggestions", "service": "service messages"}


def pixel() -> Response:
    """The picture, which nobody is to keep."""
    return Response(PIXEL, content_type="image/gif", headers=_NEVER_KEPT)


def redirect(target: str) -> Response:
    """On to where a link leads."""
    return Response(status=302, headers={**_NEVER_KEPT, "Location": target})


def no_link() -> Response:
    """For a link that is none of ours."""
    return _page(
        "This link is not valid", "<p>It is incomplete, or too old. Please use the link as it was sent.</p>", 404
    )


def leave(brand: str, channel: str, purpose: str) -> Response:
    """The page that asks; looking at it changes nothing, since machines look at links as well."""
    what = f"{_PURPOSES.get(purpose, 'messages')} from {brand} by {channel}"
    form = '<form method="post"><p><button name="wish" value="{wish}">{says}</button></p></form>'
    return _page(
        "Unsubscribe",
        f"<p>You are about to stop {escape(what)}.</p>"
        + form.format(wish="unsubscribe", says="Unsubscribe")
        + f"<p>You may also object to all marketing and to profiling, by {escape(brand)} and its group.</p>"
        + form.format(wish="objection", says="Object to all marketing and profiling"),
    )


def left() -> Response:
    """What somebody sees who was taken at their word."""
    return _page("You have been unsubscribed", "<p>Thank you. We have noted it. You can close this page.</p>")


def _page(title: str, body: str, status: int = 200) -> Response:
    head = f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>'
    html = f'<!doctype html><html lang="en"><head><meta charset="utf-8">{head}</head><body><main><h1>{title}</h1>{body}'
    return Response(f"{html}</main></body></html>", status=status, content_type="text/html", headers=_HEADERS)
