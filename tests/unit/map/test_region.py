"""Boxes on the map: what lies far from the other questions of a domain does not widen its region."""

import numpy as np
import pytest

from knowledge_map.map.region import Region, domain_region, domain_regions, question_region
from knowledge_map.questions.domains import Domain


def test_a_domain_leaves_its_outer_questions_out():
    points = np.column_stack([np.linspace(0, 1, 101), np.linspace(0.4, 0.6, 101)])
    region = domain_region(points, 0)
    assert region is not None
    assert list(region.as_dict().values()) == pytest.approx([0.05, 0.95, 0.41, 0.59])
    assert question_region(points, 0) == Region(0, 1, 0.4, 0.6)


def test_a_region_is_padded_by_its_longer_side_and_ends_with_the_map():
    region = domain_region(np.array([[0.0, 0.5], [1.0, 0.6]]), 0.1)
    assert region is not None
    assert list(region.as_dict().values()) == pytest.approx([0, 1, 0.415, 0.685])
    one = domain_region(np.array([[0.5, 0.5]]), 1)
    assert one is not None
    assert list(one.as_dict().values()) == pytest.approx([0.4, 0.6, 0.4, 0.6])


def test_a_given_region_holds_and_a_domain_without_questions_has_none():
    domains = [Domain("a", "A", None, (0.1, 0.2, 0.3, 0.4)), Domain("b", "B"), Domain("c", "C")]
    members = np.array([[True, True], [True, True], [False, False]])
    given, made, none = domain_regions(domains, members, np.array([[0.2, 0.2], [0.4, 0.4]]), 0)
    assert (given, none) == (Region(0.1, 0.2, 0.3, 0.4), None)
    assert made == domain_region(np.array([[0.2, 0.2], [0.4, 0.4]]), 0)
