# SPDX-License-Identifier: MIT
"""Build the programs, in a directory of their own."""

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
ROOT = SOURCE.parent
BUILD = (ROOT / (os.environ.get("BUILD", "build") + "-bench")).resolve()


def must(command, **options):
    if subprocess.run(command, check=False, **options).returncode:
        sys.exit(f"bench/run: {command[0]} failed")


def build():
    # Whatever can't be installed is reported where it is missed.
    subprocess.run([ROOT / "tools/deps", "build", "bench"], check=False)
    setup = ["meson", "setup", "-Dbench=true", BUILD, ROOT]
    if (BUILD / "build.ninja").exists():
        setup.insert(2, "--reconfigure")
    must(setup, stdout=subprocess.DEVNULL)
    must(["ninja", "--quiet", "-C", BUILD, "benches"])
