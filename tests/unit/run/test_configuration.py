"""The configuration: completed from its schema, and its mistakes named before any job starts."""

import copy
import json
import re
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from knowledge_map.common.errors import UserError
from knowledge_map.run.configuration import check_inputs, check_size, complete, has_pickle, projection_settings, read_schema
from knowledge_map.run.paths import check_environment

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
ARTICLES = {"articles": [{"name": "wiki", "path": "wiki.jsonl"}]}


def load(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def keys_of(schema: dict, name: str = "") -> list[tuple[str, dict, bool]]:
    """Return every key of the schema: its name, its part of the schema, and whether it must be given."""
    keys = []
    for key, part in schema.get("properties", {}).items():
        keys.append((f"{name}{key}", part, key in schema.get("required", [])))
        keys += keys_of(part, f"{name}{key}.") + keys_of(part.get("items", {}), f"{name}{key}[].")
    return keys


KEYS = keys_of(read_schema(SCHEMA))


def with_setting(name: str, value: object) -> dict:
    """Return the least configuration with one key, "section.key", set."""
    config = copy.deepcopy(ARTICLES)
    *sections, key = name.split(".")
    inner = config
    for section in sections:
        inner = inner.setdefault(section, {})
    inner[key] = value
    return config


def refusal(config: dict) -> str:
    with pytest.raises(UserError) as error:
        complete(config, SCHEMA)
    assert "\n" not in str(error.value)
    return str(error.value)


# --- the schema


@pytest.mark.parametrize(("part", "required"), [key[1:] for key in KEYS], ids=[key[0] for key in KEYS])
def test_every_key_and_section_is_described_and_has_a_type_and_a_default_or_is_required(part, required):
    assert part["description"].strip()
    assert "type" in part or "enum" in part
    assert required != ("default" in part)


@pytest.mark.parametrize("name", [name for name, part, _ in KEYS if part.get("type") in ("integer", "number")])
def test_every_number_has_a_range(name):
    part = next(part for key, part, _ in KEYS if key == name)
    assert "minimum" in part or "exclusiveMinimum" in part


def test_the_ready_configurations_are_valid():
    paths = [*sorted((ROOT / "config").glob("*.yaml")), None]
    assert len(paths) > 1
    for path in paths:
        config = load(ROOT / "config.yaml")
        if path:
            update_config(config, load(path))  # as Snakemake does with --configfile
        complete(config, SCHEMA)


# --- completing


def test_every_default_is_filled_in():
    config = complete(ARTICLES, SCHEMA)
    unset = tuple(f"{name}." for name, part, _ in KEYS if "properties" in part and part.get("default", {}) is None)
    for name, part, required in KEYS:
        if not required and "[]" not in name and not name.startswith(unset) and part.get("type") != "object":
            value = config
            for key in name.split("."):
                value = value[key]
            assert value == part["default"]
    settings = dict.fromkeys(["limit", "sample_seed", "columns", "query", "vectors", "carry", "mediawiki", "huggingface"])
    assert config["articles"] == [ARTICLES["articles"][0] | settings | {"format": "auto"}]


def test_what_is_given_is_kept_and_the_given_configuration_is_not_changed():
    given = with_setting("umap.n_neighbors", 7)
    before = copy.deepcopy(given)
    assert complete(given, SCHEMA)["umap"]["n_neighbors"] == 7
    assert given == before


def test_completing_twice_changes_nothing():
    once = complete(ARTICLES, SCHEMA)
    assert json.dumps(complete(once, SCHEMA)) == json.dumps(once)


def test_a_whole_number_with_a_point_is_a_whole_number():
    config = complete(with_setting("neighbors.k", 20.0), SCHEMA)
    assert repr(config["neighbors"]["k"]) == "20"
    assert repr(complete(with_setting("umap.min_dist", 1.0), SCHEMA)["umap"]["min_dist"]) == "1.0"


@pytest.mark.parametrize("name", [name for name, part, _ in KEYS if part.get("type") == "object"])
def test_an_empty_section_takes_its_defaults(name):
    assert complete(with_setting(name, None), SCHEMA) == complete(ARTICLES, SCHEMA)


# --- what is refused

UNKNOWN = {
    "embeding": "unknown key `embeding`; is `embedding` meant?",
    "umap.n_neighbours": "unknown key `umap.n_neighbours`; is `n_neighbors` meant?",
    "labels.zzz": "unknown key `labels.zzz`.",
}


@pytest.mark.parametrize(("name", "said"), UNKNOWN.items())
def test_an_unknown_key_is_named_with_the_one_that_may_be_meant(name, said):
    assert said in refusal(with_setting(name, 1))


def test_unknown_keys_of_any_type_are_named():
    assert "unknown key `1`" in refusal(ARTICLES | {1: 1, "zzz": 2})


WRONG = [
    ("shards.size", "many"),
    ("shards.size", 2.5),
    ("shards.size", True),
    ("shards.max_dropped", 1.01),
    ("shards.max_dropped", -0.1),
    ("umap", []),
    ("umap.n_neighbors", 1),
    ("umap.metric", "hamming"),
    ("umap.spread", 0),
    ("umap.spread", float("nan")),
    ("umap.learning_rate", float("inf")),
    ("embedding.max_tokens", 0),
    ("embedding.device", "gpu"),
    ("embedding.precision", "float8"),
    ("embedding.article_template", "{title}"),
    ("embedding.article_template", "{text} {url}"),
    ("refinement.enabled", "no"),
    ("refinement.question_weight", 0),
    ("labels.grid", [10, 10]),
    ("questions", 3),
    ("results", "results/{sample}"),
    ("articles", []),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{name} {value!r}" for name, value in WRONG])
def test_a_wrong_value_is_named_by_its_key(name, value):
    assert refusal(with_setting(name, value)).startswith(f"configuration: `{name}`: ")


def test_a_refusal_says_what_the_key_is_for():
    assert "(Neighbors of an item, itself included; larger shows" in refusal(with_setting("umap.n_neighbors", 500))


@pytest.mark.parametrize("url", ["https://me:opensesame@host/v1", "https://host/v1?key=opensesame"])
def test_a_refused_address_is_not_said_again_for_it_may_hold_a_key(url):
    said = refusal(with_setting("embedding.endpoint", {"url": url, "model": "m"}))
    assert "`embedding.endpoint.url`: no such value is allowed" in said and "opensesame" not in said


@pytest.mark.parametrize("name", ["question", "wiki pedia", "../wiki", "", "x" * 65])
def test_a_source_needs_a_name_of_its_own_kind(name):
    assert "`articles[0].name`" in refusal({"articles": [{"name": name, "path": "wiki.jsonl"}]})


def test_a_configuration_without_articles_is_refused():
    assert "'articles' is a required property" in refusal({})


def nested(value: object, levels: int, times: int) -> object:
    for _ in range(levels):
        value = [value] * times
    return value


def endless() -> list:
    value: list = []
    value.append(value)
    return value


GROWING = {
    "lists of aliases": nested("x", 9, 10),
    "objects of aliases": nested({}, 9, 10),
    "long texts": nested("x" * 10_000, 3, 10),
    "levels": nested(1, 30, 1),
    "a list that holds itself": endless(),
    "a long text": "x" * 2_000_000,
}


@pytest.mark.parametrize("value", GROWING.values(), ids=GROWING)
@pytest.mark.parametrize("name", ["results", "umap", "unknown", "labels.grid"])
def test_a_configuration_that_grows_without_end_is_refused_at_once(name, value):
    assert "an alias (*name) counted as" in refusal(with_setting(name, value))


@pytest.mark.parametrize("name", ["threads", "umap.seed", "unknown", "labels.grid"])
def test_a_number_too_long_to_be_printed_is_refused(name):
    for value in (10**5_000, -(10**5_000), [10**5_000]):
        assert "a whole number of more than 300 digits" in refusal(with_setting(name, value))


@pytest.mark.parametrize("value", ["\n", "\x1b[31m", "\ud800", "x" * 5_000], ids=ascii)
def test_a_refusal_is_a_line_that_can_be_printed(value):
    for config in (with_setting("umap.metric", value), with_setting("umap", {value: 1}), ARTICLES | {value: 1}):
        message = refusal(config)
        assert message.isprintable() and len(message) < 2_000


# --- what the configuration names


@pytest.fixture
def config(tmp_path) -> dict:
    """Return a sound configuration whose files are there."""
    (tmp_path / "wiki.jsonl").write_text('{"id": 1, "title": "Cell", "text": "The smallest unit of life."}\n')
    (tmp_path / "quiz.json").write_text('[{"question": "What is a cell?"}]')
    sources = [{"name": "wiki", "path": str(tmp_path / "wiki.jsonl")}]
    return complete({"articles": sources, "questions": str(tmp_path / "quiz.json"), "results": str(tmp_path / "out")}, SCHEMA)


def test_a_sound_configuration_is_found_and_read(config, tmp_path):
    inputs = check_inputs(config)
    assert inputs.files == {"wiki": [tmp_path / "wiki.jsonl"]}
    assert inputs.question_files == [str(tmp_path / "quiz.json")]
    assert [question.text for question in inputs.questions] == ["What is a cell?"]
    assert inputs.article_model.template == "{title}. {text}"
    assert inputs.question_model.template == "{text}"
    assert not (tmp_path / "out").exists()


def test_there_may_be_no_questions(config):
    assert check_inputs(config | {"questions": None}).questions == []
    assert check_inputs(config | {"questions": []}).questions == []


CONTRADICTIONS = {
    "graph too small": (
        {"umap": {"n_neighbors": 17}},
        "umap.n_neighbors is 17, which needs neighbors.k of at least 16; it is 15",
    ),
    "grids that do not nest": ({"labels": {"grid": [8, 20, 4]}}, "labels.grid has 8 and 20, which is no multiple of it"),
    "labels from tags without a column": (
        {"labels": {"from": "tags"}},
        "carry a column of the type `tags`, or name one as labels.tags",
    ),
    "a column of the page that no source carries": (
        {"page": {"columns": ["year"]}},
        "page.columns: no source carries a column `year`; none carries any column",
    ),
    "tags that no source carries": ({"labels": {"tags": "topic"}}, "no source carries a column `topic`; none carries any column"),
    "packed looser than spread": ({"umap": {"min_dist": 1.5}}, r"umap.min_dist is 1.5, above umap.spread \(1.0\)"),
}


@pytest.mark.parametrize(("settings", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_settings_that_contradict_each_other_are_refused(config, settings, said):
    update_config(config, settings)
    with pytest.raises(UserError, match=said):
        check_inputs(config)


def test_the_largest_neighborhood_of_a_graph_is_allowed(config):
    update_config(config, {"umap": {"n_neighbors": 16, "min_dist": 1.0}})
    check_inputs(config)


ON_HUB = {
    "name": "wiki",
    "format": "huggingface",
    "path": "wikimedia/wikipedia",
    "huggingface": {"revision": "0123456789" * 4, "folder": "20231101.en"},
}


def test_a_source_on_the_hub_has_no_files_before_it_is_fetched(config):
    assert check_inputs(complete(config | {"articles": [ON_HUB]}, SCHEMA)).files == {"wiki": []}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"path": "data/wiki/20231101.en"}, "data/wiki/20231101.en is no dataset on the hub; give its `path` as owner/name"),
        ({"huggingface": None}, "name the commit of wikimedia/wikipedia that is meant as `huggingface: {revision: ...}`"),
        ({"huggingface": {"revision": "main"}}, "`articles[0].huggingface.revision`: 'main' does not match"),
        ({"huggingface": {"folder": "en"}}, "'revision' is a required property"),
        ({"huggingface": ON_HUB["huggingface"] | {"folder": "2023*"}}, "`articles[0].huggingface.folder`: '2023*'"),
        ({"format": "parquet"}, "has settings for `huggingface`, but its format is parquet"),
    ],
    ids=["path", "nothing", "branch", "no revision", "folder", "format"],
)
def test_a_source_on_the_hub_that_is_not_fully_named_is_refused(config, change, said):
    with pytest.raises(UserError) as error:
        check_inputs(complete(config | {"articles": [ON_HUB | change]}, SCHEMA))
    assert said in str(error.value)


