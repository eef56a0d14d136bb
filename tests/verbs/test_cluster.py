"""What is said of a wrong use of `--engine ray` before anything starts, and what travels to the nodes."""

import os
import socket
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from store.records import UsageError
from verbs import cluster
from verbs.cluster import check, check_makers, connected, last_line, maker_versions


def test_without_ray_there_is_no_cluster_and_nothing_is_imported():
    before = "ray" in sys.modules
    with connected("onnx", "") as found:
        assert found is None
    assert ("ray" in sys.modules) == before


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("onnx", "10.0.0.5:6379"), "add --engine ray"),
        (("ray", "", "cuda"), "--device cuda"),
        (("ray", "10.0.0.5"), "HOST:PORT"),
        (("ray", ":6379"), "HOST:PORT"),
        (("ray", "10.0.0.5:port"), "HOST:PORT"),
    ],
)
def test_a_wrong_use_is_named(asked, said, monkeypatch):
    monkeypatch.setattr(cluster, "version", lambda _: "1")
    with pytest.raises(UsageError, match=said):
        check(*asked)


def test_a_missing_package_says_what_to_install(monkeypatch):
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(cluster, "version", missing)
    with pytest.raises(UsageError, match=r"package ray is not installed; run: pip install \.\[scale\]"):
        check("ray", "")


def test_an_address_where_nothing_answers_is_told_at_once(monkeypatch):
    monkeypatch.setattr(cluster, "version", lambda _: "1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        check("ray", f"127.0.0.1:{port}")
    with pytest.raises(UsageError, match=f"127.0.0.1:{port}: nothing answers there"):
        check("ray", f"127.0.0.1:{port}")


def test_a_cluster_of_our_own_has_a_token_and_a_closed_folder_and_leaves_neither(monkeypatch):
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with cluster._own_place() as options:
        assert options["address"] == "local"
        assert len(os.environ["RAY_AUTH_TOKEN"]) == 64
        assert os.environ["RAY_AUTH_MODE"] == "token"
        outer = os.path.dirname(options["_temp_dir"])  # noqa: PTH120 - it is a string that Ray wants
        assert os.stat(outer).st_mode & 0o077 == 0  # noqa: PTH116 - likewise
    assert not os.path.exists(outer)  # noqa: PTH110 - likewise
    assert "RAY_AUTH_TOKEN" not in os.environ
    assert os.environ["RAY_AUTH_MODE"] == "disabled"


def test_code_and_word_lists_travel_and_what_is_private_or_large_stays():
    with cluster._copied_code() as folder:
        names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert {"verbs/spread.py", "nlp/extract.py", "crawlers/archive.py", "data/regions.csv"} <= names
    assert not [n for n in names if n.startswith(("data/var", "data/labels", "models", "tests", "review"))]
    assert not [n for n in names if "__pycache__" in n or n.endswith(".key")]
    assert size < 5_000_000


def test_a_node_with_other_packages_is_refused_by_name():
    check_makers(maker_versions())
    with pytest.raises(UsageError, match=r"lxml .* instead of 0\.1; install what constraints"):
        check_makers(maker_versions() | {"lxml": "0.1"})


def test_of_a_worker_s_stack_the_last_line_is_told():
    assert last_line(ValueError("a\n  b\n\n")) == "b"
    assert last_line(ValueError()) == "ValueError"
