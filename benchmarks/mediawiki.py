"""Reading a MediaWiki dump beside gensim's segment_wiki and wikiextractor: CPU time, leftover markup, lost sentences.

    python -m venv peers && peers/bin/pip install gensim wikiextractor && pip install mwparserfromhell
    python benchmarks/mediawiki.py DUMP.xml.bz2 peers/bin/python

Everybody reads the same dump with one worker. Seconds are CPU time of all processes of a reader, per pass over the dump: the time
for the dump five times over less that for the dump once, by four, which leaves out starting up. A fourth reader is
mwparserfromhell's strip_code on whole pages.

Markup is counted by the patterns below, and holes where something was dropped without care. The sentences are those in paragraphs
and list items of the wikitext that have at least six words and no markup but links, emphasis and references; one is lost if the
reader's text of that page does not have these words in this order. `this workflow` reads all pages and sections, as the others
do; `articles` is the same with the default settings, `openings` with `shards.max_characters: 3000` as well.
"""

import argparse
import bz2
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from knowledge_map.articles.decompression import open_bytes
from knowledge_map.articles.formats.base import ReadSettings
from knowledge_map.articles.formats.mediawiki.dump import Page, cut, pages_of
from knowledge_map.articles.formats.mediawiki.pages import read_rows

TIMES = 5
MARKUP = {
    "brackets": r"\[\[|\]\]|\{\{|\}\}",
    "tables": r"\{\||\|\}|^\||\|-|\b(?:col|row)span=|\b(?:style|align|class)=",
    "tags": r"</?(?:ref|div|span|br|sub|sup|small|nowiki|blockquote|gallery|math|center|poem|code|p|i|b)\b[^<>]*>|<!--",
    "emphasis": r"''+",
    "headings": r"^==+|==+$",
    "links": r"\[https?://|\b(?:File|Image|Category):|\|thumb\b|\bthumb\||\b\d+px\b",
    "entities": r"&(?:[a-z]+|#\d+);",
    "lists": r"^[*#:;]",
    "words": r"__[A-Z]+__|#REDIRECT",
}
HOLES = r"\(\s*[,;)]|,\s*,|\s,(?=\s)"

Texts = dict[str, str]


def repeated(dump: Path, times: int, folder: Path) -> Path:
    """Write a dump with the pages of another several times over, under other ids and titles."""
    content = bz2.decompress(dump.read_bytes()).decode("utf-8")
    start, end = content.index("<page>"), content.rindex("</page>") + len("</page>")
    pages = content[start:end]
    copies = (
        re.sub(r"(<title>)(.*)(</title>\s*<ns>\d+</ns>\s*<id>)(\d+)", rf"\g<1>\g<2>{' again' * copy}\g<3>{copy}00\g<4>", pages)
        for copy in range(times)
    )
    path = folder / f"dump-{times}.xml.bz2"
    with bz2.open(path, "wt", encoding="utf-8") as file:
        file.writelines(chain([content[:start]], copies, [content[end:]]))
    return path


def cpu_seconds(command: list[str]) -> float:
    """Run a command and return the CPU seconds of all its processes."""
    before = os.times()
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def commands(peers: str, dump: Path, out: Path) -> dict[str, list[str]]:
    """Return how each reader is called; each writes to `out`/NAME, a file or a folder."""
    ours = [sys.executable, __file__, str(dump), "--read"]
    segment_wiki = [peers, "-m", "gensim.scripts.segment_wiki", "-w", "1", "-m", "0", "-f", str(dump), "-o"]
    wikiextractor = [peers, "-m", "wikiextractor.WikiExtractor", "--processes", "1", "--json", "--no-templates", str(dump), "-o"]
    called = {
        "this workflow": [*ours, "everything"],
        "this workflow, articles": [*ours, "articles"],
        "this workflow, openings": [*ours, "openings"],
        "segment_wiki": segment_wiki,
        "wikiextractor": wikiextractor,
        "strip_code": [*ours, "strip_code"],
    }
    return {name: [*command, str(out / name)] for name, command in called.items()}


def read(dump: Path, how: str, out: Path) -> None:
    """Read a dump in this process and write titles and texts as JSON lines."""
    if how == "strip_code":
        import mwparserfromhell

        rows = ({"title": page.title, "text": mwparserfromhell.parse(page.text).strip_code()} for page in wikitext_of(dump))
    else:
        everything = {"min_characters": 0, "disambiguation": (), "without_sections": ()}
        pages = everything if how == "everything" else {}
        settings = ReadSettings(3_000 if how == "openings" else 10**9, options=pages)
        rows = (row.fields for row in read_rows(dump, settings) if hasattr(row, "fields"))
    with out.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"title": row["title"], "text": row["text"]}) + "\n" for row in rows)


