"""The pages: each route a function that asks `app` and fills a view. Works with scripts off; every form has a token."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salus.kernel import SalusError
from salus.web.pages import accounts, command, public, residents, signals, signing_in, staff
from salus.web.pages.visit import show_failure, visit_of


def page_routes() -> list[Route]:
    """Return the routes of all pages."""
    staffed = [*staff.ROUTES, *residents.ROUTES, *signals.ROUTES, *command.ROUTES]
    return [*public.ROUTES, *signing_in.ROUTES, *accounts.ROUTES, *staffed]


def failure(request: Request, error: SalusError) -> Response:
    """Answer an error outside any page's own function as a page."""
    return show_failure(visit_of(request, None), error)


__all__ = ["failure", "page_routes"]
