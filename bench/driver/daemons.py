# SPDX-License-Identifier: MIT
"""Servers of others with a thread for each client, native and under gev run.

Both run at the same time, on the same core, and are loaded in turn by 100
clients on another.
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from . import table
from .build import BUILD
from .http import answers, cpu_seconds, free_port, wrk_figures
from .machine import LOAD_CORE, SERVER_CORE
from .program import Missing, failure, pin

NATIVE = "threads"
WAYS = {table.OURS: [BUILD / "src" / "tool" / "gev", "run"], NATIVE: []}
CLIENTS = 100
ROUNDS = 7
PATIENCE = 30  # seconds
KERNEL_STACK = 16384
PR_SET_PDEATHSIG = 1
SBIN = os.environ["PATH"] + ":/usr/sbin"

APACHE = """\
ServerName localhost
ServerRoot {path}
DocumentRoot {path}
Listen 127.0.0.1:{port}
PidFile {path}/pid
ErrorLog /dev/stderr
LoadModule mpm_{mpm}_module /usr/lib/apache2/modules/mod_mpm_{mpm}.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
Mutex file:{path}
StartServers 1
ServerLimit 1
ThreadLimit 200
ThreadsPerChild 200
MaxRequestWorkers 200
MaxKeepAliveRequests 0
"""
BODY = "gev" * 1000

SERVER = "mariadb-server"
ROWS = 10000
TABLE = f"""\
create database b; use b;
create table t (k int primary key, v text, n int) engine=innodb;
insert into t select seq, repeat(seq, 20), 0 from seq_1_to_{ROWS};
"""
QUERIES = 10000
SELECT = "select v from b.t where k = {}"
UPDATE = "update b.t set n = n + 1 where k = {}"


def many(statement):
    """With keys from all over the table."""
    return "; ".join(statement.format(1 + i * 7919 % ROWS) for i in range(100))


def find(program, package):
    path = shutil.which(program, path=SBIN)
    if not path:
        raise Missing(f"{package} is not installed")
    return path


def local_answers(path):
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(path) == 0


class Place:
    """A directory of nobody's, whom root's servers run as."""

    def __init__(self):
        self.owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.path = tempfile.mkdtemp(prefix="gev-", dir="/tmp")
        self.give(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def give(self, path):
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def write(self, name, text):
        path = os.path.join(self.path, name)
        Path(path).write_text(text, encoding="ascii")
        self.give(path)
        return path

    def settle(self, core):
        def settle():
            pin(core)()
            if self.owner:
                os.setgroups([])
                os.setgid(self.owner.pw_gid)
                os.setuid(self.owner.pw_uid)
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        return settle

    def start(self, *command, core=SERVER_CORE, **options):
        try:
            return subprocess.Popen(
                command, preexec_fn=self.settle(core), cwd=self.path,
                start_new_session=True, stdin=subprocess.DEVNULL, text=True,
                env={**os.environ, "HOME": self.path, "LC_ALL": "C"},
                **options)
        except PermissionError as error:
            raise Missing(f"nobody may not run {command[0]}") from error

    def run(self, *command, **options):
        process = self.start(*command, core=LOAD_CORE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, **options)
        out, err = process.communicate()
        if process.returncode:
            raise failure(err)
        return out


class Daemon:
    """A server, and all processes it makes."""

    def __init__(self, place, way, *command, ready):
        self.log = open(place.write("log", ""), "r+", encoding="ascii",
                        errors="replace")
        self.process = place.start(*way, *command, stdout=self.log,
                                   stderr=self.log)
        end = time.monotonic() + PATIENCE
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                self.log.seek(0)
                raise failure(self.log.read())
            time.sleep(0.02)

    def pids(self):
        """Those of its session."""
        listed = subprocess.run(["ps", "-o", "pid=", "-s",
                                 str(self.process.pid)],
                                capture_output=True, text=True, check=False)
        return [int(pid) for pid in listed.stdout.split()]

    def cpu(self):
        return sum(map(cpu_seconds, self.pids()))

    def memory(self):
        """Bytes: what is resident, page tables, and the kernel's stacks."""
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                name, value, *_ = line.split() + [""]
                if name in ("RssAnon:", "RssShmem:", "VmPTE:"):
                    total += 1024 * int(value)
                elif name == "Threads:":
                    total += KERNEL_STACK * int(value)
        return total

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@contextmanager
def apache(mpm, way):
    find("wrk", "wrk")
    with Place() as place:
        port = free_port()
        place.write("body", BODY)
        config = place.write("conf", APACHE.format(path=place.path, port=port,
                                                   mpm=mpm))
        with Daemon(place, way, find("apache2", "apache2-bin"), "-D",
                    "FOREGROUND", "-f", config,
                    ready=lambda: answers(port)) as daemon:
            yield daemon, lambda: wrk_figures(port, "body")[:2]


