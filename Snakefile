# From a pile of articles and a set of questions to a map of knowledge. The rules come in the order of the data.

from snakemake.utils import min_version

min_version("9.0")


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/stopping.smk"
include: "workflow/rules/hub.smk"
include: "workflow/rules/articles.smk"
include: "workflow/rules/embed.smk"
include: "workflow/rules/neighbors.smk"
include: "workflow/rules/layout.smk"
include: "workflow/rules/map.smk"
include: "workflow/rules/labels.smk"
include: "workflow/rules/diagnostics.smk"
include: "workflow/rules/project.smk"


# Shorter than the wait for a slot in a queue; where there is no queue it makes no difference.
localrules:
    all,
    fetch_dataset,
    fetch_model,
    neighbor_graph,
    knowledge_map,
    articles_json,
    map_picture,
    map_page,
    verify,


rule all:
    default_target: True
    input:
        # Named, since Snakemake does not miss a deleted file that only a finished job has asked for.
        embedded_shards,
        rules.knowledge_map.output,
        rules.map_pickle.output,
        rules.map_picture.output,
        rules.map_page.output,
        rules.articles_json.output,
        rules.knn_labels.output,
        rules.diagnostics.output,
