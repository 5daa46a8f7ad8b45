"""Scrapy's redirects, with an end that says what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares import redirect
from scrapy.exceptions import IgnoreRequest

from crawler.stops import WalkStopped

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response


class RedirectMiddleware(redirect.RedirectMiddleware):
    """The next hop comes back through every middleware, :class:`crawler.guard.UrlGuard` first."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            raise WalkStopped("fetch error", f"redirected more than {self.max_redirect_times} times") from error
        except ValueError:  # a Location that is no address: judged as the answer it is
            return response
