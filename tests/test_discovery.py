"""Finding backends: by name, by condition, as an attribute."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from connecting import provider_for
from documents import snapshot
from recorder import Recorder

from qiskit_direct_provider import DirectBackend, DirectProvider, S3Storage, errors
from qiskit_direct_provider.service.process import LocalService


@pytest.fixture(scope="module")
def recorder(service: LocalService) -> Iterator[Recorder]:
    recorder = Recorder(service.url)
    yield recorder
    recorder.close()


@pytest.fixture
def watched(recorder: Recorder, service: LocalService, own_storage: S3Storage) -> Iterator[DirectProvider]:
    """A provider whose requests are counted, the one for a token left out."""
    with provider_for(service, own_storage, url=recorder.url, iam_url=recorder.url) as provider:
        provider.backends()
        recorder.seen.clear()
        yield provider


def names(backends: list[DirectBackend]) -> set[str]:
    return {backend.name for backend in backends}


def test_names_are_exact_or_regular_expressions(provider: DirectProvider) -> None:
    assert names(provider.backends("fake_manila")) == {"fake_manila"}
    assert names(provider.backends("fake_n.*")) == {"fake_nairobi", "fake_nighthawk"}
    assert names(provider.backends("manila")) == set()
    assert names(provider.backends(re.compile("manila|fez"))) == {"fake_manila", "fake_fez"}
    with pytest.raises(errors.InvalidInputError, match="regular expression"):
        provider.backends("fake_(")


def test_conditions_on_status_and_documents(provider: DirectProvider) -> None:
    everything = names(provider.backends())
    assert len(everything) == 7
    assert names(provider.backends(operational=True, locked=False, state="online")) == everything
    assert names(provider.backends(operational=False)) == set()
    assert names(provider.backends(min_num_qubits=127)) == everything - {
        "fake_manila",
        "fake_nairobi",
        "fake_brooklyn",
        "fake_nighthawk",
    }
    assert names(provider.backends(num_qubits=7)) == {"fake_nairobi"}
    assert names(provider.backends(max_shots=20_000, n_qubits=5)) <= {"fake_manila"}
    assert names(provider.backends(simulator=False, min_num_qubits=5)) == everything
    assert provider.backends(simulator=True) == []
    both = [provider.backends(dynamic_circuits=each) for each in (True, False)]
    assert names(both[0]) | names(both[1]) == everything
    assert names(both[0]) & names(both[1]) == set()
    assert "fake_torino" in names(both[0])
    found = provider.backends(filters=lambda backend: "ecr" in backend.basis_gates)
    assert names(found) == {"fake_brisbane"}


def test_fractional_gates_are_offered_where_they_are_asked_for(provider: DirectProvider) -> None:
    (fez,) = provider.backends("fake_fez", use_fractional_gates=True)
    assert fez == provider.get_backend("fake_fez", use_fractional_gates=True)


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ({"min_qubits": 5}, "did you mean 'min_num_qubits'"),
        ({"operatinal": True}, "did you mean 'operational'"),
        ({"maxshots": 5}, "did you mean 'max_shots'"),
        ({"zzz": 5}, "no attribute 'zzz'; there is: "),
        ({"min_num_qubits": "5"}, "whole number"),
        ({"filters": "x"}, "function"),
        ({"name": 5}, "neither a name"),
    ],
)
def test_what_is_no_condition_is_refused_with_a_suggestion(
    conditions: dict[str, Any], text: str, watched: DirectProvider, recorder: Recorder
) -> None:
    with pytest.raises(errors.InvalidInputError, match=text):
        watched.backends(**conditions)
    assert recorder.seen == []


def test_the_list_costs_one_request_and_so_do_conditions_on_status(
    watched: DirectProvider, recorder: Recorder
) -> None:
    watched.backends()
    watched.backends("fake_.*", operational=True, filters=lambda backend: backend.name != "fake_fez")
    assert recorder.seen == [("GET", "/v1/backends")] * 2


def test_get_backend_wants_exactly_one(provider: DirectProvider) -> None:
    assert provider.get_backend("fake_mani.*").name == "fake_manila"
    with pytest.raises(errors.BackendNotFoundError, match="fits several backends: fake_nairobi, fake_nigh"):
        provider.get_backend("fake_n.*")
    for name in ("fake_manilla", "manila", "a(b"):
        with pytest.raises(errors.BackendNotFoundError, match="has no backend"):
            provider.get_backend(name)


def test_backends_are_attributes(watched: DirectProvider, recorder: Recorder) -> None:
    assert {"fake_manila", "fake_torino", "jobs", "retrieve_job"} <= set(dir(watched.backend))
    assert watched.backend.fake_manila.name == "fake_manila"
    assert watched.backend.fake_torino.name == "fake_torino"
    assert recorder.seen == [("GET", "/v1/backends")]
    assert watched.backend("fake_manila") == watched.backend.fake_manila
    with pytest.raises(AttributeError, match="did you mean fake_manila"):
        _ = watched.backend.fake_manilla
    recorder.seen.clear()
    assert not hasattr(watched.backend, "_ipython_display_")
    assert recorder.seen == []
    with pytest.raises(errors.BackendNotFoundError):
        watched.backend("fake_manilla")


@pytest.mark.filterwarnings("ignore:.* is left out")
def test_an_outage_is_no_empty_list(service: LocalService, own_storage: S3Storage) -> None:
    recorder = Recorder(service.url)
    provider = provider_for(service, own_storage, url=recorder.url, iam_url=recorder.url, timeout=1)
    provider.backends()
    recorder.script("GET", "/v1/backends/fake_manila/configuration", *["503"] * 50)
    with pytest.raises(errors.ApiError):
        provider.backends(min_num_qubits=5)
    recorder.script("GET", "/v1/backends/fake_manila/configuration")
    recorder.script("GET", "/v1/backends/", *["page"] * 1000)
    with pytest.raises(errors.ApiError):
        provider.backends("fake_.a.*", min_num_qubits=5)
    recorder.close()
    provider.close()
    with pytest.raises(errors.TransportError):
        provider.backends()
    assert {"jobs", "retrieve_job"} <= set(dir(provider.backend))


# -- forty devices ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """Forty devices, every tenth of which has a document that describes none."""
    folder = tmp_path_factory.mktemp("forty")
    configuration, properties = (json.loads(text) for text in snapshot("manila"))
    files = []
    for number in range(40):
        document = {**configuration, "backend_name": f"device_{number:02}"}
        if number % 10 == 0:
            document |= {"n_qubits": 0, "basis_gates": []}  # the service takes it; no Target can be made
        files.append(folder / f"{number}.json")
        files[-1].write_text(json.dumps({"configuration": document, "properties": properties}))
    service = LocalService.start(tuple(map(str, files)), workers=1)
    yield service
    service.close()


class InFlight:
    """Counts requests for documents that are under way; eight wait for one another, after ``alone``."""

    def __init__(self, together: int, alone: int) -> None:
        self.most = self._now = self._started = 0
        self._lock, self._alone = threading.Lock(), alone
        self._together = threading.Barrier(together)

    def __call__(self, when: str, _: str, path: str, __: bytes) -> None:
        if not path.endswith("/configuration"):
            return
        with self._lock:
            self._now += 1 if when == "before" else -1
            self._started += when == "before"
            self.most = max(self.most, self._now)
            waits = when == "before" and 0 < self._started - self._alone <= self._together.parties
        if waits:
            self._together.wait(30)


@pytest.mark.parametrize(
    ("conditions", "alone"),
    [({"min_num_qubits": 5}, 0), ({"filters": lambda backend: backend.num_qubits}, 1)],
)
def test_documents_of_forty_devices_are_fetched_eight_at_a_time(
    conditions: dict[str, Any], alone: int, forty: LocalService
) -> None:
    recorder = Recorder(forty.url)
    with provider_for(forty, S3Storage(**forty.storage), url=recorder.url, iam_url=recorder.url) as provider:
        assert len(provider.backends()) == 40
        assert [path for _, path in recorder.seen if "backends" in path] == ["/v1/backends"]
        in_flight = recorder.watch = InFlight(8, alone)
        with pytest.warns(UserWarning, match="device_.0 is left out"):
            found = provider.backends(**conditions)
        assert [backend.name for backend in found] == [
            f"device_{number:02}" for number in range(40) if number % 10
        ]
        assert in_flight.most == 8
        assert [line.partition(":")[0] for line in provider.issues] == [
            "device_00",
            "device_10",
            "device_20",
            "device_30",
        ]
        assert recorder.count("GET", "/v1/backends") == 1 + 1 + 40 * 2
        assert len(provider.backends()) == 40
        assert provider.issues == ()
    recorder.close()
