"""The review page: what answers which address.

Promises: every address but the login and the static files needs a login, and shows nothing before the record
of access has taken who saw it; only hosts in the list are answered. Never does: fetch anything, run a
model, or hold the run lock, so that a night goes on beside it.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from review.web import actions, login, national, views
from review.web.protection import Protection
from review.web.recording import Recording
from review.web.site import HERE, Site, Timeline
from store.national import Atlas
from store.recorder import Recorder


def create_app(
    engine: Engine,
    *,
    publishers: Mapping[str, str],
    allowed_hosts: Sequence[str],
    timeline: Timeline,
    second_share: float,
    secure: bool,
    atlas: Atlas | None = None,
) -> Starlette:
    """The page over a migrated database. `allowed_hosts`: names without port that a browser may ask for.

    Without an `atlas` the national picture knows the regions that were found, and no sources.
    """
    app = Starlette(
        routes=[
            Route("/", views.show_list),
            Route("/login", login.show_login, methods=["GET"]),
            Route("/login", login.log_in, methods=["POST"]),
            Route("/logout", login.log_out, methods=["POST"]),
            Route("/language", actions.switch_language, methods=["POST"]),
            Route("/second", views.show_second),
            Route("/overview", views.show_overview),
            Route("/nasional", national.show_national),
            Route("/incidents/{incident_id}", views.show_incident),
            Route("/incidents/{incident_id}/decision", actions.decide, methods=["POST"]),
            Route("/incidents/{incident_id}/undo", actions.undo, methods=["POST"]),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[
            Middleware(Protection),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False),
            Middleware(Recording),
        ],
        exception_handlers={404: _gone},
    )
    app.state.site = Site(
        engine=engine,
        publishers=publishers,
        timeline=timeline,
        second_share=second_share,
        secure=secure,
        recorder=Recorder(engine),
        atlas=atlas or Atlas(),
    )
    return app


def _gone(request: Request, _error: Exception) -> Response:
    return views.show_gone(request)
