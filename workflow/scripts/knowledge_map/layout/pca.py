"""A first layout without UMAP: the first two principal components, from which the t-SNE steps of the refinement begin."""

import numpy as np
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits


def fit_pca(vectors: np.ndarray) -> tuple[np.ndarray, PCA]:
    """Return the first two principal components of `vectors`, float32 [N, D], as float32 [N, 2], and what transforms new ones.

    Source: Kobak & Berens, "The art of using t-SNE for single-cell transcriptomics" (2019), who begin t-SNE so.
    """
    with threadpool_limits(1):  # sums by several threads would depend on them
        reducer = PCA(n_components=2, svd_solver="covariance_eigh")
        return reducer.fit_transform(vectors).astype(np.float32), reducer
