"""Addresses of this machine: is a port free, under which address a phone on the same network finds us, is the web up."""

import http.client
import socket
from contextlib import closing

from workers.embedded.faults import PortTakenError

# Documentation addresses (RFC 5737, RFC 3849): nothing is sent to them, the kernel only picks the way out.
ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def require_port(host: str, port: int) -> None:
    """Find out early that the address is taken.

    Raises:
        PortTakenError: with a port that is free.
    """
    try:
        _try(host, port)
    except OSError as error:
        if isinstance(error, socket.gaierror):
            raise PortTakenError(
                f"The address {host} is not one of this machine.", "Leave HOST out, or: make run HOST=127.0.0.1"
            ) from error
        if isinstance(error, PermissionError):
            raise PortTakenError(
                f"Port {port} is reserved for root.", f"Choose another port: make run PORT={_free_port(host)}"
            ) from error
        raise PortTakenError(
            f"Port {port} on {host} is taken by another program.",
            f"Stop that program, or choose another port: make run PORT={_free_port(host, port)}",
        ) from error


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens there."""
    try:
        _try(host, port)
    except OSError:
        return False
    return True


def network_address(host: str) -> str:
    """The address under which others reach us: HOST itself, or the way out when we listen everywhere."""
    if host not in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not bound
        return host
    for family, target in ELSEWHERE:
        try:
            with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
                probe.connect((target, 9))
                found = str(probe.getsockname()[0])
        except OSError:
            continue
        return f"[{found}]" if family == socket.AF_INET6 else found
    return "localhost"


def local_address(host: str) -> str:
    """The address under which this machine reaches itself."""
    return "localhost" if host in {"0.0.0.0", "::", "", "127.0.0.1", "::1"} else host  # noqa: S104 - compared, not bound


def answers(host: str, port: int, path: str = "/health") -> bool:
    """Whether the web says that it is well."""
    target = "127.0.0.1" if local_address(host) == "localhost" else host
    connection = http.client.HTTPConnection(target, port, timeout=3)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _try(host: str, port: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
    with closing(socket.socket(family, kind, protocol)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def _free_port(host: str, taken: int = 7999) -> int:
    return next((port for port in range(max(taken, 1023) + 1, 65536) if is_free(host, port)), 0)
