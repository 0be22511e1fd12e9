"""The configuration: completed from the schema, and checked before any job starts."""

import copy
import difflib
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import yaml
from jsonschema import Draft202012Validator, TypeChecker, ValidationError
from jsonschema.validators import extend

from knowledge_map.articles.discovery import files_of
from knowledge_map.articles.formats.registry import ARTICLE_FORMATS
from knowledge_map.articles.reading import check_opening
from knowledge_map.articles.records import Source
from knowledge_map.common.errors import UserError
from knowledge_map.common.items import ARTICLE, QUESTION
from knowledge_map.common.text import UNFIT_IN_PATH, reason_of, shown
from knowledge_map.common.vectors import GIVEN
from knowledge_map.embedding.blocks import BLOCK
from knowledge_map.embedding.model import EmbeddingModel, model_of
from knowledge_map.map.keeping import FORMER, reducer_beside
from knowledge_map.map.table import SCHEMA as MAP_SCHEMA
from knowledge_map.questions.domains import Domain, domain_lines, read_domains
from knowledge_map.questions.reading import read_reported_questions
from knowledge_map.questions.records import Question
from knowledge_map.questions.report import QuestionReport
from knowledge_map.run.paths import check_path, expand_paths

FLOAT32 = 4
"""Bytes of a number."""

PICKLE_UP_TO = 500_000
"""Articles up to which `map.pickle: auto` writes one: of vectors of 1,024 numbers, 5 GB."""

PAGE_FILE_UP_TO = 500_000
"""Articles up to which `page.form: auto` makes the page one file: of so many, 40 MB."""

SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""That of libyaml, if it is there, which takes a seventh of the time."""

LARGEST, DEEPEST = 1_000_000, 20
"""Characters and values of a configuration, and its levels; those at hand have some thousand and five."""


def _is_number(checker: TypeChecker, value: object) -> bool:
    """Return whether a value is a number of some size: YAML has words for NaN and infinity, which pass every range."""
    return Draft202012Validator.TYPE_CHECKER.is_type(value, "number") and math.isfinite(cast(float, value))


Validator = extend(Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("number", _is_number))


def complete(config: dict, schema_path: str | Path) -> dict:
    """Return `config` with the schema's defaults filled in and its paths expanded.

    Raises UserError, one line, at the first thing that is wrong.
    """
    _check_extent(config)
    schema = read_schema(schema_path)
    completed = _with_defaults(copy.deepcopy(config), schema)
    error = next(iter(sorted(Validator(schema).iter_errors(completed), key=lambda e: e.json_path)), None)
    if error is not None:
        raise UserError(f"configuration: {_explained(error)}")
    return expand_paths(completed)


@cache
def read_schema(path: str | Path) -> dict:
    """Return the schema of the configuration; names and options of formats come from the registry of article formats.

    A key with `x-names: articles` takes the formats of sources, one with `x-names: files` those of files. A format with options
    has a section of its name, whose keys take their defaults from it. A file is read once: what is returned is not to be changed.
    """
    schema = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=SAFE_LOADER)
    names = {"files": ["auto", *ARTICLE_FORMATS], "articles": ["auto", *ARTICLE_FORMATS, "huggingface"]}
    source = schema["properties"]["articles"]["items"]["properties"]
    for key in (source["format"], schema["properties"]["projection"]["properties"]["format"]):
        key["enum"] = names[key["x-names"]]
    for each in ARTICLE_FORMATS.values():
        for name, default in each.options.items():
            source[each.name]["properties"][name]["default"] = list(default) if isinstance(default, tuple) else default
    return schema


def _check_extent(config: dict) -> None:
    """Raise UserError where a configuration is larger than any is.

    An alias of YAML is a value that is there once and counts many times: nested, a few lines make more than memory holds as
    soon as anything walks through them, as a message about them does.
    """
    values, extent, level = [config], 0, 0
    while values:
        extent += len(values) + sum(len(value) for value in values if isinstance(value, str | bytes))
        level += 1
        if extent > LARGEST or level > DEEPEST:
            raise UserError(
                f"configuration: more than {LARGEST:,} characters or {DEEPEST} levels, an alias (*name) counted as what "
                "it stands for; take out what is no setting."
            )
        if any(isinstance(value, int) and value.bit_length() > 1_000 for value in values):  # Python refuses to print the largest
            raise UserError("configuration: a whole number of more than 300 digits; take out what is no setting.")
        inner = (_within(value) for value in values if isinstance(value, dict | list))
        values = list(islice(chain.from_iterable(inner), LARGEST + 1))


def _within(value: dict | list) -> Iterator[object]:
    return chain(value, value.values()) if isinstance(value, dict) else iter(value)


def _with_defaults(value: Any, schema: dict) -> Any:
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            # An empty section is one in which nothing is set.
            missing = name not in value or (value[name] is None and part.get("type") == "object")
            if missing and "default" in part:
                value[name] = copy.deepcopy(part["default"])
            if name in value:
                value[name] = _with_defaults(value[name], part)
    elif isinstance(value, list) and "items" in schema:
        value = [_with_defaults(item, schema["items"]) for item in value]
    elif isinstance(value, float) and value.is_integer() and "integer" in schema.get("type", ""):
        value = int(value)  # JSON Schema takes 15.0 for an integer; Python's ranges do not
    return value


def _explained(error: ValidationError) -> str:
    key = error.json_path.removeprefix("$.").removeprefix("$")
    schema = cast(dict[str, Any], error.schema)
    if error.validator == "additionalProperties":
        known = sorted(schema["properties"])
        unknown = sorted(set(cast(dict, error.instance)) - set(known), key=str)[0]
        meant = difflib.get_close_matches(str(unknown), known, n=1)
        return f"unknown key `{f'{key}.' if key else ''}{shown(str(unknown))}`" + (f"; is `{meant[0]}` meant?" if meant else ".")
    description = schema.get("description", "").strip()
    # A value with a password in it is not said again.
    message = "no such value is allowed" if schema.get("x-secret") else shown(error.message, 500)
    return f"`{key}`: {message}." + (f" ({description})" if description else "")


@dataclass(frozen=True)
class Inputs:
    """What the configuration names, found and read."""

    sources: list[Source]
    files: dict[str, list[Path]]
    question_files: list[str]
    questions: list[Question]
    question_report: QuestionReport
    named_domains: list[Domain]
    article_model: EmbeddingModel
    question_model: EmbeddingModel

    def told(self) -> list[str]:
        """Return what there is to tell of questions and domains, in lines for people."""
        return (self.question_report.lines() if self.question_files else []) + domain_lines(self.named_domains, self.questions)

    @property
    def questions_have_vectors(self) -> bool:
        """Whether there are questions, and all bring vectors along."""
        return bool(self.questions) and all(question.vector for question in self.questions)

    @property
    def model_needed(self) -> bool:
        """Whether the model embeds anything."""
        return not all(source.has_vectors for source in self.sources) or bool(self.questions and not self.questions_have_vectors)

    @property
    def article_key(self) -> str:
        """What names the folder of the articles' vectors; where none are embedded, there is none."""
        return self.article_model.key() if self.model_needed else GIVEN

    @property
    def question_key(self) -> str:
        """What names the folder of the questions' vectors."""
        return self.question_model.key() if self.model_needed and not self.questions_have_vectors else GIVEN


def check_inputs(config: dict) -> Inputs:
    """Find every file and the model that a completed configuration names, and read the questions.

    Raises UserError, one line, for a missing file, a broken question file, a model that is not there, a results folder
    that cannot be written, and settings that contradict each other.
    """
    try:
        return _found(config)
    except OSError as error:  # a name too long for any disk, a folder that may not be looked into
        name = shown(os.fsdecode(error.filename or ""))
        raise UserError(f"configuration: {name}: {reason_of(error)}; correct this path.") from None


