"""What comes from the Hugging Face hub: fetched once, by its library, into the cache that all projects of a machine share.

The library resumes a cut connection where it was cut, waits and tries again when the hub is busy, and keeps what is whole; it
listens to HF_ENDPOINT, HF_HOME, HF_TOKEN and HF_HUB_OFFLINE. A commit never changes, so what is in the cache needs no hub.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pyarrow.parquet as pq
from huggingface_hub import constants, get_cached_repo_tree, hf_hub_download, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import (
    CachedRepoTreeNotFoundError,
    GatedRepoError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    XetDownloadError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars, filter_repo_objects, logging

from knowledge_map.common.errors import UserError
from knowledge_map.common.files import write_record
from knowledge_map.common.progress import Progress, log
from knowledge_map.common.text import reason_of, shown

MODEL_FILES = ["*.safetensors", "*.json", "*.txt"]
"""What a model is made of: weights that are numbers and nothing else, settings, vocabularies. No pickles and no code."""

CARD = "README.md"

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Repository:
    """Some files of a model or a dataset on the hub, at one revision.

    Attributes
    ----------
    kind : "model" or "dataset".
    name : "owner/name".
    revision : a commit; of a model also a tag or branch.
    patterns : which files, with * for anything.
    """

    kind: str
    name: str
    revision: str
    patterns: list[str]

    def files(self) -> list[RepoFile]:
        """Return these files' names and sizes in the order of their names, asking the hub unless the cache knows them."""
        about: dict[str, Any] = {"repo_type": self.kind, "revision": self.revision}
        with self._explained():
            try:
                listing = get_cached_repo_tree(self.name, **about)
            except CachedRepoTreeNotFoundError:
                # With any file the library keeps the listing: the card says under which license all this is.
                snapshot_download(self.name, **about, allow_patterns=CARD)
                listing = get_cached_repo_tree(self.name, **about)
        found = filter_repo_objects(listing, allow_patterns=self.patterns, key=lambda file: file.path)
        files = sorted(found, key=lambda file: Path(file.path))
        if not files:
            raise UserError(f"{self}: there is no {' or '.join(self.patterns)} in it; name another {self.kind} or revision.")
        return files

    def fetch(self, files: list[RepoFile], whole: bool = True) -> Iterator[Path]:
        """Yield where each file lies, fetched if it is not in the cache yet, and only when it is asked for.

        `whole` tells that all of them will be asked for, so that the time left is that of all.
        """
        with self._explained():
            missing = {file.path for file in files if not self.cached(file.path)}
        progress = Progress(sum(file.size for file in files if file.path in missing and whole), "MB", scale=MEGABYTE)
        for number, file in enumerate(files, 1):
            if file.path in missing:
                log.info(f"fetching {shown(file.path)}, file {number} of {'' if whole else 'at most '}{len(files)}")
                progress.total += 0 if whole else file.size
            with self._explained():
                path = hf_hub_download(
                    self.name, file.path, repo_type=self.kind, revision=self.revision, tqdm_class=_bar_of(progress)
                )
            yield Path(path)

    def cached(self, name: str) -> bool:
        """Return whether a file is in the cache."""
        return isinstance(try_to_load_from_cache(self.name, name, repo_type=self.kind, revision=self.revision), str)

    def folder(self) -> Path:
        """Return the folder in the cache with all these files. Raises UserError unless they have been fetched."""
        try:
            return Path(
                snapshot_download(
                    self.name,
                    repo_type=self.kind,
                    revision=self.revision,
                    allow_patterns=self.patterns,
                    local_files_only=True,
                )
            )
        except LocalEntryNotFoundError:
            raise UserError(
                f"{self}: not, or not wholly, in the cache {constants.HF_HUB_CACHE}; set HF_HOME to a folder that every machine "
                f"sees, and run `snakemake --force fetch_{self.kind}` where there is internet."
            ) from None

    def __str__(self) -> str:
        """Return what messages call it."""
        return f"the {self.kind} {self.name} at {self.revision}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what the library's errors ask of the user; those of the disk pass."""
        try:
            yield
        except GatedRepoError:
            raise UserError(
                f"{self}: the hub wants its terms accepted; do so on {constants.ENDPOINT}, and log in with `hf auth login`."
            ) from None
        except RepositoryNotFoundError:
            raise UserError(
                f"{self}: the hub has no such {self.kind}; correct its name, or log in with `hf auth login` if it is private."
            ) from None
        except RevisionNotFoundError:
            raise UserError(f"{self}: the hub has no such revision; correct `revision`.") from None
        except (CachedRepoTreeNotFoundError, XetDownloadError, httpx2.HTTPError, OSError) as error:
            if isinstance(error, OSError) and error.errno:  # the disk's own word
                raise
            raise UserError(
                f"{self}: cannot be had from {constants.ENDPOINT} ({reason_of(_first(error))}); run again where there is "
                "internet, what is here by then is not fetched again."
            ) from None
        except ValueError as error:  # a file name that leads out of the cache, or no name of a repository
            raise UserError(f"{self}: refused ({reason_of(error)})") from None


