"""Who may enter: JupyterHub's shared password, typed as it may be."""

from jupyterhub.authenticators.shared import SharedPasswordAuthenticator


class ClassPassword(SharedPasswordAuthenticator):
    """Lets in whoever types the class's password, and the teacher with another one."""

    async def authenticate(self, handler, data: dict[str, str]):
        """Return who it is, or None: for letters beyond ASCII, too, which the comparison of passwords can't take."""
        return await super().authenticate(handler, data) if data["password"].isascii() else None
