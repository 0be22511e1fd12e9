"""Which files a source has: on this machine, or fetched from the hub."""

import math
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from knowledge_map.articles.foreign import refuse_foreign
from knowledge_map.articles.formats.base import ArticleFormat
from knowledge_map.articles.formats.registry import ARTICLE_FORMATS, opening_bytes, opening_of
from knowledge_map.articles.records import Source
from knowledge_map.common.errors import UserError, corrupt_file_error
from knowledge_map.common.files import read_record
from knowledge_map.common.text import UNFIT_IN_PATH, shown

PASSED_OVER = (".", "_")
"""How names begin that programs give to what is no data: notes of Macs, marks and drafts of Spark, checkpoints."""

MOST_LOOKED_AT = 10
"""Files of a folder in which nothing is read that are asked what they are instead."""

HIVE_COLUMN = re.compile(r"([^=]+)=(.*)", re.DOTALL)

HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


def files_of(source: Source) -> list[Path]:
    """Return the file of a source, or the files of one format below its folder, in sorted order.

    A source on the hub has none before it is fetched. Raises UserError if there is none, or of several formats.
    """
    return files_with_rest(source)[0]


def files_with_rest(source: Source) -> tuple[list[Path], dict[str, int]]:
    """Return the files of a source, and in words with its number what else lies in its folder and is not read."""
    if source.files is not None or source.on_hub:
        return list(source.files or []), {}
    path = Path(source.path)
    if path.is_file():
        return [path], {}
    if not path.is_dir():
        problem = "is no plain file" if path.exists() else "no such file or folder"
        if path.is_symlink() and not path.exists():
            problem = f"a link to {os.readlink(path)}, where nothing is"
        raise UserError(f"{path}: {problem}; correct the path of {source.name} under `articles`.")
    found = _Folder(path)
    files = found.files if source.query else _chosen(path, found.files, source)
    for file in files:
        if UNFIT_IN_PATH.search(str(file)):
            raise UserError(f"{file}: has a control character in its name, or is not named in UTF-8; rename it.")
    kinds = {_kind(file) for file in files}
    for link in found.broken:
        if _kind(link) in kinds:
            raise UserError(f"{link}: a link to {os.readlink(link)}, where nothing is; fetch what it stands for, or remove it.")
        found.leave("links to nothing", link)
    chosen = set(files)
    for file in found.files:
        if file not in chosen:
            found.leave(f"files *{file.suffix}" if file.suffix else "files without a suffix", file)
    return files, found.rest()


def columns_of_path(source: Source, file: Path) -> dict[str, str]:
    """Return the columns that the folders between a source and its file stand for, as Hive names them: `title=Alder/`."""
    if source.files is not None or file == Path(source.path):
        return {}
    matches = (HIVE_COLUMN.fullmatch(part) for part in file.relative_to(source.path).parts[:-1])
    pairs = [(unquote(match[1]), unquote(match[2])) for match in matches if match]
    return {name: value for name, value in pairs if value != HIVE_NULL}


class _Folder:
    """What lies below a folder: links to folders are followed, and names that begin with `.` or `_` are passed over."""

    def __init__(self, folder: Path):
        self.files: list[Path] = []
        self.broken: list[Path] = []
        self._left: dict[str, list[Path]] = {}
        self._folder = folder
        self._visited: set[str] = set()
        links = list(self._walk(folder))
        while links:  # what lies here itself comes first, whatever else links to it
            links = [inner for link in sorted(links) for inner in self._follow(link)]
        self.files.sort()

    def leave(self, what: str, path: Path) -> None:
        """Note what is not read."""
        self._left.setdefault(what, []).append(path)

    def rest(self) -> dict[str, int]:
        """Return what is not read, with an example, and how often."""
        examples = {what: shown(str(min(paths).relative_to(self._folder)), 80) for what, paths in self._left.items()}
        return {f"{what}, such as {examples[what]}": len(paths) for what, paths in sorted(self._left.items())}

    def _follow(self, link: Path) -> list[Path]:
        target = os.path.realpath(link)
        above = {os.path.realpath(folder) for folder in link.parents if folder == self._folder or self._folder in folder.parents}
        if target in above:
            raise UserError(f"{link}: a link that leads back to {target}, which it lies in; remove it.")
        if target in self._visited:
            self.leave("links to folders that are read already", link)
            return []
        return list(self._walk(link))

    def _walk(self, folder: Path) -> Iterator[Path]:
        """Take up the files below a folder, and yield the links to folders there."""
        self._visited.add(os.path.realpath(folder))
        with os.scandir(folder) as entries:
            entries = sorted(entries, key=lambda entry: entry.name)
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith(PASSED_OVER):
                self.leave(f"names that begin with {entry.name[0]}", path)
            elif entry.is_dir(follow_symlinks=False) and os.path.realpath(path) in self._visited:
                self.leave("folders that are read already", path)
            elif entry.is_dir(follow_symlinks=False):
                yield from self._walk(path)
            elif entry.is_dir():
                yield path
            elif entry.is_file():
                self.files.append(path)
            elif entry.is_symlink() and not path.exists():
                self.broken.append(path)
            else:
                self.leave("what is neither file nor folder", path)


