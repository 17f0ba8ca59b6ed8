"""Libraries of others that a comparison needs, brought by npm into the comparison's own folder."""

import shutil
import subprocess
from pathlib import Path


def installed(folder: Path, title: str) -> bool:
    """Whether what a folder's package.json names is there, or can be brought; if not, say what is left out."""
    if (folder / "node_modules").is_dir():
        return True
    if not shutil.which("npm"):
        print(f"{title}: left out, for npm is missing (it comes with Node.js)")
        return False
    brought = subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=folder).returncode == 0
    if not brought:
        print(f"{title}: left out, for ‘npm ci’ failed in {folder}")
    return brought
