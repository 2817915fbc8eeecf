"""Which addresses the operator calls for users: none that only it can reach, or that give away what it is.

Users of a namespace write URLs that the operator calls from its own place in the network. Refused are its own machine
(loopback), the node's neighbourhood and the clouds' metadata (link-local, and two that are not), and the API server.
Names are checked by what they resolve to, each time a connection is made.
"""

import asyncio
import ipaddress
import os
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

_METADATA = {ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")}

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class RefusedError(OSError):
    """The operator does not call this address; the message says why."""


class Guard(AbstractResolver):
    """A resolver that gives no forbidden address."""

    def __init__(self, apiserver: Iterable[str] = (), *, loopback: bool = False) -> None:
        """``apiserver``: names or addresses of the API server. ``loopback``: allow the own machine, for tests."""
        self._apiserver = {name for name in (*apiserver, os.environ.get("KUBERNETES_SERVICE_HOST")) if name}
        self._loopback = loopback
        self._inner = ThreadedResolver()

    async def check(self, url: str) -> None:
        """Raises RefusedError for a URL at a forbidden address, OSError for one at none."""
        host = urlsplit(url).hostname
        if not host:
            raise RefusedError(f"{url} names no host")
        await self.resolve(host, urlsplit(url).port or 0)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of ``host``. Raises RefusedError if any of them is forbidden."""
        if host in self._apiserver:
            raise RefusedError(f"{host} is the API server, which Slipway does not call for users")
        found = await self._inner.resolve(host, port, family)
        known = await self._known()
        for result in found:
            if why := self._forbidden(result["host"], known):
                raise RefusedError(
                    f"{host} is at {result['host']}, {why}, which Slipway does not call for users"
                )
        return found

    async def close(self) -> None:
        """Nothing is held."""
        await self._inner.close()

    def _forbidden(self, text: str, apiserver: set[str]) -> str | None:
        address = _meant(text.partition("%")[0])
        if str(address) in apiserver:
            return "the API server"
        if address.is_loopback:
            return None if self._loopback else "the operator's own machine"
        if address in _METADATA:
            return "a cloud's metadata service"
        if address.is_link_local:
            return "a link-local address"
        return "no address of a program" if address.is_unspecified or address.is_multicast else None

    async def _known(self) -> set[str]:
        """The API server's addresses; a name of it that does not resolve leads nowhere anyway."""
        addresses: set[str] = set()
        for name in self._apiserver:
            try:
                infos = await asyncio.get_running_loop().getaddrinfo(name, None)
            except OSError:
                continue
            addresses |= {str(info[4][0]) for info in infos}
        return addresses


def _meant(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address, or the IPv4 address that an IPv6 one stands for."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
