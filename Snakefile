# From a collection of articles and a set of questions to a map of knowledge. The rules come in the order of the data.

from snakemake.utils import min_version

min_version("9.0")


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/articles.smk"
include: "workflow/rules/embedding.smk"
include: "workflow/rules/neighbors.smk"
include: "workflow/rules/layout.smk"
include: "workflow/rules/map.smk"
include: "workflow/rules/labels.smk"
include: "workflow/rules/page.smk"
include: "workflow/rules/domains.smk"
include: "workflow/rules/diagnostics.smk"
include: "workflow/rules/projection.smk"
include: "workflow/rules/verification.smk"
include: "workflow/rules/estimate.smk"


rule all:
    default_target: True
    input:
        # Named, since Snakemake does not miss a deleted file that only a finished job has asked for.
        embedded_shards,
        rules.knowledge_map.output,
        pickle_if_wanted,
        rules.articles_json.output,
        rules.knn_labels.output,
        rules.map_picture.output,
        wanted_page,
        rules.diagnostics.output,
        rules.moved.output if START else [],
        appended_map if config["projection"]["append"] else [],
    localrule: True
    message:
        "Everything is there"
