"""The manifests are what Kubernetes takes, and what they name is there."""

from typing import Any

import kubernetes_validate
import pytest
import yaml

from _hookswarm.protocol.regions import load_table
from tests.support.receivers import CHECKOUT

MANIFESTS = [*yaml.safe_load_all((CHECKOUT / "deploy/kubernetes.yaml").read_text())]
VERSION = kubernetes_validate.latest_version()


def of(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in MANIFESTS if one["kind"] == kind}


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: f"{one['kind']} {one['metadata']['name']}")
def test_each_keeps_its_schema(manifest: dict[str, Any]) -> None:
    """Strictly: no field that Kubernetes doesn't know."""
    kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_a_field_that_is_wrong_is_seen() -> None:
    """Else the test above would prove nothing."""
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(of("Service")["master"] | {"specs": {}}, VERSION, strict=True)


def test_every_region_of_the_table_has_a_receiver() -> None:
    """Its host is a Service, which leads to the Deployment of that region, on both ports."""
    for region in load_table(CHECKOUT / "deploy/regions.toml").region:
        name = f"receiver-{region.name}"
        service, pod = of("Service")[name]["spec"], of("Deployment")[name]["spec"]["template"]
        assert (region.url, region.control) == (f"http://{name}:8101/hooks", f"http://{name}:8201")
        assert service["selector"].items() <= pod["metadata"]["labels"].items()
        assert {port["port"] for port in service["ports"]} == {8101, 8201}
        assert region.name in pod["spec"]["containers"][0]["command"]


def test_nobody_runs_as_root_or_writes_where_it_need_not() -> None:
    """Every container, and no credential is in a manifest."""
    pods = [one["spec"]["template"]["spec"] for one in MANIFESTS if "template" in one["spec"]]
    assert len(pods) == 5
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert "env" not in container
    assert not of("Secret")