@pytest.mark.parametrize("change", [str, str.swapcase])
def test_two_sources_of_one_name_are_refused_even_if_they_differ_in_case(config, change):
    (source,) = config["articles"]
    with pytest.raises(UserError, match="two entries of `articles` have the same name"):
        check_inputs(config | {"articles": [source, source | {"name": change(source["name"])}]})


@pytest.mark.parametrize(
    ("carry", "said"),
    [
        (["X"], "carry: `X` is a column of the map itself; give it another name by `as`"),
        ([{"column": "year", "as": "Embedding"}], "`Embedding` is a column of the map itself"),
        (["words", {"column": "text", "as": "Words"}], "`Words` is carried already"),
        ([{"column": "year", "as": "a\nb"}], "is no name; give it one by `as`"),
    ],
)
def test_a_carried_column_needs_a_name_of_its_own(config, carry, said):
    with pytest.raises(UserError, match=re.escape(said)):
        check_inputs(config | {"articles": [config["articles"][0] | {"carry": carry}]})


def test_a_column_that_a_table_does_not_have_is_refused_before_any_job(config, tmp_path):
    (tmp_path / "papers.csv").write_text("paper,abstract\n1,a\n")
    source = config["articles"][0] | {"path": str(tmp_path / "papers.csv"), "columns": {"text": "abstrct"}}
    with pytest.raises(
        UserError, match=r"no column `abstrct`, which `columns.text` of the source names; it has: paper, abstract$"
    ):
        check_inputs(config | {"articles": [source]})


