"""What every test may use: the shared test media, and no skipping in CI."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

# A traceback with the values of all variables takes a minute where an application is among them.
structlog.configure(
    [
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)

_skipped: list[str] = []


@pytest.fixture(scope="session")
def assets() -> Path:
    """The shared test media; skips where ``WARDWATCH_ASSETS`` does not name them."""
    named = os.environ.get("WARDWATCH_ASSETS")
    if not named or not Path(named).is_dir():
        pytest.skip("WARDWATCH_ASSETS does not name the shared test media")
    return Path(named).resolve()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first: it plays in real time beside quick tests, not beside other demos."""
    items.sort(key=lambda item: item.path.name != "test_demo.py")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    if os.environ.get("CI") and _skipped and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CI") and _skipped:
        terminalreporter.section("skipped, which CI does not allow", red=True)
        for name in _skipped:
            terminalreporter.line(name)
