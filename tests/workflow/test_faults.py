"""What goes wrong in a day of computing costs no finished work, and is told in one line: full disks, damage, memory, stops."""

import hashlib
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import psutil
import pytest
from filelock import FileLock
from projects import TRACEBACK, Disk, Project, kill, wait_for
from test_reruns import MODEL_FOLDER
from waiting import PATIENCE
from warm_jobs import JobServer
from warm_snakemake import WarmRun, result_of

from knowledge_map.articles.shards import check_shard, read_manifest
from knowledge_map.common.checksum import verified_length
from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import batches, open_parquet, read_metadata, read_parquet
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.neighbors.graph import read_neighbors

# --- the disk


def run_jobs(scripts: list[Path], folder: Path, said: Path) -> list[int]:
    """Run the scripts of jobs as Snakemake ran them, one after the other, and return their exit codes."""
    os.chdir(folder)
    codes = []
    with said.open("wb") as output:
        for script in scripts:
            if not (job := os.fork()):
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                os.environ["OMP_NUM_THREADS"] = "1"
                subprocess.Popen = JobServer().popen
                try:
                    runpy.run_path(str(script), run_name="__main__")
                    os._exit(0)
                except SystemExit as end:
                    os._exit(end.code)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]))
    return codes


def state(project: Project) -> dict[Path, str]:
    """The digest of every result, hidden ones too; logs and benchmarks tell of a run, and locks hold nothing."""
    paths = (path for path in project.folder.glob("results/**/*") if path.is_file() and path.suffix != ".lock")
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if not {"logs", "benchmarks"} & {*path.parts}}


@pytest.fixture
def roomy(tmp_path):
    disk = Disk(tmp_path / "disk", "200m")
    yield disk
    disk.close()


def test_on_a_full_disk_every_job_ends_with_one_line_and_changes_nothing(base, roomy, tmp_path):
    project = base.copy(roomy.folder / "project")
    before = state(project)
    scripts = {path.name.split(".", 1)[1]: path for path in project.folder.glob(".snakemake/scripts/*.py")}
    assert len(scripts) == 15  # a job of each rule; the layout is refined twice, by one script
    roomy.fill()
    codes = result_of(run_jobs, [*scripts.values()], project.folder, tmp_path / "said")
    said = (tmp_path / "said").read_text()
    assert TRACEBACK not in said, said
    assert codes == [1] * len(scripts), said
    lines = re.findall(r"error: (.*)", said)
    assert len(lines) == len(scripts)
    for line in lines:
        assert re.fullmatch(r"the disk is full \(results/\S+\); make room and run the workflow again, .*", line)
    assert state(project) == before


# --- damage


FLIPS = int(os.environ.get("FLIPS", "40"))  # of bits, in every kind of file


def whole_table(path: Path) -> tuple:
    with open_parquet(path) as file:
        return read_metadata(file), file.read().to_pydict()


def in_batches(path: Path) -> list[dict]:
    with open_parquet(path) as file:
        return [piece.to_pydict() for piece in batches(file, ["item_id", "title", "embedding"], 7)]


def embedding_table(path: Path) -> tuple:
    table = EmbeddingTable(path)
    return table.articles, table.metadata, table.vectors().tobytes(), table.columns(["item_id", "kind", "url"]).to_pydict()


READERS: list[tuple[str, Callable[[Path], object]]] = [
    ("shards/manifest.json", read_manifest),
    ("shards/*.parquet", lambda path: (check_shard(path), read_parquet(path).to_pydict())),
    ("embeddings/*/*[0-9a-f].parquet", in_batches),
    ("embeddings/*/questions.parquet", whole_table),
    ("embeddings.parquet", embedding_table),
    ("neighbors.parquet", lambda path: [array.tolist() for array in read_neighbors(path)]),
    ("umap.parquet", whole_table),
    ("umap_reducer.pkl", verified_length),
    ("layout.parquet", whole_table),
    ("uniform_weight.parquet", whole_table),
    ("knowledge_map.parquet", whole_table),
    ("labels.parquet", whole_table),
    ("map_labels.parquet", whole_table),
]


@pytest.mark.parametrize(("pattern", "read"), READERS, ids=[pattern for pattern, _ in READERS])
def test_a_flipped_bit_or_a_cut_is_noticed_and_named(base, tmp_path, pattern, read):
    original = sorted((base / "results").glob(pattern))[0]
    path, random = Path(shutil.copy(original, tmp_path)), Random(pattern)
    whole, right, noticed = path.read_bytes(), read(path), 0
    for _ in range(FLIPS):
        damaged = bytearray(whole)
        damaged[random.randrange(len(whole))] ^= 1 << random.randrange(8)
        path.write_bytes(damaged)
        try:
            assert read(path) == right
        except UserError as error:
            assert str(error).startswith(f"{path}: damaged (")
            noticed += 1
    assert noticed > FLIPS / 2  # the others hit what carries no data
    for _ in range(10):
        path.write_bytes(whole[: random.randrange(len(whole) - 1)])
        with pytest.raises(UserError, match=": damaged "):
            read(path)