def test_articles_are_appended_and_questions_are_not(config):
    config["projection"]["append"] = True
    assert projection_settings(config)["append"]
    config["projection"]["kind"] = "questions"
    with pytest.raises(UserError, match=r"projection\.append is for articles, but projection\.kind is questions"):
        projection_settings(config)


def test_a_projection_is_read_as_the_source_that_it_names(config):
    before = {name: value for name, value in config["projection"].items() if name not in ("source", "append")}
    assert projection_settings(config) == before
    carrying = config["articles"][0] | {"carry": ["year"]}
    named = {"articles": [carrying], "projection": config["projection"] | {"source": "wiki"}}
    assert projection_settings(config | named) == before | {"columns": None, "carry": ["year"]}
    with pytest.raises(UserError, match=r"projection\.source is wiki, and no entry of `articles` has that name"):
        check_inputs(config | named | {"articles": [carrying | {"name": "other"}]})


def test_what_is_missing_is_named(config, tmp_path):
    absent = str(tmp_path / "absent.json")
    with pytest.raises(UserError, match=absent):
        check_inputs(config | {"questions": [absent]})
    with pytest.raises(UserError, match=absent):
        check_inputs(config | {"articles": [config["articles"][0] | {"path": absent}]})


@pytest.mark.parametrize("key", ["results", "questions", "articles", "projection", "embedding"])
@pytest.mark.parametrize("value", ["a\0b", "a\nb", "\ud800", "\x1b[31m", "x" * 300, "x/" * 5_000], ids=range(6))
def test_what_cannot_be_a_path_is_refused_in_one_line(config, key, value):
    if key in ("results", "questions"):
        config[key] = value
    elif key == "articles":
        config[key][0]["path"] = value
    else:
        config[key][{"projection": "path", "embedding": "model"}[key]] = value
    with pytest.raises(UserError) as error:
        check_inputs(config)
    assert str(error.value).isprintable()


