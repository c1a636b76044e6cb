"""The pages: each route a function that asks `app` and fills a view. Works with scripts off; every form has a token."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salus.kernel import SalusError
from salus.web.pages import (
    accounts,
    bringing,
    cards,
    certificates,
    certificates_on_phone,
    closing,
    collecting,
    command,
    contests,
    coverage,
    emergencies,
    exposures,
    following,
    full_certificates,
    institutions,
    interfaces,
    looks,
    notices,
    phones,
    power,
    public,
    relatives,
    residents,
    review,
    showing,
    signals,
    signing_in,
    staff,
)
from salus.web.pages.visit import show_failure, visit_of


def page_routes() -> list[Route]:
    """Return the routes of all pages."""
    areas = (
        public,
        signing_in,
        accounts,
        staff,
        emergencies,
        cards,
        collecting,
        following,
        looks,
        residents,
        relatives,
        phones,
        notices,
        showing,
        closing,
        certificates_on_phone,  # before the addresses of single certificates
        certificates,
        full_certificates,
        bringing,
        interfaces,
        contests,
        institutions,
        review,
        power,
        coverage,
        exposures,
        signals,
        command,
    )
    return [route for area in areas for route in area.ROUTES]


def failure(request: Request, error: SalusError) -> Response:
    """Answer an error outside any page's own function as a page."""
    return show_failure(visit_of(request, None), error)


__all__ = ["failure", "page_routes"]
