"""The memory of a job that embeds, looked at after each saved block."""

from knowledge_map.common.afresh import GoOnAfreshError
from knowledge_map.common.memory import Held
from knowledge_map.common.progress import log
from knowledge_map.embedding.encoders.base import TextEncoder

GROWTH = 1.1
"""How much more must be held than after the first block, for a fresh process to be worth its start."""


class MemoryGuard:
    """Looks at what an encoder holds of memory, and asks for a fresh process where it holds too much and has grown.

    Parameters
    ----------
    share : of the memory of the machine, or of a device, that the job may hold.
    """

    def __init__(self, encoder: TextEncoder, share: float):
        self._encoder, self._share = encoder, share
        self._first: dict[str, int] = {}
        self._told = False

    def look(self) -> None:
        """Look at what is held, after a block was saved.

        Above the share, what nothing uses is given back. Raises GoOnAfreshError where that does not help and a fresh process
        would: one that holds as much after its first block is not replaced.
        """
        if self._above():
            self._encoder.release()
        above = self._above()
        grown = [held for held in above if held.bytes > GROWTH * self._first.get(held.by, held.bytes)]
        if not self._first:
            self._first = {held.by: held.bytes for held in self._encoder.held()}
        if grown:
            raise GoOnAfreshError(f"{grown[0]}, above embedding.device_memory")
        if above and not self._told:
            self._told = True
            log.warning(f"{above[0]}, above embedding.device_memory, as a fresh process would; give the job more memory")

    def _above(self) -> list[Held]:
        return [held for held in self._encoder.held() if held.bytes > self._share * held.most]
