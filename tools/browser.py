"""Make sure that the browser tests find Debian's Chromium; on a person's machine only say how to get it."""

import os
import shutil
import subprocess
from pathlib import Path

PACKAGES = ("chromium", "fonts-dejavu-core")


def main() -> None:
    if shutil.which("chromium"):
        return
    debian = Path("/etc/debian_version").exists() and shutil.which("apt-get")
    if debian and (os.geteuid() == 0 or os.environ.get("CI") == "true"):
        print("Installing Debian's Chromium for the browser tests …", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "-y", *PACKAGES]):
            subprocess.run([*prefix, *command], check=True, env=environment, stdout=subprocess.DEVNULL)
        return
    print("The browser tests are left out: Chromium is missing (on Debian: apt-get install chromium).")


if __name__ == "__main__":
    main()
