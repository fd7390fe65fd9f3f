"""What can keep the product from starting: each fault says what is wrong and what to do next."""


class StartupError(Exception):
    """A start that cannot go on, told in one plain sentence with the next step.

    `code` is stable and names the check of `anxin doctor` that explains it.
    """

    code = "start"

    def __init__(self, problem: str, next_step: str) -> None:
        super().__init__(f"{problem}\n  Next step: {next_step}")
        self.problem = problem
        self.next_step = next_step


class FolderError(StartupError):
    """The data folder cannot be written, entered or trusted."""

    code = "folder"


class CorruptDataError(StartupError):
    """The database files are damaged, incomplete or of another major version."""

    code = "data"


class AlreadyRunningError(StartupError):
    """Another live process holds the same data folder."""

    code = "running"


class PortTakenError(StartupError):
    """Somebody else listens on the address that the web wants."""

    code = "port"


class OpenWallError(StartupError):
    """The database would let one tenant see another's rows."""

    code = "walls"


class ServerDownError(StartupError):
    """A server, embedded or real, did not come up or does not answer."""

    code = "server"
