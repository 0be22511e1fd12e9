"""The exact search in tiles of products, on any device that torch knows.

It goes over the table three times at most, and keeps no more of it in memory than one block:

1. *candidates*: products of the queries with a block, in half precision where the hardware is fast at it; each query
   keeps the best of them, some more than k;
2. *ranking*: the distance to each candidate, summed in float64, and the k nearest by it;
3. *checking*: rounding moves a product by less than a bound that is known for each query. Where a row that is no
   candidate might, within that bound, be nearer than the last neighbor, the query goes over the table once more in
   float32 and meets every row that can compete.

So the answer is that of the float64 distances alone: it does not depend on device, precision, threads or block size.
"""

from dataclasses import dataclass

import numpy as np
import torch

from knowledge_map.common.device import half_precision_pays
from knowledge_map.common.progress import Progress, log
from knowledge_map.neighbors.distances import COLUMNS, Vectors, blocks_within, distances_of, ranked, slices

GROUP = 64  # neighboring columns of a tile of scores that are looked at as one

SPARE = 32  # candidates beyond k: enough that in half precision few rows (1 to 5 in 100) must be searched again

ACCUMULATION = 2.0**-22  # of a float32 sum, per term: four times the textbook's, since tensor cores cut off, not round


@dataclass(frozen=True)
class Tile:
    """How much is multiplied at once: `queries` rows with `columns` rows of the table."""

    queries: int
    columns: int

    @classmethod
    def fitting(cls, device: torch.device) -> "Tile":
        """Return a tile whose scores stay near the cache of a CPU, or within an eighth of what is free on a GPU."""
        if device.type != "cuda":
            return cls(queries=1024, columns=COLUMNS)
        free, _ = torch.cuda.mem_get_info(device)
        columns = 4 * COLUMNS
        return cls(queries=max(256, min(16_384, free // 8 // (4 * columns))), columns=columns)


@torch.inference_mode()
def search_in_tiles(
    queries: np.ndarray,
    own: np.ndarray,
    table: Vectors,
    columns: range,
    k: int,
    device: torch.device,
    threads: int,
    half: bool | None = None,
    tile: Tile | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return what `exact.search_exactly` returns; `half` and `tile` as in `exact.nearest`."""
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    tile = tile or Tile.fitting(device)
    dtype = _half(device) if (half_precision_pays(device) if half is None else half) else torch.float32

    candidates, limit = _candidates(queries, own, table, columns, k + SPARE, dtype, device, tile)
    neighbors, distances = ranked(queries, candidates, table, columns, k)
    unsure = np.flatnonzero(~(distances[:, -1] < (1 - limit).astype(np.float32)))
    if len(unsure):
        log.info(f"{len(unsure):,} of {len(queries):,} rows have too many close neighbors; searching them again in float32")
        neighbors[unsure], distances[unsure] = _within(
            queries[unsure], own[unsure], table, columns, distances[unsure, -1], k, device, tile
        )
    return neighbors, distances


def _half(device: torch.device) -> torch.dtype:
    """Return the half precision type that is fast on a device; of two that are, the finer."""
    return torch.float16 if device.type == "cuda" else torch.bfloat16


# --- 1. candidates


@dataclass(frozen=True)
class _Rounded:
    """Vectors in the precision of the products, with what the error bound needs: the norm of each and of what it lost."""

    values: torch.Tensor  # [n, dimension] on the device
    norms: np.ndarray  # float64 [n]
    losses: np.ndarray  # float64 [n]

    @classmethod
    def of(cls, vectors: np.ndarray, dtype: torch.dtype, device: torch.device) -> "_Rounded":
        full = torch.from_numpy(np.require(vectors, np.float32, ["C", "W"])).to(device)  # a table's may be read-only
        values = full.to(dtype)
        back = values.to(torch.float32, copy=True)
        norms = _norms(back)
        return cls(values, norms, _norms(back.sub_(full)))


def _norms(vectors: torch.Tensor) -> np.ndarray:
    """Return upper bounds of Euclidean norms: a little more than their float32 values."""
    return vectors.norm(dim=1).cpu().numpy().astype(np.float64) * (1 + 1e-4)


def _error(x: _Rounded, y: _Rounded) -> np.ndarray:
    """Return, for each vector of x, how far its float32 product of rounded values with any of y is from the true one.

    With x = x' + dx and y = y' + dy: |x·y - x'·y'| <= |dx||y'| + |x||dy| (Cauchy-Schwarz), and the sum in float32 adds at
    most a multiple of |x'||y'| (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
    """
    norm, loss = y.norms.max(), y.losses.max()
    accumulation = ACCUMULATION * x.values.shape[1]
    return x.losses * norm + (x.norms + x.losses) * loss + accumulation * x.norms * norm + 1e-7


def _candidates(
    queries: np.ndarray,
    own: np.ndarray,
    table: Vectors,
    columns: range,
    count: int,
    dtype: torch.dtype,
    device: torch.device,
    tile: Tile,
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of high score, int32 [n, count] (-1 where there are no more), and float64 [n]: what no other row exceeds."""
    n = len(queries)
    x = _Rounded.of(queries, dtype, device)
    scores = torch.full((n, count), -torch.inf, dtype=dtype, device=device)
    rows = torch.full((n, count), -1, dtype=torch.int32, device=device)
    error = np.zeros(n)
    buffer = torch.empty(min(n, tile.queries) * tile.columns, dtype=dtype, device=device)
    progress = Progress(n * len(columns), "products")
    for first, block in blocks_within(table, columns, tile.columns):
        y = _Rounded.of(block, dtype, device)
        error = np.maximum(error, _error(x, y))
        for part in slices(n, tile.queries):
            q, m = part.stop - part.start, len(block)
            products = torch.mm(x.values[part], y.values.T, out=buffer[: q * m].view(q, m))
            _hide(products, own[part], first)
            scores[part], rows[part] = _merge(scores[part], rows[part], products, first)
            progress.advance(q * m)
    lowest = scores[:, -1].cpu().double().numpy()
    rounding = torch.finfo(dtype).eps / 2 * np.exp2(np.frexp(lowest)[1] - 1.0)  # of the product, which is in `dtype` too
    return rows.cpu().numpy(), lowest + rounding + error


def _hide(products: torch.Tensor, own: np.ndarray, first: int) -> None:
    """Put each query's product with itself out of the running."""
    at = np.flatnonzero((own >= first) & (own < first + products.shape[1]))
    if len(at):
        products[torch.from_numpy(at), torch.from_numpy(own[at] - first)] = -torch.inf


def _merge(scores: torch.Tensor, rows: torch.Tensor, products: torch.Tensor, first: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the highest of scores [q, c] and products [q, m] in descending order, with their rows.

    Only groups whose maximum reaches a row's lowest score are looked into: on the whole table that is a few per row.
    """
    q, count = scores.shape
    if ragged := products.shape[1] % GROUP:
        products = torch.nn.functional.pad(products, (0, GROUP - ragged), value=-torch.inf)
    groups = products.view(q, -1, GROUP)
    peaks = _peaks(groups)
    floor = _floor(scores, peaks)
    query, group = (peaks >= floor[:, None]).nonzero(as_tuple=True)
    values = groups[query, group]
    pair, place = (values >= floor[query, None]).nonzero(as_tuple=True)
    if not len(pair):
        return scores, rows
    query = query[pair]
    per_query = query.bincount(minlength=q)
    slot = torch.arange(len(query), device=query.device) - (per_query.cumsum(0) - per_query)[query]
    new_scores = scores.new_full((q, int(per_query.max())), -torch.inf)
    new_rows = rows.new_full(new_scores.shape, -1)
    new_scores[query, slot] = values[pair, place]
    new_rows[query, slot] = (group[pair] * GROUP + place + first).int()
    best, at = torch.cat([scores, new_scores], 1).topk(count)
    return best, torch.cat([rows, new_rows], 1).gather(1, at).masked_fill_(best == -torch.inf, -1)


def _peaks(groups: torch.Tensor) -> torch.Tensor:
    """Return the maximum of each group [q, g, GROUP] where it is positive, and anything from it up to zero elsewhere.

    From zero on, bfloat16 numbers stand in the order of the integers of the same bits, and of those torch finds the
    maximum seven times as fast.
    """
    if groups.dtype == torch.bfloat16:
        return groups.view(torch.int16).amax(-1).clamp_(min=0).view(torch.bfloat16)
    return groups.amax(-1)


def _floor(scores: torch.Tensor, peaks: torch.Tensor) -> torch.Tensor:
    """Return a score [q] that each query's c best surely reach: its lowest so far, or the c-th highest peak now."""
    lowest, count = scores[:, -1], scores.shape[1]
    if peaks.shape[1] < count:
        return lowest
    peak = peaks.topk(count).values[:, -1]
    return torch.where(peak > 0, torch.maximum(lowest, peak), lowest)


# --- 3. checking


def _within(
    queries: np.ndarray,
    own: np.ndarray,
    table: Vectors,
    columns: range,
    radius: np.ndarray,
    k: int,
    device: torch.device,
    tile: Tile,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest rows of each query, given a radius that surely holds k rows, float32 [n]."""
    x = _Rounded.of(queries, torch.float32, device)
    parts = list(slices(len(queries), max(1, tile.queries // 4)))
    progress = Progress(len(queries) * len(columns), "products")
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)) for _ in parts]
    for first, block in blocks_within(table, columns, tile.columns):
        y = _Rounded.of(block, torch.float32, device)
        lowest = torch.from_numpy(1 - radius - _error(x, y) - 2.0**-22).to(device, torch.float32)
        for number, part in enumerate(parts):
            products = x.values[part] @ y.values.T
            _hide(products, own[part], first)
            i, j = (products >= lowest[part, None]).nonzero().cpu().numpy().T
            i += part.start
            new = i, j + first, distances_of(queries, i, block, j)
            queries_of, rows_of, distances = map(np.concatenate, zip(found[number], new, strict=True))
            found[number] = _k_nearest(queries_of, rows_of, distances, k)
            progress.advance((part.stop - part.start) * len(block))
    _, rows, distances = map(np.concatenate, zip(*found, strict=True))
    return rows.astype(np.int32).reshape(-1, k), distances.reshape(-1, k)


def _k_nearest(i: np.ndarray, j: np.ndarray, distance: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, of pairs (i, j), for each i the k of least distance (then of least j), in this order."""
    order = np.lexsort((j, distance, i))
    rank = np.arange(len(i)) - np.searchsorted(i[order], i[order])
    order = order[rank < k]
    return i[order], j[order], distance[order]
