"""Tell how far a run is, from its files alone; it may be going on, here or on other machines.

    python workflow/scripts/status.py [CONFIGFILE ...]

In the folder in which the workflow runs; each configuration is laid over those before it, and all over config.yaml.
"""

import argparse
import sys
from pathlib import Path

import yaml
from snakemake.utils import update_config

from knowledge_map.common.errors import UserError
from knowledge_map.run.configuration import block_size, complete, embedding_models
from knowledge_map.run.status import as_text, read_status

SCHEMA = Path(__file__).resolve().parents[1] / "schemas" / "config.schema.yaml"


def read_configuration(over: list[Path]) -> dict:
    """Return the completed configuration: files laid over config.yaml and each other, as Snakemake does it.

    There need be no config.yaml where there are others.
    """
    base = [Path("config.yaml")] if Path("config.yaml").exists() or not over else []
    config = {}
    for path in base + over:
        try:
            update_config(config, yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        except (OSError, ValueError, AttributeError, yaml.YAMLError) as error:
            raise UserError(f"{path}: cannot be read as a configuration ({' '.join(str(error).split())}).") from None
    return complete(config, SCHEMA)


def main() -> None:
    """Print the status of the run that the configuration files on the command line describe."""
    parser = argparse.ArgumentParser(description="Tell how far a run is, from its files alone.")
    parser.add_argument("configfile", type=Path, nargs="*", help="laid over config.yaml, as by snakemake --configfile")
    over = parser.parse_args().configfile
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        config = read_configuration(over)
        article_model, _ = embedding_models(config)
        print(as_text(read_status(Path(config["results"]), article_model.key(), block=block_size(config))))
    except (UserError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
