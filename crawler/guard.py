"""Which addresses this crawler may ask, whatever a page, a redirect or a name server says.

Two lines: :class:`UrlGuard` looks at the address of every request (first, repeated, redirected, robots.txt) before
anything is sent, :class:`GuardedResolver` at the IP addresses a host name leads to, in the moment in which they are
connected to, so that there is no second look-up that could answer differently.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import SplitResult, urlsplit

from scrapy.exceptions import CannotResolveHostError
from scrapy.resolver import CachingHostnameResolver
from scrapy.utils.httpobj import urlparse_cached

from archive.addresses import is_public
from crawler.stops import WalkStopped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy import Request
    from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver

#: request.meta: the address of the listing, whose site the request may not leave
HOME = "baogao_home"

_PORTS = {"http": 80, "https": 443}
_LOGIN = re.compile(r"log[_-]?in|sign[_-]?in|passport|\bsso\b|\bcas\b|oauth", re.IGNORECASE)


def may_ask(url: str, *, home: str) -> str | None:
    """None where ``url`` may be asked for a listing at ``home``, else the reason why not, in words."""
    try:
        there, base = urlsplit(url), urlsplit(home)
        sites = _site(there), _site(base)
    except ValueError:
        return f"{url} is not a web address"
    host, scheme = base.hostname or "", there.scheme
    if scheme not in _PORTS:
        return f"{url} is neither http nor https"
    if there.username is not None:
        return f"{scheme}://{there.hostname} is to be asked with a user name"
    if sites[0] != sites[1] and sites != (("https", host, 443), ("http", host, 80)):
        return f"it leads away from {base.scheme}://{base.netloc} to {scheme}://{there.netloc}"
    return None if may_connect(host, host) else f"{host} is not a public address"


def _site(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def may_connect(host: str, address: str) -> bool:
    """Whether a connection for ``host`` may go to ``address``.

    A loopback host (for tests and demos) leads to loopback addresses only, every other host to public ones only. An
    ``address`` that is no IP address is a name, which is checked once it is resolved.
    """
    found = _parse(address)
    if found is None:
        return True
    return found.is_loopback if is_loopback(host) else is_public(found)


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    found = _parse(host)
    return host == "localhost" or (found is not None and found.is_loopback)


class AddressRefused(WalkStopped):
    """The host of a listing leads to an address that may not be connected to."""


class UrlGuard:
    """Refuses a request that leaves the site of its listing, before anything is sent."""

    def process_request(self, request: Request) -> None:
        home = request.meta.setdefault(HOME, request.url)
        reason = may_ask(request.url, home=home)
        if reason is None:
            return
        if "redirect_urls" in request.meta:
            reason = f"a redirect is not followed: {reason}"
            if _LOGIN.search(request.url):
                raise WalkStopped("blocked", f"{reason}, which looks like a login", host_wide=True)
        raise WalkStopped("fetch error", f"not asked: {reason}")


class GuardedResolver(CachingHostnameResolver):
    """Hands on only those addresses of a host that may be connected to. Literal addresses pass through here too."""

    #: host → what it led to, where nothing was left
    refused: ClassVar[dict[str, str]] = {}

    def resolveHostName(  # noqa: N802  Twisted's names, here and below
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        receiver: Any = _Filter(hostName, resolutionReceiver)
        return super().resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


class _Filter:
    """An IResolutionReceiver in front of another one."""

    def __init__(self, host: str, receiver: Any) -> None:
        self._host = host
        self._receiver = receiver
        self._passed = False
        self._held: list[str] = []

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        if may_connect(self._host, address.host):
            self._passed = True
            self._receiver.addressResolved(address)
        else:
            self._held.append(address.host)

    def resolutionComplete(self) -> None:  # noqa: N802
        if self._held and not self._passed:
            GuardedResolver.refused[self._host] = self._held[0]
        else:
            GuardedResolver.refused.pop(self._host, None)
        self._receiver.resolutionComplete()


class AddressGuard:
    """Says why a host with refused addresses "could not be resolved", and keeps it from being tried again."""

    def process_exception(self, request: Request, exception: Exception) -> None:
        host = urlparse_cached(request).hostname or ""
        if isinstance(exception, CannotResolveHostError) and host in GuardedResolver.refused:
            found = GuardedResolver.refused[host]
            raise AddressRefused(
                "fetch error", f"not asked: {host} leads to {found}, not a public address"
            ) from exception
