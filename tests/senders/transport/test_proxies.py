"""Proxies: the wire passes them by, and says so."""

import pytest

from _hookswarm.senders.transport.proxies import passed_by

FAR = "http://192.0.2.1:8080/hooks"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_PROXY".upper(), raising=False)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_that_is_passed_by_is_told(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """By its variable, whatever its case, and never what that holds."""
    monkeypatch.setenv(variable, "http://me:word@192.0.2.9:3128")
    told = passed_by([FAR])
    assert f"straight to 192.0.2.1:8080, past ${variable.upper()}; --transport httpx goes through it" in told
    assert "word" not in told


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, FAR),
        ({"HTTPS_PROXY": "http://192.0.2.9"}, FAR),
        ({"HTTP_PROXY": "http://192.0.2.9"}, "https://192.0.2.1/"),
        ({"ALL_PROXY": "http://192.0.2.9", "NO_PROXY": "localhost,192.0.2.1"}, FAR),
        ({"ALL_PROXY": "http://192.0.2.9", "no_proxy": "*"}, FAR),
    ],
)
def test_a_proxy_that_is_for_others_is_not(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str
) -> None:
    """Nor one that $NO_PROXY excepts the host from."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert passed_by([url]) == ""
