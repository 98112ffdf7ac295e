"""New album releases, one DAG for each market of markets.json.

For Airflow 3.2 or newer with apache-airflow-providers-http 5 or newer; README.md beside this file says how to start.

    start > ready > outcome > choose > store > count        the document is good
                                     > reject               it is not: fails, and alerts
                                     > resume > ready_again > outcome_again > choose_again > store or reject

- `start` sends DAG and logical date as the Idempotency-Key: a retry, or a task that is cleared within 24 hours, gets
  the same run of the service instead of a second one.
- `ready` asks a route that answers in status codes: 404 is "not yet", 200 ends the wait, 409 and 410 fail the task.
- A partial run is resumed once. What is partial after that, or of a worse quality than its market accepts, is rejected.
- `store` puts the document and its tables into files. Only their folder goes to XCom.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.providers.http.hooks.http import HttpHook
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

SERVICE = "album_ingest"
ALERTS = "album_alerts"
TABLES = ("albums", "tracks", "artists", "album_artists", "track_artists")
CHUNK_BYTES = 1 << 20
# The run has not ended; the service has too many requests; the service is starting. Other errors fail the sensor.
NOT_YET = ["404", "429", "503"]

RUN_ID = "{{ ti.xcom_pull(task_ids='start') }}"
# A DAG run that was triggered by hand has no logical date.
RUN_KEY = "{{ dag.dag_id }} {{ (dag_run.logical_date or dag_run.run_after).isoformat() }}"


def run_id_of(response) -> str:
    return response.json()["id"]


def outcome_of(response) -> dict:
    """Returns what the branches decide by: the document itself is too large for XCom."""
    run = response.json()
    return {
        "id": run["id"],
        "status": run["status"],
        "quality": (run["quality"] or {}).get("verdict"),
        "gaps": len(run["gaps"]),
        "file": run["file"],
    }


def resumes(response) -> bool:
    """Accepts the refusal of a run that was resumed already: a retry sends the request again."""
    return response.status_code == 202 or response.json().get("code") == "run_not_resumable"


def alert(context) -> None:
    """Posts one message for a task that has failed for good."""
    ti = context["ti"]
    run_id = ti.xcom_pull(task_ids="start")
    text = f"{ti.dag_id} {ti.run_id}: {ti.task_id} failed (run {run_id}): {context.get('exception')!r}"
    HttpHook(method="POST", http_conn_id=ALERTS).run(
        headers={"Content-Type": "application/json"}, data=json.dumps({"text": text})
    )


def download(endpoint: str, path: Path, sha256: str | None = None) -> None:
    """Writes what the service answers into a file, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    response = HttpHook(method="GET", http_conn_id=SERVICE).run(endpoint, extra_options={"stream": True})
    checksum = hashlib.sha256()
    with part.open("wb") as file:
        for chunk in response.iter_content(CHUNK_BYTES):
            file.write(chunk)
            checksum.update(chunk)
    if sha256 not in (None, checksum.hexdigest()):
        raise ValueError(f"{endpoint} is not what the service has stored")
    os.replace(part, path)


def make_dag(
    market: str, storage: str, timezone: str, schedule: str, limit: int, quality: list[str], wait_hours: int
) -> DAG:
    """Builds the DAG of one market; the arguments are the fields of markets.json."""

    def post(task_id: str, endpoint: str, **arguments) -> HttpOperator:
        return HttpOperator(task_id=task_id, http_conn_id=SERVICE, method="POST", endpoint=endpoint, **arguments)

    def wait(task_id: str) -> HttpSensor:
        return HttpSensor(
            task_id=task_id,
            http_conn_id=SERVICE,
            endpoint=f"/runs/{RUN_ID}/ready",
            request_params={"accept": "partial"},
            response_error_codes_allowlist=NOT_YET,
            mode="reschedule",
            poke_interval=60,
            timeout=timedelta(hours=wait_hours).total_seconds(),
        )

    def read_outcome(task_id: str) -> HttpOperator:
        return HttpOperator(
            task_id=task_id,
            http_conn_id=SERVICE,
            method="GET",
            endpoint=f"/runs/{RUN_ID}/status",
            response_filter=outcome_of,
        )

    def is_good(outcome: dict) -> bool:
        return outcome["status"] == "succeeded" and outcome["quality"] in quality

    with DAG(
        dag_id=f"album_releases_{market.lower()}",
        schedule=schedule,
        start_date=pendulum.datetime(2026, 1, 1, tz=timezone),
        catchup=False,
        max_active_runs=1,
        default_args={"retries": 4, "retry_delay": timedelta(minutes=1), "on_failure_callback": alert},
        tags=["albums", market],
    ) as dag:
        start = post(
            "start",
            "/ingest",
            headers={"Content-Type": "application/json", "Idempotency-Key": RUN_KEY},
            data=json.dumps({"limit": limit, "market": market}),
            response_filter=run_id_of,
        )
        ready = wait("ready")
        outcome = read_outcome("outcome")

        @task.branch
        def choose(ti=None) -> str:
            found = ti.xcom_pull(task_ids="outcome")
            if found["status"] == "partial":
                return "resume"
            return "store" if is_good(found) else "reject"

        resume = post(
            "resume", f"/runs/{RUN_ID}/resume", extra_options={"check_response": False}, response_check=resumes
        )
        ready_again = wait("ready_again")
        outcome_again = read_outcome("outcome_again")

        @task.branch
        def choose_again(ti=None) -> str:
            return "store" if is_good(ti.xcom_pull(task_ids="outcome_again")) else "reject"

        @task(trigger_rule="none_failed_min_one_success")
        def store(ti=None) -> str:
            found = ti.xcom_pull(task_ids="outcome_again") or ti.xcom_pull(task_ids="outcome")
            folder = Path(storage, f"market={market}", f"run={found['id']}")
            folder.mkdir(parents=True, exist_ok=True)
            download(f"/runs/{found['id']}", folder / "document.json", found["file"]["sha256"])
            for table in TABLES:
                download(f"/runs/{found['id']}/tables/{table}", folder / f"{table}.parquet")
            return str(folder)

        @task(trigger_rule="none_failed_min_one_success")
        def reject(ti=None) -> None:
            found = ti.xcom_pull(task_ids="outcome_again") or ti.xcom_pull(task_ids="outcome")
            raise AirflowFailException("{status}, {gaps} gaps, quality {quality}".format(**found))

        @task
        def count(ti=None) -> dict:
            """Reads the files: put your own tasks here."""
            document = json.loads(Path(ti.xcom_pull(task_ids="store"), "document.json").read_text(encoding="utf-8"))
            return {"albums": len(document["albums"]), "tracks": document["progress"]["tracks"]}

        first, second, stored, rejected = choose(), choose_again(), store(), reject()
        start >> ready >> outcome >> first >> [resume, stored, rejected]
        resume >> ready_again >> outcome_again >> second >> [stored, rejected]
        stored >> count()
    return dag


CONFIG = json.loads(Path(__file__).with_name("markets.json").read_text(encoding="utf-8"))
DEFAULTS = {name: value for name, value in CONFIG.items() if name != "markets"}
for entry in CONFIG["markets"]:
    made = make_dag(**{**DEFAULTS, **entry})
    globals()[made.dag_id] = made
