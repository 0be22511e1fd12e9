"""Show the page of tiles of a run on this machine.

    python workflow/scripts/serve.py [--port PORT] [CONFIGFILE ...]

In the folder in which the workflow runs; each configuration is laid over those before it, and all over config.yaml.
"""

import argparse
import sys
from pathlib import Path

from knowledge_map.common.errors import UserError
from knowledge_map.run.serving import serve
from status import read_configuration


def main() -> None:
    """Serve the page of the run that the configuration files on the command line describe, until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Show the page of tiles on this machine.")
    parser.add_argument("configfile", type=Path, nargs="*", help="laid over config.yaml, as by snakemake --configfile")
    parser.add_argument("--port", type=int, default=8000, help="0 is any that is free")
    arguments = parser.parse_args()
    try:
        config = read_configuration(arguments.configfile)
        serve(
            Path(config["results"]) / "page", arguments.port, lambda address: print(f"{address}   (Ctrl-C ends it)", flush=True)
        )
    except (UserError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
