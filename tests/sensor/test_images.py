"""References of images, taken apart."""

from __future__ import annotations

import pytest

from deckwatch.sensor.images import Image, parse_image

DIGEST = "sha256:" + "0f" * 32

REFERENCES = [
    pytest.param("nginx", Image("nginx"), id="a name"),
    pytest.param("nginx:1.25", Image("nginx", "1.25"), id="a tag"),
    pytest.param("docker.io/library/nginx:1.25", Image("docker.io/library/nginx", "1.25"), id="a registry"),
    pytest.param("localhost:5000/team/tool", Image("localhost:5000/team/tool"), id="a port is no tag"),
    pytest.param("localhost:5000/team/tool:v1", Image("localhost:5000/team/tool", "v1"), id="a port and a tag"),
    pytest.param("[::1]:5000/tool:v1", Image("[::1]:5000/tool", "v1"), id="an address with colons"),
    pytest.param(f"tool@{DIGEST}", Image("tool", None, DIGEST), id="a digest"),
    pytest.param(f"r.test/a/tool:v1@{DIGEST}", Image("r.test/a/tool", "v1", DIGEST), id="a tag and a digest"),
    pytest.param(DIGEST, Image(None, None, DIGEST), id="an image id"),
    pytest.param("", Image(), id="nothing"),
]


@pytest.mark.parametrize(("reference", "image"), REFERENCES)
def test_parts_of_a_reference(reference: str, image: Image) -> None:
    assert parse_image(reference) == image
