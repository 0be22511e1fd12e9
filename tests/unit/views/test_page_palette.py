"""The colours of the page's classes can be told apart with any colour deficiency, and its scales are even."""

import re

import numpy as np
import pytest

from knowledge_map.views.page.modules import STATIC

PALETTE = (STATIC / "map" / "palette.js").read_text(encoding="utf-8")

# What people see without one kind of cones: Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of
# color vision deficiency" (2009), severity 1, for linear red, green and blue.
VISIONS = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# Linear red, green and blue to OKLab: https://bottosson.github.io/posts/oklab/
TO_CONES = [[0.41222, 0.53633, 0.05145], [0.21190, 0.68070, 0.10740], [0.08830, 0.28172, 0.62998]]
TO_LAB = [[0.21045, 0.79362, -0.00407], [1.97800, -2.42859, 0.45059], [0.02590, 0.78277, -0.80868]]


def colors(name, paper):
    """Return the colours of a scheme as red, green and blue, 0 to 1."""
    scheme = PALETTE[PALETTE.index(f"const {name} = ") :]
    texts = re.search(rf'{paper}: "([^"]+)"', scheme).group(1).split()
    return np.array([[int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)] for text in texts])


def oklab(rgb, vision):
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = (linear @ np.transpose(VISIONS[vision])).clip(0, 1)
    return np.cbrt(seen @ np.transpose(TO_CONES)) @ np.transpose(TO_LAB)


@pytest.mark.parametrize("paper", ["light", "dark"])
@pytest.mark.parametrize("vision", VISIONS)
def test_no_two_of_twelve_classes_look_alike(paper, vision):
    seen = oklab(colors("CATEGORIES", paper), vision)
    assert len(seen) == 12
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    assert apart[~np.eye(12, dtype=bool)].min() > 0.1  # five times what one just notices


@pytest.mark.parametrize("paper, direction", [("light", -1), ("dark", 1)])
@pytest.mark.parametrize("vision", VISIONS)
def test_lightness_tells_more_from_less_in_even_steps(paper, direction, vision):
    steps = direction * np.diff(oklab(colors("SEQUENTIAL", paper), vision)[:, 0])
    assert steps.min() > 0.1 and steps.max() < 2 * steps.min()
