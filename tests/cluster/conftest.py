"""A SLURM cluster on this machine, and projects that run on it."""

from collections.abc import Iterator

import pytest
import slurm
from projects import REPOSITORY, Project, small_project


class ClusterProject(Project):
    """A project whose jobs go to the cluster.

    They are asked how they are when most have ended: where none has, the plugin waits ten seconds longer each time.
    """

    def start(self, *arguments, **options):
        return super().start(
            *arguments,
            "--profile",
            str(REPOSITORY / "profiles" / "slurm"),
            *("--slurm-status-command", "squeue"),  # the test's cluster has no accounting for sacct
            *("--slurm-init-seconds-before-status-checks", "8", "--seconds-between-status-checks", "8"),
            *("--slurm-no-account", "--latency-wait", "20"),
            **options,
        )


@pytest.fixture(scope="session")
def cluster(tmp_path_factory) -> Iterator[slurm.Cluster]:
    """Two nodes; the tests are skipped where no SLURM can be started, with the reason."""
    if reason := slurm.unavailable():
        pytest.skip(f"no SLURM here: {reason}")
    cluster = slurm.Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        try:
            cluster.start()
        except TimeoutError as error:
            pytest.skip(f"SLURM does not start here: {error}")
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def project(cluster, starter, tmp_path) -> ClusterProject:
    """A project yet to run, of three shards."""
    project = ClusterProject(small_project(tmp_path / "project", starter).folder)
    project.configure(threads=2)
    return project


@pytest.fixture
def unfinished(cluster, base, tmp_path) -> ClusterProject:
    """A copy of the finished project that lacks the vectors of one shard, which the cluster is to embed."""
    project = ClusterProject(base.copy(tmp_path / "project").folder)
    project.lose_vectors()
    return project


@pytest.fixture
def unmerged(cluster, base, tmp_path) -> ClusterProject:
    """A copy of the finished project that lacks its table of vectors, which one short job of the cluster is to write."""
    project = ClusterProject(base.copy(tmp_path / "project").folder)
    (project / "results/embeddings.parquet").unlink()
    return project
