"""The OpenAPI document says what the service does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service_client import Service

ROUTES = {
    ("get", "/version"),
    ("get", "/versions"),
    ("post", "/v1/token"),
    ("post", "/identity/token"),
    ("get", "/v1/backends"),
    ("get", "/v1/backends/{name}"),
    ("get", "/v1/backends/{name}/configuration"),
    ("get", "/v1/backends/{name}/properties"),
    ("get", "/v1/backends/{name}/lanes"),
    ("post", "/v1/jobs"),
    ("get", "/v1/jobs"),
    ("get", "/v1/jobs/{job_id}"),
    ("delete", "/v1/jobs/{job_id}"),
    ("post", "/v1/jobs/{job_id}/cancel"),
}
OPEN = {"/version", "/versions", "/v1/token", "/identity/token"}


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    """The document."""
    found: dict[str, Any] = requests.get(service.url + "/openapi.json", timeout=10).json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """All operations with their method and path."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_route_is_described(document: dict[str, Any]) -> None:
    """No documented route is missing, and no other is there; each has its own id."""
    found = list(operations(document))
    assert {(method, path) for method, path, _ in found} == ROUTES
    assert len({operation["operationId"] for *_, operation in found}) == len(found)


def test_tokens_are_asked_for(document: dict[str, Any]) -> None:
    """Every route but the open ones names the bearer scheme."""
    (scheme,) = document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for _, path, operation in operations(document):
        assert ("security" in operation) == (path not in OPEN), path


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    """Every $ref has its schema, and every schema is used."""

    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if "$ref" in node:
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    names = {reference.removeprefix("#/components/schemas/") for reference in references(document)}
    assert names == set(document["components"]["schemas"])


def test_failures_are_described(document: dict[str, Any]) -> None:
    """Documented failures have the error document; FastAPI's own 422 is not among them."""
    for method, path, operation in operations(document):
        assert "422" not in operation["responses"]
        for status, response in operation["responses"].items():
            if status >= "400" and (path, status) != ("/identity/token", "400"):
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorDocument"}, (method, path, status)
    create = document["paths"]["/v1/jobs"]["post"]
    assert {"204", "400", "401", "404", "408", "409", "413", "423", "429"} <= set(create["responses"])
    assert create["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/JobRequest")


def test_the_document_stays_the_same(service: Service, document: dict[str, Any]) -> None:
    assert requests.get(service.url + "/openapi.json", timeout=10).json() == document


def test_page_for_people(service: Service) -> None:
    """The page that shows the document."""
    assert "openapi.json" in requests.get(service.url + "/docs", timeout=10).text