def _found(config: dict) -> Inputs:
    _check_settings(config)
    sources = [Source.of(source) for source in config["articles"]]
    names = [source.name for source in sources]
    folded = {name.casefold() for name in names}
    if len(folded) < len(names):  # files are called after them, and not every file system tells A from a
        raise UserError("configuration: two entries of `articles` have the same name, but for case; each needs one of its own.")
    question_files = [config["questions"]] if isinstance(config["questions"], str) else config["questions"] or []
    check_path(config["results"], "results")
    check_path(config["projection"]["path"] or "", "projection.path")
    for number, source in enumerate(sources):
        check_path(source.path, f"articles[{number}].path")
        check_path(source.vectors or "", f"articles[{number}].vectors")
    for path in question_files:
        check_path(path, "questions")
    check_path(config["domains"] or "", "domains")
    for source in sources:
        _check_on_hub(source)
        _check_carried(source)
        if source.query and source.on_hub:
            raise UserError(
                f"articles: {source.name}: a query is for files on this machine; fetch the dataset, and give its folder."
            )
    projection_settings(config)
    _check_start(config)
    article_model, question_model = embedding_models(config)
    _check_writable(Path(config["results"]))
    questions, question_report = read_reported_questions(question_files)
    files = {source.name: files_of(source) for source in sources}
    for number, source in enumerate(sources):
        for file in files[source.name]:
            check_path(str(file), f"articles[{number}].path")
    inputs = Inputs(
        sources=sources,
        files=files,
        question_files=question_files,
        questions=questions,
        question_report=question_report,
        named_domains=read_domains(config["domains"]) if config["domains"] else [],
        article_model=article_model,
        question_model=question_model,
    )
    if inputs.model_needed:
        article_model.folder()
        _check_endpoint(config["embedding"]["endpoint"])
    _check_dimensions(inputs, config["embedding"])
    return inputs


