"""Listening addresses: how to reach one from this machine, and whether it is free."""

from __future__ import annotations

import errno
import socket


def reached_at(host: str) -> str:
    """The host to connect to; what listens everywhere is reached on loopback."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def http_address(host: str, port: int) -> str:
    """A listening address as a URL, without a trailing slash."""
    reached = reached_at(host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def family_of(host: str) -> socket.AddressFamily:
    """IPv6 for a literal with colons, else IPv4."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def why_not_bindable(host: str, number: int) -> str:
    """Empty when the port is free; else what stands against it."""
    with socket.socket(family_of(host), socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "in use by another program"
            return f"cannot bind: {error.strerror}"
    return ""