def wikitext_of(dump: Path) -> Iterator[Page]:
    """Yield the pages of a dump that are articles."""
    with open_bytes(dump) as stream:
        for page in chain.from_iterable(map(pages_of, cut(stream))):
            if page.ns == "0" and not page.redirect:
                yield page


def texts(path: Path) -> Texts:
    """Return what a reader wrote: texts by title."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    found = {}
    for line in chain.from_iterable(file.open(encoding="utf-8") for file in files):
        row = json.loads(line)
        if "section_texts" in row:
            sections = zip(row["section_titles"], row["section_texts"], strict=True)
            row["text"] = "\n".join(f"{title}\n{text}" for title, text in sections)
        found[row["title"]] = row["text"]
    return found


def words(text: str) -> str:
    """Return the words of a text, with a space before and after each."""
    return " ".join(["", *re.findall(r"[^\W_]+", text.lower()), ""])


def sentences(wikitext: str) -> set[str]:
    """Return the words of each sentence in paragraphs and list items with no markup but links, emphasis and references."""
    text = re.sub(r"<!--.*?-->|<ref\b[^<>]*/>|<ref\b[^<>]*>.*?</ref>", "", wikitext, flags=re.DOTALL | re.IGNORECASE)
    before = None
    while text != before:  # from the innermost outwards
        before, text = text, re.sub(r"\{\{[^{}]*\}\}|\{\|(?:(?!\{\|).)*?\n\s*\|\}", "{}", text, flags=re.DOTALL)
    text = re.sub(r"\[\[(?![A-Za-z ]+:)(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]", r"\1", text)
    text = re.sub(r"\[\[[^\[\]]*\]\]", "{}", text)  # files with their captions
    lines = (re.sub(r"''+", "", line.lstrip("*:#; ")) for line in text.split("\n") if not line.lstrip().startswith("|"))
    found = chain.from_iterable(re.split(r"(?<=[.!?])['\")\]]*\s+", line) for line in lines if line.endswith((".", "!", "?")))
    return {words(sentence) for sentence in found if len(sentence.split()) >= 6 and not re.search(r"[][{}<>|=&_~]|//", sentence)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dump", type=Path, help="of pages-articles, compressed with bzip2")
    parser.add_argument("peers", nargs="?", help="a Python that has gensim and wikiextractor")
    parser.add_argument("--lost", type=Path, help="write the lost sentences there")
    parser.add_argument("--read", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.dump, arguments.read[0], Path(arguments.read[1]))
        return
    if not arguments.peers:
        parser.error("name the Python that has gensim and wikiextractor")
    with tempfile.TemporaryDirectory() as folder:
        once, often = (repeated(arguments.dump, times, Path(folder)) for times in (1, TIMES))
        out = [Path(folder) / name for name in ("often", "once")]
        for path in out:
            path.mkdir()
        slow, quick = commands(arguments.peers, often, out[0]), commands(arguments.peers, once, out[1])
        seconds = {name: (cpu_seconds(slow[name]) - cpu_seconds(quick[name])) / (TIMES - 1) for name in slow}
        got = {name: texts(out[1] / name) for name in seconds}
    prose = {page.title: sentences(page.text) for page in wikitext_of(arguments.dump)}
    total = sum(map(len, prose.values()))
    print(f"| reader | pages | characters | CPU seconds | leftover markup | holes | lost of {total:,} sentences |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, found in got.items():
        pages = [found[title] for title in got["this workflow"] if title in found]
        left = sum(len(re.findall(pattern, text, re.MULTILINE)) for pattern in MARKUP.values() for text in pages)
        holes = sum(len(re.findall(HOLES, text)) for text in pages)
        print(f"| {name} | {len(pages)} | {sum(map(len, pages)):,} | {seconds[name]:.2f} | {left:,} | {holes:,} | ", end="")
        plain = {title: words(text) for title, text in found.items()}
        lost = [(title, one) for title, all in prose.items() for one in sorted(all) if one not in plain.get(title, "")]
        print(f"{len(lost):,} |" if name != "this workflow, openings" else "|", flush=True)
        if arguments.lost:
            with arguments.lost.open("a", encoding="utf-8") as file:
                file.writelines(f"{name}: {title}:{sentence}\n" for title, sentence in lost)


if __name__ == "__main__":
    main()
