# What the rules share: the checked configuration, and the functions that find their inputs.

import json
import os
import sys
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

# Of this file, not of the main Snakefile, which may be another that uses this workflow as a module.
WORKFLOW = Path(str(workflow.current_basedir)).parent
sys.path.insert(0, str(WORKFLOW / "scripts"))

from knowledge_map.articles.discovery import rows_needed
from knowledge_map.articles.records import Source
from knowledge_map.articles.shards import read_manifest
from knowledge_map.common.errors import UserError
from knowledge_map.map.keeping import reducer_beside
from knowledge_map.neighbors.approximate import uses_index
from knowledge_map.run.closing import closing_summary
from knowledge_map.run.configuration import (
    block_size,
    check_inputs,
    check_size,
    complete,
    endpoint_settings,
    has_pickle,
    has_tiles,
    projection_settings,
    start_of,
)
from knowledge_map.run.paths import check_environment
from knowledge_map.run.stopping import stop_in_good_order

try:
    check_environment()
    config.update(complete(config, WORKFLOW / "schemas" / "config.schema.yaml"))
    INPUTS = check_inputs(config)
    START = start_of(config)
except UserError as error:
    raise WorkflowError(str(error)) from None

# Threads of a job that wait for each other leave the processor to others. On a busy machine, those that try again and again
# take most of it, and the job three times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

RESULTS = config["results"].rstrip("/")
MANIFEST = f"{RESULTS}/shards/manifest.json"
ARTICLE_MODEL = INPUTS.article_key
QUESTION_MODEL = INPUTS.question_key
# A job on a CUDA device has a GPU for itself: SLURM gives it one, and so does `--resources gpu=2` on one machine.
GPUS = int(config["embedding"]["device"].startswith("cuda"))

# Items that the reducer of a large map knows.
REDUCER_ITEMS = 50_000

# So many articles are few: a job over all of them spends more time on starting than on computing.
FEW = 4_000


wildcard_constraints:
    source="[A-Za-z0-9._-]+",
    shard="[0-9a-f]{16}",
    model="[a-z0-9-]+",
    block="[0-9]+",
    blocks="[0-9]+",


def canonical(settings):
    """Settings as one string: Snakemake records values without their names, and would miss two that changed places.

    A function returns it, since Snakemake looks for wildcards in a plain string with braces.
    """
    return lambda wildcards: json.dumps(settings, sort_keys=True)


# Where a model is served, and how it is asked; the key itself stays in the environment.
ENDPOINT = canonical(endpoint_settings(config))
# What encoders keep of a model: the batches that fit, and by which vectors it is known again.
ENCODER_DIR = f"{RESULTS}/.partial/{ARTICLE_MODEL}"


def growing(mem_mb):
    """Memory that grows with the attempt."""
    return lambda wildcards, attempt: mem_mb * attempt


def reading_threads(wildcards):
    """Threads of the job that reads the sources: one is enough where little is to be read."""
    size = sum(Path(file).stat().st_size for file in source_files(wildcards) if Path(file).exists())
    return config["threads"] if size > 10_000_000 else 1


