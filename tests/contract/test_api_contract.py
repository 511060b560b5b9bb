"""What a generator of requests makes of the API's own description: right and wrong ones, and how they are answered.

In the tests the requests are the same each time and few. For a long run: ``API_EXAMPLES=500 pytest`` this file.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import positive_data_acceptance
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from support import small_release as small
from support import told_ledger as told

from registry.settings import Settings
from registry.web.app import create_app

EXAMPLES = int(os.environ.get("API_EXAMPLES", "3"))


def _described(data: Path) -> schemathesis.BaseSchema:
    """The description as the application gives it; its data are there when the first test runs."""
    app = create_app(
        Settings(data=data, api_requests=0), ledger_path=data / "ledger.sqlite", messages=small.MESSAGES,
        base=small.BASE,
    )  # fmt: skip
    generation = GenerationConfig(max_examples=EXAMPLES, deterministic="API_EXAMPLES" not in os.environ)
    config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
    return schemathesis.openapi.from_asgi("/openapi.json", app, config=config).include(path_regex="^/api")


FOLDER = tempfile.TemporaryDirectory(prefix="api-contract-")
schema = _described(Path(FOLDER.name))


@pytest.fixture(scope="module", autouse=True)
def release() -> Iterator[None]:
    told.build(Path(FOLDER.name))
    yield
    FOLDER.cleanup()


@schema.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_keeps_its_word(case: schemathesis.Case) -> None:
    answer = case.call()
    # No schema can say that a cursor is one that this registry gave for this question, nor that what fits best has no
    # other order.
    between = answer.status_code == 400 and answer.json()["detail"].startswith(("cursor: ", "order: "))
    case.validate_response(answer, excluded_checks=[positive_data_acceptance] if between else [])
