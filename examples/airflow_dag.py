"""New album releases, once a day, for Airflow 2.10 or newer with apache-airflow-providers-http.

The connection `album_ingest` is the service: its host and port, and in its extras, where the service has API_KEYS,
{"X-API-Key": "KEY"}.

- `start` sends the run id of the DAG as the Idempotency-Key: a retry, or a cleared task within 24 hours, gets the same run.
- `ready` asks GET /runs/{id}/ready: 404 means that the run goes on, and so does a service that is restarting (429, 503);
  200 ends the wait, and 409 (partial, failed, canceled) or 410 (unknown) fails the task at once.
- `document` gets what the run has left.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor

RUN = "{{ ti.xcom_pull(task_ids='start') }}"

with DAG(
    dag_id="album_releases",
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
) as dag:
    start = HttpOperator(
        task_id="start",
        http_conn_id="album_ingest",
        method="POST",
        endpoint="/ingest",
        headers={"Content-Type": "application/json", "Idempotency-Key": "{{ dag.dag_id }} {{ run_id }}"},
        data=json.dumps({"limit": 100}),
        response_filter=lambda response: response.json()["id"],
        retries=5,
        retry_delay=timedelta(seconds=30),
    )

    ready = HttpSensor(
        task_id="ready",
        http_conn_id="album_ingest",
        endpoint=f"/runs/{RUN}/ready",
        response_error_codes_allowlist=["404", "429", "503"],
        mode="reschedule",
        poke_interval=30,
        timeout=timedelta(days=1).total_seconds(),
    )

    document = HttpOperator(
        task_id="document",
        http_conn_id="album_ingest",
        method="GET",
        endpoint=f"/runs/{RUN}",
        response_filter=lambda response: response.json()["progress"],
        log_response=False,
        retries=5,
        retry_delay=timedelta(seconds=30),
    )

    start >> ready >> document
