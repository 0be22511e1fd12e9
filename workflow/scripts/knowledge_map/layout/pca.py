"""A first layout without UMAP: the first two principal components, from which the t-SNE steps of the refinement begin."""

import numpy as np
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from knowledge_map.embedding.principal_components import principal_axes
from knowledge_map.embedding.table import ROW_GROUP, EmbeddingTable


@threadpool_limits.wrap(limits=1)  # sums by several threads would depend on them
def fit_pca(table: EmbeddingTable) -> tuple[np.ndarray, PCA]:
    """Return the first two principal components of all vectors, float32 [N, 2], and what transforms new ones.

    No more of the vectors is in memory than a block. Source: Kobak & Berens, "The art of using t-SNE for single-cell
    transcriptomics" (2019), who begin t-SNE so.
    """
    reducer = _fitted(table)
    return np.concatenate([reducer.transform(block) for _, block in table.blocks(ROW_GROUP)]), reducer


def _fitted(table: EmbeddingTable) -> PCA:
    """Return what `PCA(n_components=2).fit` would, which takes all vectors at once."""
    mean, directions, variances = principal_axes(table)
    components = directions[:, :2]
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=0)[None], axis=0)
    variances = variances.clip(0) * table.rows / (table.rows - 1)
    reducer = PCA(n_components=2)
    vars(reducer).update(
        mean_=mean.astype(np.float32),
        components_=(components * np.sign(largest)).T.astype(np.float32),
        explained_variance_=variances[:2],
        explained_variance_ratio_=variances[:2] / max(float(variances.sum()), 1e-12),
        singular_values_=np.sqrt(variances[:2] * (table.rows - 1)),
        noise_variance_=float(variances[2:].mean()) if table.dimension > 2 else 0.0,
        n_components_=2,
        n_samples_=table.rows,
        n_features_in_=table.dimension,
    )
    return reducer
