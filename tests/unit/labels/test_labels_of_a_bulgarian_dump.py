"""A dump in Bulgarian: labels are its subjects in Cyrillic, spelled as its articles spell them, and no words that only join."""

import re
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
from labelled_maps import labelled, small_map

from knowledge_map.articles.reading import read_articles
from knowledge_map.articles.records import Article, Source, SourceReport
from knowledge_map.articles.sampling import SeenIds
from knowledge_map.labels.stopwords import stop_lists

HEADER = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="bg">
  <siteinfo>
    <sitename>Уикипедия</sitename>
    <base>https://bg.wikipedia.org/wiki/Начална_страница</base>
    <namespaces><namespace key="0" case="first-letter" /></namespaces>
  </siteinfo>
"""

SUBJECTS = {
    "река": [
        "'''{name}''' е [[река]], която извира в [[{place}]] и тече на юг, към морето.",
        "Река '''{name}''' се намира в [[{place}]] и е дълга {number} километра. Водите ѝ се използват за напояване.",
    ],
    "художник": [
        "'''{name}''' ({number} – неизв.) е български [[художник]] от [[{place}]]. Той рисува предимно пейзажи.",
        "Роден е в [[{place}]]. '''{name}''' е художник, който е учил при майстори, и е участвал в {number} изложби.",
    ],
    "нощна пеперуда": [
        "'''{name}''' е вид [[нощна пеперуда]], която се среща в [[{place}]]. Размахът на крилата ѝ е {number} мм.",
        "Тази нощна пеперуда, '''{name}''', живее и в [[{place}]]. Тя се храни с листа.",
    ],
    "Османската империя": [
        "'''{name}''' е сражение от {number} г. при [[{place}]], в което участва [[Османска империя|Османската империя]].",
        "При '''{name}''' през {number} г. се води битка. Тогава Османската империя владее и [[{place}]].",
    ],
}
"""Sentences of each corner of the map, by the subject that they are about."""

BEGIN, END = ["Ба", "Ве", "Го", "Ди", "Жу", "Зо"], ["рина", "ловец", "мир", "стена", "града"]

PLACES = ["Тракия", "Добруджа", "Мизия", "Пирин", "Странджа"]

FILLING = "За нея и за него се знае малко, а и това, което се знае, е от стари книги. " * 6


def dump() -> str:
    """Return thirty pages of each subject, one subject after another."""
    pages = []
    for number, sentences in enumerate(sentences for sentences in SUBJECTS.values() for _ in range(30)):
        name = BEGIN[number % 6] + END[number % 5]
        words = {"name": name, "place": PLACES[(number * 7) % 5], "number": 1_500 + number}
        title, text = f"{name} {number}", f"{sentences[number % 2].format(**words)} {FILLING}"
        pages.append(
            f"<page><title>{title}</title><ns>0</ns><id>{number + 1}</id><revision><id>{number + 1}</id>"
            f"<model>wikitext</model><text>{escape(text)}</text></revision></page>\n"
        )
    return HEADER + "".join(pages) + "</mediawiki>\n"


def articles_of(folder: Path) -> list[Article]:
    path = folder / "bgwiki.xml"
    path.write_text(dump(), encoding="utf-8")
    source = Source.of({"name": "bg", "path": str(path)})
    with SeenIds(folder / "seen") as seen:
        return list(read_articles(source, SourceReport(source.name, source.path), seen, 10_000, folder / "seen", 1))


def test_subjects_are_named_in_cyrillic_as_the_articles_spell_them(tmp_path):
    articles = articles_of(tmp_path)
    assert len(articles) == 120
    corner = np.arange(120) // 30
    random = np.random.default_rng(3)
    vectors = np.eye(8, dtype=np.float32)[corner] + random.normal(scale=0.1, size=(120, 8)).astype(np.float32)
    positions = np.column_stack([corner % 2, corner // 2]) * 0.5 + random.uniform(0.05, 0.45, (120, 2))
    titles = [article.title for article in articles]
    small = small_map(tmp_path, 120, 0, titles, positions.astype(np.float32), vectors)
    cells = labelled(small, 2, texts=pa.array([article.text for article in articles])).to_pylist()
    labels = [cell["label"] for cell in cells]
    for label, subject in zip(labels, SUBJECTS, strict=True):
        assert subject.lower() in label.lower()
    assert "Османската империя" in labels[3]
    assert [cell["label_from"] for cell in cells] == ["words"] * 4
    bulgarian = {word for stop in stop_lists() if "което" in stop.to_pylist() for word in stop.to_pylist()}
    assert not bulgarian & {word for label in labels for word in re.findall(r"\w+", label.lower())}