def _check_dimensions(inputs: Inputs, embedding: dict) -> None:
    """Raise UserError where vectors cannot be of one space, or be cut to `embedding.dimensions`."""
    model = inputs.article_model
    found: dict[str, int | None] = {}
    for source in inputs.sources:
        if not source.on_hub and (source.has_vectors or source.query or source.column_names.settings()):
            found[f"the vectors of {source.name}"] = check_opening(source)
    given = [question for question in inputs.questions if question.vector]
    if given and len(given) < len(inputs.questions):
        raise UserError(
            f"questions: {len(given):,} of {len(inputs.questions):,} have an `embedding`; give it to all of them, or to none."
        )
    found |= {f"`embedding` of {question.item_id}": len(question.vector) // FLOAT32 for question in given}
    if inputs.model_needed:
        found[f"embedding.model ({model.model})"] = model.dimension()
    known = {what: dimension for what, dimension in found.items() if dimension}
    first = next(iter(known), "")
    other = next((what for what, dimension in known.items() if dimension != known[first]), None)
    if other:
        raise UserError(
            f"configuration: {known[first]:,} dimensions in {first}, {known[other]:,} in {other}; all vectors must be of one "
            "space. Set embedding.model to the model that made the others, or give the questions an `embedding`, too."
        )
    if embedding["dimensions"] and not embedding["force_dimensions"] and model.is_matryoshka() is False:
        raise UserError(
            f"configuration: embedding.dimensions is {embedding['dimensions']:,}, but the files of {model.model} do not say that "
            "the first dimensions of a vector stand for all (Matryoshka); embedding.force_dimensions cuts them all the same."
        )


def embedding_models(config: dict) -> tuple[EmbeddingModel, EmbeddingModel]:
    """Return how a completed configuration embeds articles, and how questions."""
    embedding = config["embedding"]
    served = embedding["endpoint"]
    common = {name: embedding[name] for name in ("model", "revision", "max_tokens", "precision")}
    if served:
        # The number type is the server's own affair, and so is a commit.
        common |= {"model": served["model"], "revision": None, "precision": "auto", "served_dimensions": served["dimensions"]}
    return (
        model_of({**common, "kind": ARTICLE, "template": embedding["article_template"], "prompt": embedding["article_prompt"]}),
        model_of({**common, "kind": QUESTION, "template": "{text}", "prompt": embedding["question_prompt"]}),
    )


def endpoint_settings(config: dict) -> dict | None:
    """Return where a served model is and how it is asked, None for a model in this process; nothing of it changes a vector."""
    endpoint = config["embedding"]["endpoint"]
    return endpoint and {name: value for name, value in endpoint.items() if name not in ("model", "dimensions")}


def block_size(config: dict) -> int:
    """Return how many texts are saved together: those of one request to a server, so that no more can be lost."""
    endpoint = config["embedding"]["endpoint"]
    return endpoint["batch"] if endpoint else BLOCK


def _check_endpoint(endpoint: dict | None) -> None:
    """Raise UserError where the key of a server is nowhere."""
    variable = endpoint["key_variable"] if endpoint else None
    if variable and not os.environ.get(variable):
        raise UserError(f"embedding.endpoint.key_variable: the environment variable {variable} is not set; set it to the key.")


def projection_settings(config: dict) -> dict:
    """Return the settings of `projection`, with `columns` and `carry` of the source that they name in place of its name.

    `append` is among them only where it is set: projections made before there was the choice stay valid. Raises UserError where
    there is no source of that name, or where questions are to be appended.
    """
    projection = dict(config["projection"])
    if not projection["append"]:
        del projection["append"]
    elif projection["kind"] == "questions":
        raise UserError(
            "configuration: projection.append is for articles, but projection.kind is questions; name the file under `questions`."
        )
    name = projection.pop("source")
    if name is None:
        return projection
    entry = next((entry for entry in config["articles"] if entry["name"] == name), None)
    if entry is None:
        raise UserError(f"configuration: projection.source is {shown(name)}, and no entry of `articles` has that name.")
    return projection | {key: entry[key] for key in ("columns", "carry")}


def start_of(config: dict) -> Path | None:
    """Return the former map from which the layout of a completed configuration grows; None where it begins anew."""
    start = config["layout"]["start"]
    return Path(config["results"]) / FORMER if start == "keep" else Path(start) if start else None


def _check_start(config: dict) -> None:
    """Raise UserError where the former map is not there, is no map, is the map itself, or has no reducer beside it."""
    start, own = start_of(config), Path(config["results"]) / "knowledge_map.parquet"
    if start is None:
        return
    check_path(str(start), "layout.start")
    if not start.exists():
        remedy = "name a knowledge_map.parquet of an earlier run"
        if config["layout"]["start"] == "keep":
            remedy = "keep the finished map first: snakemake --cores 1 keep_layout --config 'layout={start: null}'"
        raise UserError(f"layout.start: {start}: no such file; {remedy}, or set layout.start to null.")
    if own.exists() and start.samefile(own):
        raise UserError(
            f"layout.start: {start} is the map that is to be made; keep it first by the target keep_layout, and set "
            "layout.start to keep."
        )
    try:
        columns = pq.read_schema(start.absolute()).names  # not by `open_parquet`, which takes a file for one of ours
    except (OSError, ValueError) as error:
        raise UserError(f"layout.start: {start}: no knowledge map ({reason_of(error)}); name a knowledge_map.parquet.") from None
    missing = [field.name for field in MAP_SCHEMA if field.name not in (*columns, "trust", "stretch")]
    if missing:
        raise UserError(f"layout.start: {start}: no knowledge map, it has no column {missing[0]}; name a knowledge_map.parquet.")
    if reducer_beside(start) is None:
        raise UserError(f"layout.start: {start}: no umap_reducer.pkl beside it; put the reducer of the earlier run there.")


def _check_carried(source: Source) -> None:
    """Raise UserError where a carried column would have the name of another on the map; DuckDB and others ignore the case."""
    own = {name.casefold(): "a column of the map itself" for name in (*MAP_SCHEMA.names, "text", "embedding")}
    for each in source.column_names.carried:
        folded = each.name.casefold()
        if UNFIT_IN_PATH.search(each.name) or not each.name.strip():
            raise UserError(f"articles: {source.name}: carry: {each.name!r} is no name; give it one by `as`.")
        if folded in own:
            raise UserError(f"articles: {source.name}: carry: `{each.name}` is {own[folded]}; give it another name by `as`.")
        own[folded] = "carried already"


def _check_on_hub(source: Source) -> None:
    """Raise UserError where a source on the hub does not say which dataset it is, and of which revision."""
    if source.on_hub and not re.fullmatch(r"[\w.-]+/[\w.-]+", source.path):
        raise UserError(f"articles: {source.name}: {source.path} is no dataset on the hub; give its `path` as owner/name.")
    if source.on_hub and source.huggingface is None:
        raise UserError(
            f"articles: {source.name}: name the commit of {source.path} that is meant as `huggingface: {{revision: ...}}`, "
            "so that the articles stay the same."
        )
    if source.huggingface is not None and not source.on_hub:
        raise UserError(f"articles: {source.name}: has settings for `huggingface`, but its format is {source.format}.")


def _check_settings(config: dict) -> None:
    umap, k = config["umap"], config["neighbors"]["k"]
    if config["layout"]["method"] == "umap" and k < umap["n_neighbors"] - 1:
        raise UserError(
            f"configuration: umap.n_neighbors is {umap['n_neighbors']}, which needs neighbors.k of at least "
            f"{umap['n_neighbors'] - 1}; it is {k}."
        )
    if umap["min_dist"] > umap["spread"]:
        raise UserError(f"configuration: umap.min_dist is {umap['min_dist']}, above umap.spread ({umap['spread']}).")
    _find_tags(config)
    _check_page(config)
    for coarse, fine in pairwise(sorted(config["labels"]["grid"])):
        if fine % coarse:
            raise UserError(
                f"configuration: labels.grid has {coarse} and {fine}, which is no multiple of it; each level divides the cells "
                "of the one before, as in [8, 16, 32, 64]."
            )


def _find_tags(config: dict) -> None:
    """Set the column that labels take tags from to the first that is carried as tags, unless one is named.

    Raises UserError where labels are to come from tags that no source carries.
    """
    labels = config["labels"]
    columns = [column for source in config["articles"] for column in source.get("carry") or [] if not isinstance(column, str)]
    as_tags = [column.get("as") or column["column"] for column in columns if column.get("type") == "tags"]
    labels["tags"] = labels["tags"] or next(iter(as_tags), None)
    wanted = [labels["from"]] if isinstance(labels["from"], str) else labels["from"]
    if labels["tags"] is None and "tags" in wanted:
        raise UserError("configuration: labels.from has `tags`; carry a column of the type `tags`, or name one as labels.tags.")
    if labels["tags"] is not None:
        _check_is_carried(config, "labels.tags", labels["tags"])


def _check_page(config: dict) -> None:
    """Raise UserError where the page is to show a column that no source carries."""
    for name in config["page"]["columns"] or []:
        _check_is_carried(config, "page.columns", name)


def _check_is_carried(config: dict, setting: str, name: str) -> None:
    """Raise UserError where no source carries the column that a setting names."""
    carried = {name for source in config["articles"] for name in _carried(source)}
    if name not in carried:
        raise UserError(
            f"configuration: {setting}: no source carries a column `{shown(name)}`; "
            + (f"carried are {', '.join(sorted(carried))}." if carried else "none carries any column.")
        )


def _carried(source: dict) -> list[str]:
    """Return the names that the columns carried by a source have on the map."""
    columns = source.get("carry") or []
    return [column if isinstance(column, str) else column.get("as") or column["column"] for column in columns]


def has_pickle(wanted: str, articles: int) -> bool:
    """Return whether a run over so many articles writes the pickle, by `map.pickle`."""
    return wanted == "always" or (wanted == "auto" and articles <= PICKLE_UP_TO)


def has_tiles(form: str, articles: int) -> bool:
    """Return whether the page of a run over so many articles is one of tiles, by `page.form`."""
    return form == "tiles" or (form == "auto" and articles > PAGE_FILE_UP_TO)


def check_size(articles: int, questions: int, k: int) -> None:
    """Raise UserError where there are too few items for neighbor lists of length `k`."""
    items = articles + questions
    if articles < 2 or items < 4:
        raise UserError(f"{articles:,} articles and {questions:,} questions: a map needs at least 2 articles, 4 items in all.")
    if items <= k:
        raise UserError(
            f"{articles:,} articles and {questions:,} questions are too few for neighbors.k = {k}: every item needs {k} others; "
            f"set neighbors.k to at most {items - 1} and umap.n_neighbors to at most {items}, or add articles."
        )


def _check_writable(results: Path) -> None:
    """Raise UserError unless something can be made at `results` or, before it exists, in the folder that will hold it."""
    existing = next(_upwards(results))
    if not existing.is_dir():
        raise UserError(f"configuration: `results` leads through {existing}, which is not a folder.")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(f"configuration: the results folder {results} cannot be written; fix its permissions or set `results`.")


def _upwards(path: Path) -> Iterator[Path]:
    return (folder for folder in [path, *path.absolute().parents] if folder.exists())
