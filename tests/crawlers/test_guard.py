"""What may be requested: http(s) on the hosts of the manifest, ports that it names, nothing else."""

import pytest

from crawlers.guard import refusal
from tests.crawlers.samples import source

SOURCE = source(
    hosts=["w.test", "127.0.0.1"],
    private_hosts=["127.0.0.1"],
    entries=[
        {"kind": "feed", "url": "https://w.test/feed"},
        {"kind": "feed", "url": "http://127.0.0.1:8001/feed"},
    ],
)


@pytest.mark.parametrize(
    "url",
    [
        "https://w.test/a",
        "http://W.TEST./a",
        "https://w.test:443/a",
        "http://w.test:80/",
        "http://127.0.0.1:8001/x",
    ],
)
def test_own_addresses_pass(url: str) -> None:
    assert refusal(url, SOURCE) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://lain.test/a", "is not in the manifest"),
        ("https://www.w.test/a", "is not in the manifest"),
        ("https://w.test.lain.test/", "is not in the manifest"),
        ("http://169.254.169.254/latest/meta-data", "is an address, not a name"),
        ("http://0177.0.0.1:8001/", "is an address, not a name"),
        ("http://2130706433:8001/", "is an address, not a name"),
        ("http://127.1:8001/", "is an address, not a name"),
        ("http://[::1]:8001/", "is an address, not a name"),
        ("http://[::ffff:127.0.0.1]:8001/", "is an address, not a name"),
        ("http://127.0.0.1:8002/", "port 8002"),
        ("https://w.test:8001/", "port 8001"),
        ("https://user:pass@w.test/", "user name"),
        ("https://w.test@lain.test/", "user name"),
        ("file:///etc/passwd", "is not http or https"),
        ("ftp://w.test/a", "is not http or https"),
        ("data:text/html,x", "is not http or https"),
        ("http://[::1/", "not an address"),
        ("http://w.test:99999/", "not an address"),
        ("", "is not http or https"),
    ],
)
def test_others_are_refused_with_a_reason(url: str, words: str) -> None:
    assert words in refusal(url, SOURCE)