def _chosen(folder: Path, below: list[Path], source: Source) -> list[Path]:
    """Return the files below a folder that are of the one format that is read from folders and that lies there."""
    readable = {name: each for name, each in ARTICLE_FORMATS.items() if each.folder_pattern}
    if source.format not in ("auto", *readable):
        raise UserError(
            f"{folder}: a folder, which is read as {' or '.join(readable)} files, not as {source.format}; name one file in it."
        )
    formats = readable if source.format == "auto" else {source.format: readable[source.format]}
    for order in sorted({each.folder_order for each in formats.values()}):
        of_order = {name: each for name, each in formats.items() if each.folder_order == order}
        found = {
            name: [file for file in below if each.folder_pattern and each.folder_pattern.fullmatch(file.name)]
            for name, each in of_order.items()
        }
        if files := _only(found, folder, source):
            return files
    if files := _only(_by_content(below, formats), folder, source):
        return files
    for file in below[:MOST_LOOKED_AT]:
        refuse_foreign(file, opening_bytes(file))
    names = " or ".join(each.folder_names for each in sorted(formats.values(), key=lambda each: each.folder_order))
    there = shown(", ".join(file.name for file in below[:5])) if below else "no file at all"
    raise UserError(
        f"{folder}: no {names} file below this folder, which has {there}; correct the path of {source.name} under `articles`."
    )


def _only(found: dict[str, list[Path]], folder: Path, source: Source) -> list[Path]:
    """Return the files of the one format of which there are any. Raises UserError if there are several."""
    if sum(map(bool, found.values())) > 1:
        names = " and ".join(name for name, files in found.items() if files)
        raise UserError(f"{folder}: holds both {names} files; set `format` of {source.name} to one of them.")
    return next(filter(None, found.values()), [])


def _kind(file: Path) -> str:
    """Return what files have in common that are of one kind: their name but for numbers in it, or their suffix."""
    return file.suffix.lower() if re.fullmatch(r"\.[A-Za-z]\w*", file.suffix) else re.sub(r"\d+", "#", file.name)


def _by_content(below: list[Path], formats: dict[str, ArticleFormat]) -> dict[str, list[Path]]:
    """Return the files of each format by how they open; of names that differ in numbers only, one is opened for all."""
    found: dict[str, list[Path]] = {name: [] for name in formats}
    known: dict[str, ArticleFormat | None] = {}
    for file in below:
        kind = re.sub(r"\d+", "#", file.name)
        if kind not in known:
            certain, text = opening_of(file)
            opens = (each for each in formats.values() if each is certain or each.member_opens_like(text))
            known[kind] = next(opens, None)
        if (format := known[kind]) is not None:
            found[format.name].append(file)
    return found


def rows_needed(source: Source, max_dropped: float) -> int | None:
    """Return how many rows are enough for a source's first `limit` articles, None where all rows have a say.

    So many that the limit is reached even where the largest fraction of rows that a run puts up with is dropped.
    """
    if source.limit is None or source.sample_seed is not None or max_dropped >= 1:
        return None
    return math.ceil(source.limit / (1 - max_dropped))


def locate_sources(sources: Iterable[Source], records: Iterable[str | Path]) -> list[Source]:
    """Return sources as they lie on this machine: a dataset is the parquet files that its record, NAME.json, tells.

    Raises UserError where one of these is not there any more.
    """
    by_name = {Path(record).stem: Path(record) for record in records}
    return [_fetched(source, by_name[source.name]) if source.name in by_name else source for source in sources]


def _fetched(source: Source, record: Path) -> Source:
    try:
        files = tuple(Path(file["path"]) for file in read_record(record)["files"])
    except (KeyError, TypeError) as error:
        raise corrupt_file_error(record, error) from None
    for file in files:
        if not file.is_file():
            raise UserError(f"{file}: was fetched, and is gone; delete {record} and run the workflow again to fetch it anew.")
    return replace(source, format="parquet", files=files)
