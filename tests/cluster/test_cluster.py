"""The workflow on a real SLURM: the same results as here, and whatever ends a job or the head costs only what it was doing."""

import re
import signal
from pathlib import Path

import psutil
import pytest
from projects import TRACEBACK, Project, digests, kill, wait_for
from slurm import NODES, ask
from waiting import PATIENCE

VECTORS = "results/embeddings/*/*[0-9a-f].parquet"

TABLE = "results/embeddings.parquet"

LOCAL = ["neighbor_graph", "knowledge_map", "articles_json", "map_picture", "map_page"]
"""Rules too short for a queue."""


@pytest.fixture
def lost(unfinished, base) -> str:
    """The file of vectors that the project lacks."""
    (lost,) = {path.relative_to(base.folder) for path in base.folder.glob(VECTORS)} - {
        path.relative_to(unfinished.folder) for path in unfinished.folder.glob(VECTORS)
    }
    return str(lost)


def same(path: str, project: Project, other: Project) -> bool:
    return (project / path).read_bytes() == (other / path).read_bytes()


def test_the_cluster_makes_the_same_results_as_one_machine(project, base):
    jobs = project.make()
    assert jobs["embed_shard"] == 3 and jobs["fit_umap"] == 1
    submitted = (project / "output").read_text().count("has been submitted with SLURM jobid")
    assert submitted == sum(jobs.values()) - sum(jobs[rule] for rule in LOCAL)
    assert digests(project) == digests(base)


def test_only_jobs_on_a_cuda_device_ask_for_a_gpu(unfinished, cluster):
    before = cluster.gpus()
    assert not any(before.values())  # of projects on the CPU
    (unfinished / "results/shards/manifest.json").unlink()  # for a job besides
    unfinished.configure(embedding__device="cuda")

    def asked() -> dict[str, str]:
        return {name: gpus for name, gpus in cluster.gpus().items() if name not in before}

    process = unfinished.start("merge_embeddings")
    try:
        wait_for(lambda: any("embed_shard" in name for name in asked()), process)
    finally:
        kill(process)
    ask("scancel", "--user=root")
    assert {name.partition("embed")[1]: gpus for name, gpus in asked().items()} == {"": "", "embed": "gres:gpu:1"}


def test_a_cancelled_job_runs_again(unmerged, cluster, base):
    process = unmerged.start(TABLE)
    try:
        wait_for(lambda: bool(cluster.running("merge_embeddings")), process)
        ask("scancel", cluster.running("merge_embeddings")[0])
        assert process.wait(timeout=PATIENCE) == 0, (unmerged / "output").read_text()
    finally:
        kill(process)
    assert "Trying to restart job" in (unmerged / "output").read_text()
    assert same(TABLE, unmerged, base)


def test_a_job_over_its_memory_gets_more_at_the_next_attempt(unfinished, lost, base):
    unfinished.configure(embedding__mem_mb=500)  # less than the model and its libraries take
    run = unfinished.run(lost, "--retries", "2")
    assert run.code == 0, run.output
    assert "Trying to restart job" in run.output
    asked = [int(mem) for mem in re.findall(r"rule embed_shard:.*?mem_mb=(\d+)", run.output, re.S)]
    assert asked == [] or max(asked) > 500
    assert TRACEBACK not in run.output
    assert same(lost, unfinished, base)


def test_a_job_that_hangs_meets_its_time_limit_and_runs_again(unfinished, lost, base):
    process = unfinished.start(lost)
    try:
        wait_for(lambda: bool(embedding_processes(unfinished)), process)
        hanging = embedding_processes(unfinished)[0]
        hanging.send_signal(signal.SIGSTOP)
        # SLURM counts in minutes; so the end of the job's time is brought near.
        ask("scontrol", "update", f"jobid={hanging.environ()['SLURM_JOB_ID']}", "endtime=now+1")
        assert process.wait(timeout=PATIENCE) == 0, (unfinished / "output").read_text()
    finally:
        kill(process)
    assert "Trying to restart job" in (unfinished / "output").read_text()
    assert TRACEBACK not in (unfinished / "output").read_text()
    assert same(lost, unfinished, base)


def test_jobs_of_a_lost_node_run_on_another(unmerged, cluster, base):
    process = unmerged.start(TABLE)
    try:
        wait_for(lambda: bool(cluster.running("merge_embeddings")), process)
        (node,) = ask("squeue", "--noheader", "--format=%N", f"--jobs={cluster.running('merge_embeddings')[0]}").split()
        ask("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
        assert process.wait(timeout=PATIENCE) == 0, (unmerged / "output").read_text()
    finally:
        kill(process)
        for node in NODES:
            ask("scontrol", "update", f"nodename={node}", "state=resume")
    assert same(TABLE, unmerged, base)


def test_a_job_that_outlives_the_head_keeps_the_next_one_waiting(unfinished, lost, cluster, base):
    process = unfinished.start(lost)
    try:
        wait_for(lambda: bool(embedding_processes(unfinished)), process)
        first = embedding_processes(unfinished)[0]
        first.send_signal(signal.SIGSTOP)
    finally:
        kill(process)
    assert cluster.running("embed_shard")  # the head is gone, its job is not
    unfinished.make("--unlock")
    process = unfinished.start(lost)
    try:
        wait_for(lambda: "another process is embedding this shard" in logs(unfinished), process)
        first.send_signal(signal.SIGCONT)
        assert process.wait(timeout=PATIENCE) == 0, (unfinished / "output").read_text()
    finally:
        kill(process)
    cluster.wait_until(lambda: not cluster.jobs(), "the first head's jobs have ended")
    assert same(lost, unfinished, base)


def embedding_processes(project: Project) -> list[psutil.Process]:
    """Return the processes that hold the lock of a shard of this project."""
    locks = {str(path) for path in (project / "results/.partial").glob("*/*.lock")}
    found = []
    for process in psutil.process_iter():
        try:
            if locks & {file.path for file in process.open_files()}:
                found.append(process)
        except psutil.Error:
            continue
    return found


def logs(project: Project) -> str:
    return "".join(path.read_text(errors="replace") for path in Path(project / "results/logs/embed_shard").rglob("*.log"))
