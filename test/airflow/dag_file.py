"""Loads a DAG file as Airflow does: the DAGs are those among its globals."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).with_name("stub")))

from airflow.sdk import DAG  # noqa: E402


def load_dags(path: str) -> dict[str, DAG]:
    dags = [value for value in runpy.run_path(path).values() if isinstance(value, DAG)]
    return {dag.dag_id: dag for dag in dags}