def model_folder(model: str, revision: str) -> Path:
    """Return the folder with a model that was fetched. Raises UserError where it was not; the hub is never asked."""
    return Repository("model", model, revision, MODEL_FILES).folder()


def fetch_model(model: str, revision: str, record: str | Path) -> None:
    """Fetch a model's weights and settings, and write down which files these are."""
    repository = Repository("model", model, revision, MODEL_FILES)
    with _quiet():
        files = repository.files()
        if not any(file.path.endswith(".safetensors") for file in files):
            raise UserError(f"{repository}: has no weights as safetensors, and others (pickles) are not loaded; name another.")
        for _ in repository.fetch(files):
            pass
    log.info(f"{repository}: {len(files):,} files, {sum(file.size for file in files) / MEGABYTE:,.1f} MB")
    write_record(
        record,
        {"model": model, "revision": revision, "files": [{"file": file.path, "bytes": file.size} for file in files]},
    )


def fetch_dataset(dataset: str, revision: str, folder: str | None, rows: int | None, record: str | Path) -> None:
    """Fetch the parquet files of a dataset, in order, and write down where they are: `sources.fetched` reads that.

    Parameters
    ----------
    folder : only what is below this folder of the dataset; everything if None.
    rows : only as many files as hold this number of rows; all if None.
    """
    repository = Repository("dataset", dataset, revision, [f"{folder}/*.parquet" if folder else "*.parquet"])
    fetched: list[dict[str, Any]] = []
    with _quiet():
        files = repository.files()
        for file, path in zip(files, repository.fetch(files, whole=rows is None), strict=False):
            fetched.append({"file": file.path, "path": str(path), "rows": _rows(path), "bytes": file.size})
            if rows is not None and sum(each["rows"] for each in fetched) >= rows:
                break
    log.info(f"{repository}: {len(fetched):,} of {len(files):,} files, {sum(each['rows'] for each in fetched):,} rows")
    write_record(record, {"dataset": dataset, "revision": revision, "folder": folder, "files": fetched})


def _rows(path: Path) -> int:
    try:
        return pq.read_metadata(Path(path).absolute()).num_rows
    except Exception as error:
        raise UserError(f"{path}: is no parquet file ({reason_of(error)}); delete it and run again to fetch it anew.") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Draw none of the library's bars, and let its warnings go where ours go."""
    disable_progress_bars()
    logging.get_logger("huggingface_hub").handlers.clear()
    logging.enable_propagation()
    yield


def _first(error: BaseException) -> BaseException:
    """Return what an error came from."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _bar_of(progress: Progress) -> type:
    """Return a class with as much of tqdm as the library asks for, which hands on the bytes to `progress`."""

    class Bar:
        def __init__(self, *_: object, **__: object):
            pass

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, n: float | None = 1) -> None:
            progress.advance(int(n or 0))

        def update_transfer(self, n: float | None = 1) -> None:
            """Pass over the bytes of the network: those of the file are counted."""

        def set_postfix_str(self, *_: object, **__: object) -> None:
            pass

        set_transfer_postfix_str = set_postfix_str

    return Bar