def paths(config: dict) -> list[str]:
    """Return every path of a configuration."""
    own = [config["results"], config["embedding"]["model"], config["projection"]["path"], config["articles"][0]["path"]]
    return own + ([config["questions"]] if isinstance(config["questions"], str) else config["questions"])


def with_paths(path: str, questions: str | list[str]) -> dict:
    sections = {"embedding": {"model": path}, "projection": {"path": path}}
    return {"articles": [{"name": "wiki", "path": path}], "results": path, "questions": questions} | sections


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("~/a b", "/home/me/a b"),
        ("~", "/home/me"),
        ("$DATA/x", "/data/x"),
        ("${DATA}/x$", "/data/x$"),
        ("x/$DATA", "x//data"),
        ("./~/x", "./~/x"),
        ("x/~", "x/~"),
        ("-x", "-x"),
        ("a:b/c", "a:b/c"),
        ("$1", "$1"),
    ],
)
def test_a_home_and_variables_are_expanded_in_every_path(monkeypatch, tmp_path, path, meant):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("DATA", "/data")
    for questions in (path, [path, path]):
        config = complete(with_paths(path, questions), SCHEMA)
        assert set(paths(config)) == {meant}
        assert complete(config, SCHEMA) == config


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("$NOT_SET/x", "the variable NOT_SET is not set; set it, or write the path itself"),
        ("${NOT_SET}", "the variable NOT_SET is not set"),
        ("~nobody-here/x", "there is no such home; write the path itself, or ./~nobody-here/x"),
        ("a{b}", "has braces, which Snakemake takes for a pattern; rename it"),
    ],
)
@pytest.mark.parametrize("key", ["results", "questions", "articles", "projection", "embedding"])
def test_what_a_path_stands_for_has_to_be_there(monkeypatch, tmp_path, path, said, key):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NOT_SET", raising=False)
    config = ARTICLES | {key: with_paths(path, path)[key]}
    if key == "embedding" and path == "a{b}":  # no file of Snakemake's
        assert complete(config, SCHEMA)["embedding"]["model"] == path
        return
    message = refusal(config)
    assert said in message and message.startswith(f"configuration: `{key}")


