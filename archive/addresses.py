"""Which IP addresses are public: where a crawl may go, and where an alert may be posted to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

#: addresses of protocols and of examples, which not every Python's ``is_global`` knows
_NOT_PUBLIC_V4 = (
    IPv4Network("192.0.0.0/24"),  # also where newer registries call two of them global
    IPv4Network("192.88.99.0/24"),  # what was the way into 6to4
)
#: global unicast; what lies outside (mapped and translated IPv4, link-local, unique local, multicast) is never public
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = (
    IPv6Network("2001::/23"),  # Teredo, which carries any IPv4 address inside, and other protocols
    IPv6Network("2002::/16"),  # 6to4, which does so too
    IPv6Network("3fff::/20"),  # examples
)


def is_public(address: str | IPv4Address | IPv6Address) -> bool:
    """Whether it is the address of a host in the open internet; False for what is no IP address."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if not found.is_global or found.is_multicast:
        return False
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _NOT_PUBLIC_V4)
    if found.scope_id is not None or found not in _PUBLIC_V6:
        return False
    return not any(found in network for network in _NOT_PUBLIC_V6)
