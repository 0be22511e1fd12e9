"""Tell what this machine has, how fast and how right its devices embed, and what to set for it.

    python workflow/scripts/doctor.py [CONFIGFILE ...]

Each configuration is laid over those before it, and all over config.yaml. Whatever is missing is said and passed over.
"""

import sys
from pathlib import Path

from knowledge_map.run.doctor import report

WORKFLOW = Path(__file__).resolve().parents[2]


def configuration() -> dict | None:
    """Return the completed configuration of the files on the command line; say why where there is none."""
    try:
        from knowledge_map.common.errors import UserError
        from status import read_configuration
    except ImportError as error:
        print(f"without the configuration: {error}")
        return None
    try:
        return read_configuration([Path(name) for name in sys.argv[1:]])
    except UserError as error:
        print(f"without the configuration: {error}")
        return None


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    for line in report(configuration(), WORKFLOW):
        print(line, flush=True)