def test_files_that_are_really_named_so_are_left_alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("a$b", "~$notes"):
        (tmp_path / name).touch()
        assert complete(with_setting("projection.path", name), SCHEMA)["projection"]["path"] == name


def test_a_dataset_on_the_hub_is_no_path(monkeypatch):
    monkeypatch.setenv("DATA", "/data")
    source = ON_HUB | {"path": "$DATA/x"}
    assert complete({"articles": [source]}, SCHEMA)["articles"][0]["path"] == "$DATA/x"


@pytest.mark.parametrize("path", ["words " * 2_000 + "{", "$" + "N" * 9_000 + "/x", "~" + "n" * 9_000])
def test_of_a_path_that_is_a_whole_text_the_beginning_is_told(path):
    message = refusal(ARTICLES | {"results": path})
    assert "…" in message and len(message) < 700


def test_a_file_with_braces_below_a_folder_is_refused(config, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a{b}.jsonl").write_text('"x"')
    config["articles"][0]["path"] = str(tmp_path / "data")
    with pytest.raises(UserError, match=r"a\{b\}\.jsonl: has braces"):
        check_inputs(config)


@pytest.mark.parametrize("address", ["s3://bucket/x", "https://a.org/a.jsonl", "file:///x"])
@pytest.mark.parametrize("key", ["results", "questions"])
def test_an_address_is_no_path(config, key, address):
    with pytest.raises(UserError, match="an address and not a path; fetch it first"):
        check_inputs(config | {key: address})


@pytest.mark.parametrize(
    ("executable", "found"),
    [("/a b/bin/python", "a space"), ("/a'b/bin/python", "`'`"), ("/a(b)/bin/python", r"`\(`"), ("/a$b/bin/python", r"`\$`")],
)
def test_an_environment_that_snakemake_cannot_run_is_refused(executable, found):
    with pytest.raises(
        UserError, match=f"the path of this environment has {found} in it.*make the environment in another folder"
    ):
        check_environment(executable)
    check_environment("/home/é-1_2.3/@x/bin/python")


def test_results_inside_a_file_are_refused(config, tmp_path):
    with pytest.raises(UserError, match=r"leads through .*quiz\.json, which is not a folder"):
        check_inputs(config | {"results": str(tmp_path / "quiz.json/out")})


def test_too_few_items_are_refused_with_the_remedy():
    with pytest.raises(UserError, match=r"5 articles and 2 questions are too few for neighbors.k = 7.* neighbors.k to at most 6"):
        check_size(5, 2, 7)
    for articles, questions in ((2, 1), (1, 20)):
        with pytest.raises(UserError, match="a map needs at least 2 articles, 4 items in all"):
            check_size(articles, questions, 2)
    check_size(5, 2, 6)


def test_a_pickle_is_written_of_a_map_that_is_not_too_large_or_as_asked():
    assert [has_pickle("auto", articles) for articles in (500_000, 500_001)] == [True, False]
    assert has_pickle("always", 7_000_000) and not has_pickle("never", 10)
