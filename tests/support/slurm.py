"""A real SLURM of two nodes on this machine: munged, slurmctld and two slurmd, started for the tests and stopped after them."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from string import Template

import psutil
from waiting import wait_until

CONFIGURATION = Path("/etc/slurm/slurm.conf")  # job steps look nowhere else
GPUS = CONFIGURATION.with_name("gres.conf")
TEMPLATE = Path(__file__).with_name("slurm.conf")
MARK = TEMPLATE.read_text().splitlines()[0]  # without a name to fill in, so that it is found again
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel"]
NAME = "knowledge-map-test"
NODES = ["n1", "n2"]


def unavailable() -> str | None:
    """Return why no cluster can be started here, or None where it can."""
    if os.geteuid() != 0:
        return "only root may start SLURM's daemons"
    missing = [program for program in PROGRAMS if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin") is None]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: apt-get install slurm-wlm munge)"
    if CONFIGURATION.exists() and not CONFIGURATION.read_text().startswith(MARK):
        return f"{CONFIGURATION} is not ours: a SLURM is set up on this machine already"
    return None


class Cluster:
    """The daemons; their state and logs lie in `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.daemons: dict[str, subprocess.Popen] = {}
        if CONFIGURATION.exists():  # left behind, perhaps with daemons, by tests that were killed
            ask("scontrol", "shutdown")
        CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
        # A device that stands for a GPU on each node: the tests look at who asks for one.
        GPUS.write_text("AutoDetect=off\nName=gpu File=/dev/null\n")
        CONFIGURATION.write_text(Template(TEMPLATE.read_text()).substitute(host=socket.gethostname(), state=folder))
        for name in ["controller", *NODES]:
            (folder / name).mkdir()

    def start(self) -> None:
        self._start_munge()
        self._start("slurmctld", "-D", "-c")
        for node in NODES:
            self.start_node(node)
        self.wait_until(lambda: ask("sinfo", "--noheader", "--format=%T").split() == ["idle"], "the nodes are idle")

    def start_node(self, node: str) -> None:
        self._start("slurmd", "-D", "-N", node, name=node)

    def stop(self) -> None:
        ask("scancel", "--signal=KILL", "--full", "--user=root")
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
        for daemon in self.daemons.values():
            try:
                daemon.wait(timeout=15)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for process in psutil.process_iter():  # a job of a node that was set down may still be there
            with suppress(psutil.Error):
                if process.environ().get("SLURM_CLUSTER_NAME") == NAME:
                    process.kill()
        CONFIGURATION.unlink()
        GPUS.unlink()

    def jobs(self) -> list[str]:
        """Return the ids of all jobs that wait or run."""
        return ask("squeue", "--noheader", "--format=%A", "--states=PENDING,RUNNING,COMPLETING").split()

    def running(self, rule: str) -> list[str]:
        """Return the ids of the jobs of a rule that run."""
        rows = ask("squeue", "--noheader", "--format=%A %k", "--states=RUNNING").splitlines()
        return [row.split()[0] for row in rows if f"rule_{rule}" in row]

    def gpus(self) -> dict[str, str]:
        """Return the GPUs that the jobs of late asked for, "" for none, by the id of a job and what it does."""
        jobs = ask("scontrol", "show", "job").split("\n\n")
        fields = [dict(re.findall(r"(\w+)=(\S*)", job)) for job in jobs]
        return {f"{job['JobId']} {job['Comment']}": job.get("TresPerJob", "") for job in fields if "Comment" in job}

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-2000:]}" for path in sorted(self.folder.glob("*.log")))

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds; raise TimeoutError, with what the logs say, if it does not."""
        try:
            wait_until(holds, what, seconds=300)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.logs()}") from None

    def _start_munge(self) -> None:
        for folder in map(Path, ["/run/munge", "/var/log/munge", "/var/lib/munge", "/etc/munge"]):
            folder.mkdir(exist_ok=True)
            shutil.chown(folder, "munge", "munge")
            folder.chmod(0o755 if folder.name == "munge" and folder.parent.name == "run" else 0o700)
        if subprocess.run(["munge", "--no-input"], capture_output=True).returncode == 0:
            return  # one is running already
        self._start("runuser", "-u", "munge", "--", "munged", "--foreground", "--force", name="munged")
        self.wait_until(lambda: Path("/run/munge/munge.socket.2").exists(), "munged listens")

    def _start(self, program: str, *arguments: str, name: str | None = None) -> None:
        name = name or program
        with (self.folder / f"{name}.out.log").open("w") as log:
            environment = os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin"}
            self.daemons[name] = subprocess.Popen(
                [program, *arguments], stdout=log, stderr=subprocess.STDOUT, env=environment, start_new_session=True
            )


def ask(*command: str) -> str:
    """Return what a command of SLURM says; an empty string where it fails."""
    return subprocess.run(command, capture_output=True, text=True).stdout
