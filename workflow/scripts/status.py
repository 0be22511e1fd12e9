"""Tell how far a run is, from its files alone; it may be going on, here or on other machines.

python workflow/scripts/status.py --configfile config/wikipedia-250k.yaml
"""

import argparse
import os
import sys
from pathlib import Path

import yaml
from knowledge_map.configuration import complete
from knowledge_map.errors import UserError
from knowledge_map.status import as_text, read_status
from snakemake.utils import update_config

SCHEMA = Path(__file__).resolve().parents[1] / "schemas" / "config.schema.yaml"


def read_configuration(paths: list[Path]) -> dict:
    """Return the completed configuration: each file is laid over those before, as Snakemake does it."""
    config = {}
    for path in paths:
        try:
            update_config(config, yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        except (OSError, ValueError, AttributeError, yaml.YAMLError) as error:
            raise UserError(f"{path}: cannot be read as a configuration ({' '.join(str(error).split())}).") from None
    return complete(config, SCHEMA)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configfile", type=Path, nargs="+", default=[], help="as for snakemake: laid over config.yaml")
    parser.add_argument("--directory", type=Path, default=Path(), help="as for snakemake: where it runs")
    arguments = parser.parse_args()
    over = [path.absolute() for path in arguments.configfile]
    sys.stdout.reconfigure(errors="replace")
    try:
        os.chdir(arguments.directory)
        print(as_text(read_status(read_configuration([path for path in [Path("config.yaml")] if path.exists()] + over))))
    except (UserError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
