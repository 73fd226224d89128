# SPDX-License-Identifier: MIT
"""HTTP servers under wrk: requests per second, CPU per request, latency."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from statistics import median

from . import table
from .build import SOURCE
from .machine import LOAD_CORE, SERVER_CORE
from .program import Missing, failure, pin, servers

NGINX = "nginx"
SERVERS = {
    table.OURS: "gev-http",
    "Go": "go-http",
    "(uvloop, no parser)": "uvloop_http.py",
    "gevent": "gevent_http.py",
}
CONNECTIONS = 100
SECONDS = 1
ROUNDS = 7
CONFIGURATION = """\
daemon off;
master_process off;
pid {directory}/pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {directory};
    proxy_temp_path {directory};
    fastcgi_temp_path {directory};
    uwsgi_temp_path {directory};
    scgi_temp_path {directory};
    keepalive_requests 1000000000;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            default_type text/plain;
            return 200 "hello, world\\n";
        }}
    }}
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Nginx:
    """One nginx process, which answers without looking at a file."""

    def __init__(self):
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            raise Missing("nginx-light is not installed")
        self.port = free_port()
        self.directory = tempfile.TemporaryDirectory()
        path = os.path.join(self.directory.name, "nginx.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(
                directory=self.directory.name, port=self.port))
        self.process = subprocess.Popen(
            [program, "-p", self.directory.name, "-c", path, "-e", "stderr"],
            preexec_fn=pin(SERVER_CORE), stderr=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        while not answers(self.port):
            if self.process.poll() is not None:
                raise failure(self.process.stderr.read())
            time.sleep(0.01)

    def stop(self):
        self.process.kill()
        self.process.communicate()
        self.directory.cleanup()


def cpu_seconds(pid):
    return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3)


def wrk_figures(port, path=""):
    """(requests, those of a second, median and 99 % of the time in us)."""
    result = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s",
         "-s", SOURCE / "net/wrk.lua", f"http://127.0.0.1:{port}/{path}"],
        preexec_fn=pin(LOAD_CORE), capture_output=True, text=True, check=False)
    figures = [line.split()[1:] for line in result.stdout.splitlines()
               if line.startswith("figures")]
    if not figures:
        raise failure(result.stderr or "wrk printed no figures")
    requests, microseconds, failed, middle, high = map(float, figures[0])
    if failed or not requests:
        raise Missing(f"{failed:.0f} requests failed")
    return requests, requests / microseconds * 1e6, middle, high


def wrk(server):
    """(ns of CPU per request, requests per second, median and 99 % in us)."""
    before = cpu_seconds(server.pid)
    requests, *rest = wrk_figures(server.port)
    return (cpu_seconds(server.pid) - before) * 1e9 / requests, *rest


def measure(running, missing):
    rounds = {label: [] for label in running}
    for _ in range(ROUNDS):
        for label, server in list(running.items()):
            try:
                rounds[label].append(wrk(server))
            except Missing as reason:
                missing[label] = reason
                del running[label], rounds[label]
    return {label: [median(column) for column in zip(*r)]
            for label, r in rounds.items()}


def http(name):
    if not shutil.which("wrk"):
        print(f"\n{name}: wrk is not installed")
        return []
    with servers(SERVERS) as (running, missing):
        try:
            running[NGINX] = nginx = Nginx()
        except Missing as reason:
            missing[NGINX], nginx = reason, None
        try:
            figures = measure(running, missing)
        finally:
            if nginx:
                nginx.stop()
    table.print_heading(
        f"{name}: {CONNECTIONS} keep-alive connections, one core for the "
        "server (targets: 1.05 x nginx's CPU, Go's / 1.3)",
        "CPU ns", "requests/s", "median us", "99 % us")
    for label, row in figures.items():
        table.print_row(label, *(f"{value:.0f}" for value in row))
    table.print_missing(missing)
    return compared(name, {label: row[0] for label, row in figures.items()})


def compared(name, cpu):
    """CPU per request as a share of that of nginx, and of Go's."""
    found = []
    for peer, target in (NGINX, 1.05), ("Go", 1 / 1.3):
        if table.OURS in cpu and peer in cpu:
            found.append(table.Figure(f"{name}, CPU x {peer}'s",
                                      cpu[table.OURS] / cpu[peer], target))
    return found


BENCHES = {"http": http}
