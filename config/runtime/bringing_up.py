"""The steps of `manage.py up`, in order: database, migrations, demo, processes, and the words at the end."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.utils import get_random_secret_key

from config.runtime.archive import archive_of_settings
from config.runtime.database import Database, embedded_server, given
from config.runtime.embedded import write_secret
from config.runtime.logins import Login
from config.runtime.pango import how_to_install_pango
from config.runtime.supervisor import Child, Supervisor

Say = Callable[[str], None]
MANAGE = Path(settings.BASE_DIR) / "manage.py"
BROKER_FOLDERS = ("queue", "done", "control")
FIRST_ANSWER_WITHIN = 90.0


@dataclass(frozen=True)
class Plan:
    """What `up` was asked for."""

    var: Path
    demo: bool
    host: str
    port: int
    serve: bool


def bring_up(plan: Plan, *, say: Say) -> None:
    """Bring everything up, look after it until a signal comes, and take it down in order."""
    lay_out(plan.var)
    with database_of(plan, say=say) as (database, watches):
        prepare(plan, database)
        told = load_demo(plan, database, say=say) if plan.demo else []
        if pango := how_to_install_pango():
            say(f"PDFs need Pango, which is not here; all else works. To install it:  {pango}")
        if not plan.serve:
            say("\n".join(["Ready. Nothing was left running.", *told]))
            return
        with listening(plan, say=say) as door:
            serve(plan, database, door, watches, say=say, told=told)


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Refuse to run twice over the same data."""
    with (var / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            address = var / "address"
            where = f" at {address.read_text().strip()}" if address.is_file() else ""
            sys.stderr.write(f"Purser runs already{where}. Stop it first, or use that one.\n")
            raise SystemExit(1) from None
        yield


def lay_out(var: Path) -> None:
    """Make the folders and the signing key that every process shares."""
    for folder in (*(f"broker/{name}" for name in BROKER_FOLDERS), "files", "log", "run", "static"):
        (var / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("broker", "files", "log", "run"):
        close_to_others(var / folder)
    if not (var / "secret_key").exists():
        write_secret(var / "secret_key", get_random_secret_key())


def close_to_others(folder: Path) -> None:
    """Let nobody else on this machine look into a folder of ours. One of another user's is left to the doctor."""
    if folder.stat().st_uid == os.getuid():
        folder.chmod(0o700)


@contextmanager
def database_of(plan: Plan, *, say: Say) -> Iterator[tuple[Database, list[Callable[[], None]]]]:
    """Give the database, and what must be watched for it to stay up."""
    roles = {"owner_role": settings.DATABASE_OWNER_ROLE, "app_role": settings.DATABASE_APP_ROLE}
    if settings.DATABASE_URL_GIVEN:
        database = given(Login.from_settings(settings.DATABASES["default"]), app_role=roles["app_role"])
        if database.note:
            say(database.note)
        yield database, []
        return
    with embedded_server(plan.var, archive=archive_of_settings(), **roles) as (server, database):
        yield database, [server.start_if_dead]


def environment(plan: Plan, login: Login, *, base_url: str = "") -> dict[str, str]:
    """Return what a child process sees: the same settings, and the database as this login."""
    added = {"DATABASE_URL": login.url(), "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}
    if plan.demo:
        added["PURSER_DEMO"] = "1"
    if base_url:
        added["PURSER_BASE_URL"] = settings.ENVIRONMENT_PASSED_ON.get("PURSER_BASE_URL", base_url)
    return {**settings.ENVIRONMENT_PASSED_ON, **added}


def manage(plan: Plan, login: Login, *arguments: str) -> list[str]:
    """Run a command of manage.py to its end and return the lines it printed; its errors go to ours."""
    done = subprocess.run(
        [sys.executable, str(MANAGE), *arguments],
        env=environment(plan, login),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"{done.stdout}`manage.py {' '.join(arguments)}` failed; see above.")
    return done.stdout.splitlines()


def prepare(plan: Plan, database: Database) -> None:
    """Migrate as the owner, in a process of its own: this one never holds the owner's rights in Django."""
    manage(plan, database.owner, "prepare", "--app-role", database.app_role, "--verbosity", "0")


def load_demo(plan: Plan, database: Database, *, say: Say) -> list[str]:
    """Tell the demo's story once, and return its last words: where its pack lies."""
    kept = plan.var / "demo.txt"
    if not kept.exists() or kept.read_text().partition("\n")[0] != _identity(database):
        say("Telling the demo's story: some minutes, once.")
        lines = manage(plan, database.owner, "load_demo")
        kept.write_text("\n".join([_identity(database), *lines]))
    return [line for line in kept.read_text().splitlines()[1:] if line.strip()][-1:]


def _identity(database: Database) -> str:
    """Return words that change when the database is made anew."""
    with database.owner.connect() as connection:
        row = connection.execute(
            "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()) FROM pg_control_system()"
        ).fetchone()
    return " ".join(map(str, row or ()))


@contextmanager
def listening(plan: Plan, *, say: Say) -> Iterator[socket.socket]:
    """Open the web server's door here and hand it down, so that it stays ours while the server restarts."""
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((plan.host, plan.port))
        except OSError:
            door.bind((plan.host, 0))
            say(f"Port {plan.port} is taken; using {door.getsockname()[1]}.")
        door.listen(128)
        door.set_inheritable(True)
        yield door


def serve(
    plan: Plan, database: Database, door: socket.socket, watches: list[Callable[[], None]], *, say: Say, told: list[str]
) -> None:
    """Run the processes until a signal comes."""
    address = f"http://{plan.host}:{door.getsockname()[1]}/"
    supervisor = Supervisor(children(plan, database, door.fileno(), address), say=say, watches=watches)
    signal.signal(signal.SIGTERM, supervisor.stop)
    signal.signal(signal.SIGINT, supervisor.stop)
    try:
        supervisor.start()
        if await_answer(address, supervisor):
            (plan.var / "address").write_text(address)
            say("\n".join(["", f"Purser is at  {address}", *sign_in_words(plan, address), *told, "Ctrl-C stops it."]))
        elif not supervisor.stopping.is_set():
            raise CommandError(f"The web server does not answer:\n{tail(plan.var / 'log' / 'web.log')}")
        supervisor.run()
    finally:
        supervisor.end()
        (plan.var / "address").unlink(missing_ok=True)
    say("Stopped.")


def children(plan: Plan, database: Database, door: int, address: str) -> list[Child]:
    """Return the three processes: web, worker, beat."""
    seen = environment(plan, database.app, base_url=address.rstrip("/"))
    log = plan.var / "log"
    return [web(seen, log, door), worker(seen, log), beat(seen, log)]


def web(seen: dict[str, str], log: Path, door: int) -> Child:
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", f"--bind=fd://{door}", "--worker-class=gthread",
               "--workers=2", "--threads=4", "--graceful-timeout=5", "--log-level=warning", "--no-control-socket"]  # fmt: skip
    counts = {"PROMETHEUS_MULTIPROC_DIR": str(counts_folder(log.parent))}
    return Child("The web server", command, log / "web.log", {**seen, **counts}, pass_fds=(door,))


def counts_folder(var: Path) -> Path:
    """Return the folder in which the web processes add up their counts, empty: what ran before counted for itself."""
    folder = var / "run" / "counts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def worker(seen: dict[str, str], log: Path) -> Child:
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--concurrency=2", "--max-tasks-per-child=500",
               "--without-mingle", "--without-gossip", "--loglevel=WARNING", "--hostname=purser@%h"]  # fmt: skip
    return Child("The worker", command, log / "worker.log", seen)


def beat(seen: dict[str, str], log: Path) -> Child:
    command = [sys.executable, "-m", "celery", "-A", "config", "beat", "--loglevel=WARNING", "--pidfile="]
    return Child("The beat", command, log / "beat.log", seen)


def await_answer(address: str, supervisor: Supervisor) -> bool:
    """Wait until the sign-in page is served, and say whether it is."""
    until = time.monotonic() + FIRST_ANSWER_WITHIN
    while time.monotonic() < until and not supervisor.stopping.wait(0.2):
        supervisor.look()
        if answers(f"{address}sign-in/"):
            return True
    return False


def answers(page: str) -> bool:
    try:
        # Our own address, just opened.
        with urllib.request.urlopen(page, timeout=30):  # noqa: S310
            return True
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def sign_in_words(plan: Plan, address: str) -> list[str]:
    """Say whom to sign in as."""
    kept = plan.var / settings.FIRST_ADMINISTRATOR_FILE.name
    words = [f"Sign in as anyone, with one click:  {address}sign-in/"] if plan.demo else []
    if kept.is_file() and (token := kept.read_text().strip()):
        words.append(f"Become the first administrator, once:  {address}first-administrator/{token}/  (kept in {kept})")
    return words or [f"Sign in at  {address}sign-in/"]


def tail(path: Path, lines: int = 30) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.is_file() else ""