def slap(place, path, statement):
    """(queries, and how many there were in a second)."""
    out = place.run(find("mysqlslap", SERVER), "--no-defaults", "-S",
                    path, "-u", "root", "--create-schema=b", "--no-drop",
                    f"--concurrency={CLIENTS}", f"--query={many(statement)}",
                    "--delimiter=;", f"--number-of-queries={QUERIES}", "--csv")
    return QUERIES, QUERIES / float(out.split(",")[2])


@contextmanager
def mariadb(statement, way):
    with Place() as place:
        path, data = place.path + "/s", f"--datadir={place.path}/data"
        place.run(find("mariadb-install-db", SERVER), "--no-defaults", data,
                  "--skip-test-db",
                  "--auth-root-authentication-method=normal")
        with Daemon(place, way, find("mariadbd", SERVER), "--no-defaults",
                    data, f"--socket={path}", "--skip-networking",
                    f"--max-connections={2 * CLIENTS}",
                    "--innodb-flush-log-at-trx-commit=2",
                    *(["--user=nobody"] if place.owner else []),
                    ready=lambda: local_answers(path)) as daemon:
            place.run(find("mariadb", SERVER), "--no-defaults", "-S", path,
                      "-u", "root", "-e", TABLE)
            yield daemon, lambda: slap(place, path, statement)


def round_of(daemon, load):
    """(s for a request, s of CPU for one, bytes)."""
    before = daemon.cpu()
    requests, rate = load()
    return 1 / rate, (daemon.cpu() - before) / requests, daemon.memory()


def load_all(running, missing):
    """What each was found to take; one that fails is dropped."""
    found = {}
    for label, server in list(running.items()):
        try:
            found[label] = round_of(*server)
        except Missing as reason:
            missing[label] = reason
            del running[label]
    return found


def measure(serve):
    """Figures by label; who is missing, with the reason."""
    running, missing = {}, {}
    with ExitStack() as stack:
        for label, way in WAYS.items():
            try:
                running[label] = stack.enter_context(serve(way))
            except Missing as reason:
                missing[label] = reason
        load_all(running, missing)  # warms up
        rounds = [load_all(running, missing) for _ in range(ROUNDS)]
    return {label: [median(r[label][i] for r in rounds) for i in range(3)]
            for label in running}, missing


def compare(what, found, column):
    if NATIVE not in found:
        return []
    return table.figures(what, {label: values[column] / found[NATIVE][column]
                                for label, values in found.items()}, 1)


def bench(title, serve, *args):
    def run(name):
        table.print_heading(
            f"{name}: {title} for {CLIENTS} clients, native and under gev run,"
            " on one core", "requests/s", "us of CPU", "MiB")
        found, missing = measure(lambda way: serve(*args, way))
        for label, (clock, cpu, size) in found.items():
            table.print_row(label, f"{1 / clock:.0f}", f"{cpu * 1e6:.1f}",
                            f"{size / (1 << 20):.1f}")
        table.print_missing(missing)
        return (compare(f"{name}, time of threads", found, 0) +
                compare(f"{name}, CPU of threads", found, 1))
    return run


BENCHES = {
    "apache": bench("Apache's worker MPM", apache, "worker"),
    "apache-event": bench("Apache's event MPM", apache, "event"),
    "mariadb": bench("MariaDB's rows by key", mariadb, SELECT),
    "mariadb-update": bench("MariaDB's updates", mariadb, UPDATE),
}
