"""Dumps as people have them: the cases in tests/cases, read with their own configurations."""

from pathlib import Path

import pytest
import yaml

from knowledge_map.articles.records import Source
from knowledge_map.articles.shards import read_manifest, write_shards
from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import read_parquet

CASES = Path(__file__).parents[2] / "cases"


def shard(case: str, folder: Path) -> tuple[list[dict], dict]:
    """Return the articles of a case and what the manifest says of its source."""
    config = yaml.safe_load((CASES / case / "config.yaml").read_text(encoding="utf-8"))
    sources = [Source.of(entry | {"path": str(CASES / case / entry["path"])}) for entry in config["articles"]]
    manifest = folder / "manifest.json"
    write_shards(sources, folder, manifest, size=1_000, max_characters=10_000, max_dropped=0.05)
    content = read_manifest(manifest)
    rows = [row for one in content["shards"] for row in read_parquet(folder / f"{one['shard']}.parquet").to_pylist()]
    return rows, content["sources"][0]


def test_dumps_joined_by_cat_are_both_read(tmp_path):
    articles, report = shard("dump-joined", tmp_path)
    assert (len(articles), report["read"], report["dropped"]) == (120, 120, {})
    assert {article["url"].rpartition("/")[0] for article in articles} == {"https://wiki.example.org/wiki"}


def test_a_page_with_a_control_character_is_dropped_and_counted(tmp_path):
    articles, report = shard("dump-control-character", tmp_path)
    assert (len(articles), report["dropped"]) == (59, {"broken row": 1})
    assert report["examples"][0]["detail"] == "has the character U+001F, which XML forbids"


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("dump-without-ns", "60 rows read; 60 left out by `mediawiki.namespaces`: in another namespace"),
        ("dump-all-left-out", "59 rows read; 59 left out by `mediawiki.min_characters`: shorter than 200 characters"),
    ],
)
def test_where_every_page_was_left_out_the_message_says_by_which_setting(tmp_path, case, message):
    with pytest.raises(UserError) as error:
        shard(case, tmp_path)
    assert f"d.xml ({message}); change `mediawiki." in str(error.value)


def test_wikitext_of_other_wikis_is_clean_prose_with_its_numbers(tmp_path):
    articles, _ = shard("wikitext-left-and-lost", tmp_path)
    assert {article["title"]: article["text"] for article in articles} == {
        "File aliases": "Prose.",
        "Language variants": "马铃薯（土豆）是一种蔬菜。",
        "formatnum": "The mean is 18 °C, and 1500 people live there.",
        "langx": "Haus (Haus, дом) is a building.",
        "French": "Elle vit vers 2000 m d'altitude depuis le 21 mars 1977 et le XIXe siècle.",
        "Magic words": "Текст. 本文。",
        "Parameters": "A default value and end.",
        "includeonly": "Seen.",
        "be-x-old": "Text.",
        "val": "A speed of 1.2×10⁵ km/s and 1000 and 6 ft 2 in.",
    }
