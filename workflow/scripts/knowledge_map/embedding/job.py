"""The job of one shard, in a process of its own (see `common.afresh`): `python -m knowledge_map.embedding.job`."""

from knowledge_map.common.afresh import settings_of_job
from knowledge_map.common.job import logging_to
from knowledge_map.embedding.embed import embed_shard
from knowledge_map.embedding.encoders import encoder_opener
from knowledge_map.embedding.model import model_of


def main() -> None:
    """Embed a shard, with the settings that the other process hands over."""
    settings = settings_of_job()
    with logging_to(settings["log"], settings["name"], going_on=True):
        model = model_of(settings["model"])
        embed_shard(
            settings["shard"],
            settings["output"],
            settings["partial"],
            model,
            encoder_opener(model, settings["threads"], settings),
            settings["block_size"],
            float(settings["device_memory"]),
        )


if __name__ == "__main__":
    main()