def embedding_threads(wildcards):
    """Threads of an embedding job: as configured, or else one, or a larger share where there are fewer shards than cores."""
    if config["embedding"]["threads"] != "auto":
        return config["embedding"]["threads"]
    known = known_manifest()
    if not on_this_machine() or known is None:
        return 1
    cores = min(workflow.resource_settings.cores or 1, config["threads"])
    return max(1, cores // len(known["shards"]))


def question_threads(wildcards):
    """Threads of the job that embeds the questions.

    Of few questions nearly all of it is loading the model: it takes no core from the shards, and runs beside them.
    """
    few = len(INPUTS.questions) <= 100 and on_this_machine()
    return 0 if few else embedding_threads(wildcards)


def on_this_machine():
    """Whether all jobs run on this machine, whose cores Snakemake knows."""
    return workflow.local_exec and not workflow.remote_exec


def threads_for_articles(wildcards):
    """Threads of a job over all articles: of few, jobs side by side are done sooner than one after the other on all cores."""
    known = known_manifest()
    return 1 if known and known["articles"] < FEW else config["threads"]


def refinement_threads(wildcards):
    """Threads of a refinement: half of the cores where there are two, which are done sooner side by side.

    Most of a step is done by one thread.
    """
    threads = threads_for_articles(wildcards)
    if not (has_uniform_weight() and on_this_machine()):
        return threads
    return max(1, min(workflow.resource_settings.cores or 1, threads) // 2)


def known_manifest():
    """The manifest that there is now, be it of an earlier run; None where there is none that can be read."""
    try:
        return manifest_as_of(Path(MANIFEST).stat().st_mtime_ns)
    except (OSError, UserError):
        return None  # threads are no place to complain: whoever needs the manifest does


@cache
def manifest_as_of(modified):
    """The manifest that was written at this time: every job of a run asks for it."""
    return read_manifest(MANIFEST)


def source_files(wildcards):
    """The files of all sources on this machine, and those of their vectors."""
    files = [str(file) for source in INPUTS.sources for file in INPUTS.files[source.name]]
    return files + [source.vectors for source in INPUTS.sources if source.vectors]


def fetched_datasets(wildcards):
    """The records of the sources on the hub."""
    return [f"{RESULTS}/fetched/datasets/{source.name}.json" for source in INPUTS.sources if source.on_hub]


def dataset(wildcards):
    """What is fetched of a source on the hub, as one string."""
    source = next(source for source in INPUTS.sources if source.name == wildcards.source)
    needed = {
        "dataset": source.path,
        **source.huggingface,
        "rows": rows_needed(source, config["shards"]["max_dropped"]),
    }
    return json.dumps(needed, sort_keys=True)


def wait_for_model():
    """Make Snakemake fetch the model first where it is on the hub.

    As a checkpoint and not as an input of the jobs that embed: a record that is lost or written again would embed a corpus anew.
    """
    if INPUTS.model_needed and INPUTS.article_model.on_hub:
        checkpoints.fetch_model.get()


def question_files(wildcards):
    """The files of questions, if there are any, once the model is there."""
    wait_for_model()
    return INPUTS.question_files


def audited_questions(wildcards):
    """The files of questions, of which there must be some."""
    if not INPUTS.questions:
        raise WorkflowError("question_audit: there are no questions; name a file of them as `questions`.")
    return question_files(wildcards)


def bundled_questions(wildcards):
    """The files of questions, once it is known that each domain can have a file of its own."""
    from knowledge_map.views.domain_bundle import bundled_domains  # half of the package, for this rule alone

    try:
        bundled_domains(INPUTS.questions, INPUTS.named_domains)
    except UserError as error:
        raise WorkflowError(str(error)) from None
    return question_files(wildcards)


def domain_file(wildcards):
    """The file of domains, where the configuration names one."""
    return config["domains"] or []


def manifest():
    """The manifest, once it and the model are there: asking for it makes Snakemake shard first and then look at the graph anew."""
    try:
        content = read_manifest(checkpoints.shard.get().output.manifest)
        check_size(content["articles"], len(INPUTS.questions), config["neighbors"]["k"])
    except UserError as error:
        raise WorkflowError(str(error)) from None
    wait_for_model()  # so that no rule runs again where the model was only fetched again
    return content


def beside_manifest(names):
    """The files of these names that the sharding wrote: Snakemake knows of the manifest alone."""
    paths = [f"{RESULTS}/shards/{name}.parquet" for name in names]
    for path in paths:
        if not Path(path).exists():
            raise WorkflowError(
                f"{path}: missing; delete {MANIFEST} and run the workflow again to make it anew."
            )
    return paths


def shards(wildcards):
    """The shards of the manifest, in order."""
    return beside_manifest(entry["shard"] for entry in manifest()["shards"])


def carried_table(wildcards):
    """The table of carried columns, where there are any."""
    content = manifest()
    return beside_manifest([content["carried"]["table"]])[0] if "carried" in content else []


def embedded_shards(wildcards):
    """Their embeddings, in the same order, once the model is there; of a source with vectors the sharding wrote these."""
    wait_for_model()
    shards(wildcards)  # are there
    return [
        # Its name tells its content.
        (
            ancient(*beside_manifest([entry["vectors"]]))
            if "vectors" in entry
            else f"{RESULTS}/embeddings/{ARTICLE_MODEL}/{entry['shard']}.parquet"
        )
        for entry in manifest()["shards"]
    ]


def table_settings():
    """What decides the embedding table besides its vectors, as parameters; none where nothing is set, as before there were any."""
    settings = {name: config["embedding"][name] for name in ("dimensions", "stored_as")}
    return {} if settings == {"dimensions": None, "stored_as": "float32"} else {"table": canonical(settings)}


def neighbor_blocks(wildcards):
    """The blocks of the neighbor graph: as many jobs as the articles fill."""
    blocks = -(-manifest()["articles"] // config["neighbors"]["block_size"])
    return [f"{RESULTS}/neighbors/{block}-of-{blocks}.parquet" for block in range(blocks)]


def index_if_used(wildcards):
    """The index of a map with so many articles that it is asked, and with which effort it is to be searched."""
    if not uses_index(config["neighbors"]["method"], manifest()["articles"]):
        return []
    return [f"{RESULTS}/neighbors/index.faiss", f"{RESULTS}/neighbors/recall.json"]


def neighbor_settings(wildcards):
    """What decides the neighbors of a block, as one string; for exact ones the same as before there was a choice by size."""
    k = config["neighbors"]["k"]
    exact = {"k": k, "method": "exact", "nprobe": 64}
    return json.dumps({"k": k, "method": "index"} if index_if_used(wildcards) else exact, sort_keys=True)


def neighbor_threads(wildcards):
    """Threads of a block: the index is asked by one, for several blocks side by side; a block that is compared takes all."""
    known = known_manifest()
    by_index = known and uses_index(config["neighbors"]["method"], known["articles"])
    return 1 if by_index else threads_for_articles(wildcards)


def is_large():
    """Whether the map is too large for UMAP to hold all its vectors."""
    return manifest()["articles"] > config["layout"]["reducer_up_to"]


def umap_settings(wildcards):
    """The settings of UMAP as one string, with what its reducer is of where the map is large; none where there is no UMAP."""
    if config["layout"]["method"] != "umap":
        return json.dumps({})
    return json.dumps(config["umap"] | ({"reducer_of": REDUCER_ITEMS} if is_large() else {}), sort_keys=True)


def ways(wildcards):
    """Which ways the run takes for so many articles."""
    return {
        "index": bool(index_if_used(wildcards)),
        "graph_alone": is_large(),
        "umap": config["layout"]["method"] == "umap",
        "grown": START is not None,
        "pickle": bool(pickle_if_wanted(wildcards)),
        "tiles": has_tiles(config["page"]["form"], manifest()["articles"]),
    }


def pickle_if_wanted(wildcards):
    """The map as a pickle, where the configuration asks for one of so many articles."""
    wanted = has_pickle(config["map"]["pickle"], manifest()["articles"])
    return [f"{RESULTS}/knowledge_map.pkl"] if wanted else []


def wanted_page(wildcards):
    """The page in the form that the configuration asks for, of so many articles."""
    tiled = has_tiles(config["page"]["form"], manifest()["articles"])
    return rules.page_tiles.output.page if tiled else rules.map_page.output.page


def when_sharded(path):
    """A file with a fixed name that comes after the sharding.

    An input function that asks for the manifest keeps the rule from running again when the sharding ran again and found
    nothing new.
    """

    def input_function(wildcards):
        manifest()
        return path

    return input_function


def has_uniform_weight():
    """Whether the layout is refined a second time, with light questions."""
    return bool(INPUTS.questions) and config["refinement"]["enabled"] and not START


def uniform_weight_layout(wildcards):
    """The layout with light questions that shows the price of their weight, where there is a weight.

    A layout that grows from a former map, in which questions were heavy, could not show it.
    """
    if not has_uniform_weight():
        return []
    manifest()
    return f"{RESULTS}/uniform_weight.parquet"


def projected_questions(wildcards):
    """The questions placed on the finished map, where the configuration names some."""
    projection = config["projection"]
    return f"{RESULTS}/projection.parquet" if projection["path"] and projection["kind"] == "questions" else []


def shards_and_placed(wildcards):
    """The files with the texts of a map to which placed articles were appended, in its order."""
    return [*shards(wildcards), f"{RESULTS}/projection.parquet"]


def appended_map(wildcards):
    """The map with the placed articles, in all its forms."""
    tiled = has_tiles(config["page"]["form"], manifest()["articles"])
    names = [
        "knowledge_map.parquet",
        "labels.parquet",
        "articles.json",
        "page/index.html" if tiled else "knowledge_map.html",
    ]
    names += ["knowledge_map.pkl"] * bool(pickle_if_wanted(wildcards))
    return [f"{RESULTS}/appended/{name}" for name in names]


def new_items(wildcards):
    """The file whose items are to be placed on the finished map."""
    path = config["projection"]["path"]
    if path is None:
        raise WorkflowError(
            "project: name the file of new items, e.g. --config 'projection={path: new.jsonl}'."
        )
    if not Path(path).exists():
        raise WorkflowError(f"project: {path}: no such file; fix projection.path.")
    return path


# An importer of this workflow handles its signals itself.
if workflow.modifier.is_main_snakefile():
    # Ctrl-C at a terminal reaches all processes at once; only Snakemake shall listen, and end the jobs in good order.
    shell.prefix("set -euo pipefail; trap '' INT; ")


onstart:
    stop_in_good_order()


onsuccess:
    known = known_manifest()
    wanted = bool(known) and has_pickle(config["map"]["pickle"], known["articles"])
    tiled = bool(known) and has_tiles(config["page"]["form"], known["articles"])
    print("\n".join(closing_summary(Path(RESULTS), INPUTS.told(), wanted, tiled)), file=sys.stderr)
