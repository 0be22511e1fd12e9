"""The picture of the map: same bytes each time, any title, any number of questions."""

import textwrap
import warnings
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from labelled_maps import HOSTILE, labelled, small_map

from knowledge_map.labels.table import SCHEMA, shown_labels
from knowledge_map.map.region import question_region
from knowledge_map.views.figure import _apart, _label_choice, density, draw_map
from knowledge_map.views.fonts import plain

pytestmark = pytest.mark.slow  # draws


def draw(folder, knowledge_map, embeddings, *names, title="A map"):
    table = labelled((knowledge_map, embeddings), 4, 8)
    region = question_region(knowledge_map.positions[~knowledge_map.is_article], 0.1)
    paths = [folder / name for name in names]
    draw_map(knowledge_map, table, region, paths, title)
    return [path.read_bytes() for path in paths]


def test_the_same_map_gives_the_same_bytes_whatever_the_users_style(tmp_path):
    small = small_map(tmp_path)
    first = draw(tmp_path, *small, "a.png", "a.svg")
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "none", "savefig.dpi": 30}):
        assert draw(tmp_path, *small, "b.png", "b.svg") == first


def test_hostile_titles_are_drawn_as_text_without_error_or_warning(tmp_path):
    small = small_map(tmp_path, articles=len(HOSTILE), titles=HOSTILE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, svg = draw(tmp_path, *small, "map.png", "map.svg", title=" ".join(HOSTILE[:6]))
    assert ElementTree.fromstring(svg).tag.endswith("svg")


@pytest.mark.parametrize(("articles", "questions"), [(1, 0), (1, 1), (50, 0), (50, 40)])
def test_any_number_of_questions_can_be_drawn_none_too(tmp_path, articles, questions):
    (png,) = draw(tmp_path, *small_map(tmp_path, articles, questions), "map.png")
    assert png.startswith(b"\x89PNG")


def test_a_map_without_labels_is_drawn(tmp_path):
    knowledge_map, _ = small_map(tmp_path, articles=20, questions=0)
    draw_map(knowledge_map, SCHEMA.empty_table(), None, [tmp_path / "map.png"], "")
    assert (tmp_path / "map.png").stat().st_size > 1_000


def test_titles_come_out_plain_and_short():
    assert plain("a\x00b\r\n\u2028c\u202e", 40) == "a b c"
    assert plain("word " * 100, 20) == "word word word word…"
    assert plain("東京 $x$", 40) == "�� $x$"
    assert plain("", 40) == ""


def test_numbers_in_one_place_are_moved_apart_and_those_alone_stay():
    points = np.array([[5.0, 5.0], [5.0, 5.0], [5.0, 5.0], [6.0, 5.0], [90.0, 90.0]])
    moved = _apart(points, 10)
    distances = np.linalg.norm(moved[:, None] - moved[None], axis=2)[np.triu_indices(5, 1)]
    assert distances.min() > 9.5
    assert moved[4].tolist() == [90.0, 90.0]


def test_density_is_highest_where_most_articles_lie_and_counts_y_upward():
    articles = np.concatenate([np.full((900, 2), (0.25, 0.75)), np.full((100, 2), (0.75, 0.25))])
    shade = density(articles, (0, 1, 0, 1), bins=40)
    assert np.unravel_index(shade.argmax(), shade.shape) == (30, 10)
    assert 0 < shade[10, 30] < shade[30, 10] <= 1
    assert shade[10, 10] == pytest.approx(0, abs=1e-6)


def test_no_articles_in_view_give_an_empty_density():
    assert density(np.empty((0, 2)), (0, 1, 0, 1), bins=10).max() == 0


@pytest.mark.parametrize(("finest", "grid"), [(1, 2), (2, 2), (5, 4), (16, 16), (100, 16)])
def test_labels_are_those_of_the_finest_level_allowed_or_else_of_the_coarsest(tmp_path, finest, grid):
    table = labelled(small_map(tmp_path), 2, 4, 16)
    assert [text for text, _, _ in _label_choice(table, finest)] == [
        "\n".join(textwrap.wrap(label, 18)) for label in shown_labels(table, grid)["label"].to_pylist()
    ]
