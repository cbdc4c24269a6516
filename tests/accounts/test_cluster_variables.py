"""Accounts from the variables of a cluster's job, in every spelling that plugins have used."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from qiskit_direct_provider import DirectProvider, S3Storage, errors
from qiskit_direct_provider.accounts import Account, environment_account, resolve
from qiskit_direct_provider.accounts.slurm import SlurmJob

URL = "https://system.example"
SERVICE = {
    "ENDPOINT": URL,
    "IAM_ENDPOINT": "https://iam.example",
    "IAM_APIKEY": "a-key",
    "SERVICE_CRN": "crn:lab",
}
STORE = {
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "S3_ENDPOINT": "https://store.example",
    "S3_BUCKET": "jobs",
    "S3_REGION": "eu-de",
}
STORAGE = S3Storage("https://store.example", "jobs", "a", "b", "eu-de")


def variables(start: str, **changes: str | None) -> dict[str, str]:
    values = {**SERVICE, **STORE, **changes}
    return {f"{start}_{name}": value for name, value in values.items() if value is not None}


def found(variables: dict[str, str], **arguments: Any) -> Account:
    return resolve(variables=variables, **arguments)


@pytest.mark.parametrize(
    ("given", "resources"),
    [
        ({**variables("ibm_foo_QRMI_IBM_QS"), "QRMI_JOB_QPU_RESOURCES": "ibm_foo"}, ("ibm_foo",)),
        (variables("ibm_foo_QRMI_IBM_QS"), ("ibm_foo",)),
        ({**variables("ibm-foo.1_QRMI_IBM_QS"), "SLURM_JOB_QPU_RESOURCES": " ibm-foo.1 "}, ("ibm-foo.1",)),
        (variables("QRMI_IBM_QS"), ()),
        (variables("ibm_foo_QRMI_IBM_DA"), ("ibm_foo",)),
        ({**variables("QRMI_IBM_DA"), "QRMI_RESOURCE_ID": "ibm_foo"}, ("ibm_foo",)),
        (variables("QRMI_IBM"), ()),
        (
            {**variables("IBMQRUN", ENDPOINT=None, DAAPI_ENDPOINT=URL), "IBMQRUN_BACKEND": "ibm_foo"},
            ("ibm_foo",),
        ),
    ],
)
def test_every_spelling_of_an_on_prem_system(given: dict[str, str], resources: tuple[str, ...]) -> None:
    account = found(given)
    assert (account.channel, account.url, account.token.reveal()) == ("direct_access", URL, "a-key")
    assert (account.iam_url, account.instance) == ("https://iam.example", "crn:lab")
    assert account.storage == STORAGE
    assert account.resources == resources
    assert environment_account(variables=given) == account


@pytest.mark.parametrize("family", ["QCS", "QRS"])
def test_a_device_in_the_cloud(family: str) -> None:
    account = found({f"ibm_foo_QRMI_IBM_{family}_{name}": value for name, value in SERVICE.items()})
    assert (account.channel, account.storage) == ("runtime", None)


def test_the_service_may_see_the_store_under_another_address() -> None:
    account = found(variables("ibm_foo_QRMI_IBM_QS", S3_ENDPOINT_FOR_QSAPI="https://inside.example"))
    assert account.storage is not None
    assert account.storage.endpoint_for_service == "https://inside.example"


def test_a_resource_can_be_chosen() -> None:
    given = {
        **variables("one_QRMI_IBM_QS"),
        **variables("two_QRMI_IBM_QS", ENDPOINT="https://second.example"),
        "QRMI_JOB_QPU_RESOURCES": "one;two;three",
        "QRMI_LIST_DELIMITER": ";",
    }
    assert found(given).resources == ("one",)
    assert environment_account("two", given).url == "https://second.example"
    assert environment_account("two", given).resources == ("two",)
    with pytest.raises(errors.AccountError, match="no resource 'four'; there is: one, two, three"):
        environment_account("four", given)
    with pytest.raises(errors.AccountError, match="no token and no url"):
        environment_account("three", given)


def test_resources_of_one_system_share_its_account() -> None:
    given = {
        **variables("one_QRMI_IBM_QS"),
        **variables("two_QRMI_IBM_QS"),
        **variables("three_QRMI_IBM_QS", IAM_APIKEY="another"),
        "QRMI_JOB_QPU_RESOURCES": "one,two,three",
    }
    assert found(given).resources == ("one", "two")


def test_arguments_and_our_own_variables_come_before_the_clusters() -> None:
    given = variables("ibm_foo_QRMI_IBM_QS")
    assert found({**given, "QISKIT_DIRECT_TOKEN": "mine"}).token.reveal() == "mine"
    explicit = found(given, token="said", url="https://said.example")
    assert (explicit.token.reveal(), explicit.storage, explicit.resources) == ("said", None, ())
    assert found(given, token="said", url=URL).storage == STORAGE


def test_the_plugins_own_failure_is_told() -> None:
    given = {"QRMI_PLUGIN_ERROR": "ibm_foo is not accessible", "QRMI_JOB_QPU_RESOURCES": ""}
    with pytest.raises(errors.AccountError, match="plugin failed: ibm_foo is not accessible"):
        found(given)
    assert found(given, token="said", url=URL).url == URL


def test_a_store_that_is_described_by_half() -> None:
    given = variables("ibm_foo_QRMI_IBM_QS", S3_BUCKET=None, AWS_ACCESS_KEY_ID="")
    with pytest.raises(
        errors.AccountError, match="ibm_foo_QRMI_IBM_QS_S3_BUCKET, ibm_foo_QRMI_IBM_QS_AWS_ACC"
    ):
        found(given)
    assert found(given, token="said", url="https://said.example").storage is None


def test_the_time_that_a_job_has() -> None:
    base = {"SLURM_JOB_ID": "7"}

    def ends_at(**given: str) -> float | None:
        job = SlurmJob.of({**base, **given}, now=1000.0)
        assert job is not None
        return job.ends_at

    assert SlurmJob.of({}) is None
    assert ends_at() is None
    assert ends_at(a_QRMI_JOB_TIMEOUT_SECONDS="4294967295") is None
    assert ends_at(a_QRMI_JOB_TIMEOUT_SECONDS="600", b_QRMI_JOB_TIMEOUT_SECONDS="4294967295") == 1600
    assert ends_at(a_QRMI_JOB_TIMEOUT_SECONDS="600", SLURM_JOB_START_TIME="500") == 1100
    assert ends_at(a_QRMI_JOB_TIMEOUT_SECONDS="600", SLURM_JOB_END_TIME="1200") == 1200
    assert ends_at(SLURM_JOB_END_TIME="never", QRMI_IBM_QS_TIMEOUT_SECONDS="60") == 1060
    assert ends_at(IBMQRUN_TIMEOUT_SECONDS="86400") == 87_400


def test_ranks_and_arrays() -> None:
    job = SlurmJob.of(
        {
            "SLURM_JOB_ID": "1203",
            "SLURM_ARRAY_JOB_ID": "1200",
            "SLURM_ARRAY_TASK_ID": "3",
            "SLURM_PROCID": "2",
            "SLURM_STEP_NUM_TASKS": "4",
        }
    )
    assert job == SlurmJob("1203", "1200_3", 2, 4)
    assert job.tags == ("slurm:1203", "slurm-array:1200_3")


def test_from_environment_reads_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    DirectProvider.save_account("saved", URL)
    with pytest.raises(errors.AccountError, match="no token and no url"):
        DirectProvider.from_environment()
    for name, value in variables("ibm_foo_QRMI_IBM_QS").items():
        monkeypatch.setenv(name, value)
    assert (
        DirectProvider.from_environment().active_account()["source"] == "the variables ibm_foo_QRMI_IBM_QS_*"
    )
    assert DirectProvider.from_environment("ibm_foo").resources == ("ibm_foo",)
    with pytest.raises(errors.InvalidInputError, match="on_sigterm must be one of"):
        DirectProvider.from_environment(on_sigterm="ignore")


def test_outside_of_the_main_thread_signals_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in variables("ibm_foo_QRMI_IBM_QS").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("QISKIT_DIRECT_ON_SIGTERM", "cancel")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(DirectProvider).result().resources == ("ibm_foo",)
        assert "QISKIT_DIRECT_ON_SIGTERM is ignored" in caplog.text
        with pytest.raises(errors.UnsupportedError, match="main thread"):
            pool.submit(DirectProvider.from_environment, on_sigterm="cancel").result()


def test_signals_are_as_before_once_a_provider_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables("ibm_foo_QRMI_IBM_QS").items():
        monkeypatch.setenv(name, value)
    before = signal.getsignal(signal.SIGTERM)
    with DirectProvider.from_environment(on_sigterm="detach"):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_tasks_that_mpi_started_are_counted_by_mpi() -> None:
    job = SlurmJob.of(
        {"SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "8"}
    )
    assert job == SlurmJob("7", None, 3, 8)
