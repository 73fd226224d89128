# SPDX-License-Identifier: MIT
"""Build the programs, in a directory of their own."""

import os
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
ROOT = SOURCE.parent
BUILD = (ROOT / (os.environ.get("BUILD", "build") + "-bench")).resolve()


def build():
    # Whatever can't be installed is reported where it is missed.
    subprocess.run([ROOT / "tools/deps", "build", "bench"], check=False)
    setup = ["meson", "setup", "-Dbench=true", BUILD, ROOT]
    if (BUILD / "build.ninja").exists():
        setup.insert(2, "--reconfigure")
    subprocess.run(setup, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "--quiet", "-C", BUILD, "benches"], check=True)