def flip(path: Path) -> None:
    """Flip a bit in the middle of a file, unseen by whoever looks at its time."""
    content, times = bytearray(path.read_bytes()), path.stat()
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def refused(project: Project, *arguments: str, **options) -> str:
    """Run to a bad end, without a riddle, and return what was said."""
    run = project.run(*arguments, "--retries", "0", **options)
    assert run.code != 0 and TRACEBACK not in run.output, run.output
    return run.output


def test_a_damaged_shard_is_named_and_made_again_alone(finished):
    before = state(finished)
    shard = sorted(finished.folder.glob("results/shards/*.parquet"))[0]
    flip(shard)
    (finished / "results/knowledge_map.parquet").unlink()
    assert f"results/shards/{shard.name}: damaged" in refused(finished, "results/knowledge_map.parquet")
    shard.unlink()
    said = refused(finished, "results/knowledge_map.parquet")
    assert f"{shard.name}: missing; delete results/shards/manifest.json and run" in said
    (finished / "results/shards/manifest.json").unlink()
    assert finished.make("results/knowledge_map.parquet") == Counter(shard=1, knowledge_map=1)
    assert state(finished) == before


def test_a_damaged_table_is_named_and_made_again_alone(finished):
    before = state(finished)
    flip(finished / "results/neighbors.parquet")
    (finished / "results/knowledge_map.parquet").unlink()
    said = refused(finished, "results/knowledge_map.parquet")
    assert "results/neighbors.parquet: damaged" in said and "delete it and run the workflow again" in said
    (finished / "results/neighbors.parquet").unlink()
    assert finished.make("results/neighbors.parquet") == Counter(neighbor_block=1, neighbor_graph=1)
    assert finished.plan("results/knowledge_map.parquet") == Counter(knowledge_map=1)
    assert before.items() >= state(finished).items()


# --- two at once


def test_a_second_run_in_the_same_folder_says_so_and_leaves_the_first_alone(finished):
    before = state(finished)
    vectors = min(finished.folder.glob("results/embeddings/*/*[0-9a-f].parquet"))
    vectors.unlink()
    target = str(vectors.relative_to(finished.folder))
    lock = finished / "results/.partial" / vectors.parent.name / f"{vectors.stem}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(lock)
    held.acquire()  # whose job waits as long as another seems to embed the shard
    first = finished.start(target)
    try:
        wait_for(lambda: "another process is embedding this shard" in (finished / "output").read_text(), first)
        (finished / "output").rename(finished / "output of the first")
        said = refused(finished, target)
        assert "Directory cannot be locked" in said and "no other Snakemake process" in said
        held.release()
        assert first.wait(timeout=PATIENCE) == 0
    finally:
        held.release(force=True)
        kill(first)
    assert state(finished) == before


# --- told to stop


def runs(script: str, process: WarmRun) -> bool:
    """Return whether Python runs a script for a run of Snakemake."""
    for job in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.Error, IndexError):
            if job.cmdline()[1].endswith(f".{script}"):
                return True
    return False


def ctrl_c(process: WarmRun) -> None:
    """Interrupt Snakemake and its jobs, as a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def terminate_while_jobs_hang(process: WarmRun) -> None:
    """Ask Snakemake alone to end, while its jobs hear nothing."""
    for job in psutil.Process(process.pid).children(recursive=True):
        job.suspend()
    process.terminate()


@pytest.mark.parametrize("stop", [ctrl_c, terminate_while_jobs_hang])
def test_a_run_that_is_told_to_stop_does_so_at_once_and_cleanly(finished, stop):
    (finished / "results/umap.parquet").unlink()
    (finished / "results/umap_reducer.pkl").unlink()
    before = state(finished)
    process = finished.start("results/umap.parquet", cold=["fit_umap"])
    try:
        wait_for(lambda: runs("fit_umap.py", process), process)  # and still imports its libraries
        stop(process)
        assert process.wait(timeout=PATIENCE) != 0
    finally:
        kill(process)
    assert TRACEBACK not in (finished / "output").read_text()
    assert state(finished) == before
    assert finished.plan("results/umap.parquet") == Counter(fit_umap=1)


# --- memory


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_out_of_memory_while_embedding_costs_no_finished_shard(finished):
    finished.lose_vectors()
    before = state(finished)
    # Less than torch alone takes. Some libraries end the process themselves, with a word of their own, when they get no memory.
    refused(finished, "merge_embeddings", under=["prlimit", "--as=1000000000"])
    assert state(finished) == before
    assert finished.plan("merge_embeddings") == Counter(embed_shard=1, merge_embeddings=1)


# --- the model


def test_a_damaged_model_is_one_line_and_costs_no_finished_shard(finished, tmp_path):
    before = state(finished)
    model = Path(shutil.copytree(MODEL_FOLDER, tmp_path / "model"))
    os.truncate(model / "model.safetensors", 1_000_000)
    finished.configure(embedding__model=str(model))
    said = refused(finished, "embed_questions")
    (line,) = re.findall(r"embed_questions: error: (.*)", said)
    assert str(model) in line
    assert state(finished) == before
