"""play.py FILE DAG_ID LOGICAL_DATE: plays one run of a DAG as Airflow documents it, on a clock of its own.

It prints one event per line and waits for a line after each, so that the caller can act in between. The line "lose"
after an "answer" makes it an answer that never arrives.

- A try of a task fails with any exception, and is repeated up to `retries` times; AirflowFailException and a sensor's
  timeout end the task at once. A sensor's timeout counts from its first try.
- A branch skips the tasks beside the chosen one, except those that are downstream of it as well.
- The DAG has failed if a task at its end has.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from dag_file import load_dags

from airflow.providers.http.hooks import http
from airflow.providers.http.sensors.http import HttpSensor
from airflow.sdk import DAG, BaseOperator, PythonTask
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout

FAILED = ("failed", "upstream_failed")


def tell(**event: Any) -> str:
    print(json.dumps(event), flush=True)
    return sys.stdin.readline().strip()


def on_answer(method: str, path: str, status: int) -> None:
    if tell(event="answer", method=method, path=path, status=status) == "lose":
        raise ConnectionError("the answer did not arrive")


class TaskInstance:
    def __init__(self, play: Play, task_id: str) -> None:
        self.dag_id = play.dag.dag_id
        self.run_id = f"scheduled__{play.logical_date.isoformat()}"
        self.task_id = task_id
        self._xcoms = play.xcoms

    def xcom_pull(self, task_ids: str) -> Any:
        return self._xcoms.get(task_ids)


class Play:
    def __init__(self, dag: DAG, logical_date: datetime) -> None:
        self.dag = dag
        self.logical_date = logical_date
        self.clock_s = 0.0
        self.states: dict[str, str] = {}
        self.xcoms: dict[str, Any] = {}

    def run(self) -> str:
        while waiting := [task for task in self.dag.tasks.values() if task.task_id not in self.states]:
            for task in waiting:
                if task.task_id not in self.states and all(before.task_id in self.states for before in task.upstream):
                    self.states[task.task_id] = self._decide(task) or self._run_task(task)
        ends = [self.states[task.task_id] for task in self.dag.tasks.values() if not task.downstream]
        return "failed" if any(state in FAILED for state in ends) else "success"

    def _decide(self, task: BaseOperator) -> str | None:
        """Returns the state of a task that its trigger rule does not let run."""
        before = [self.states[upstream.task_id] for upstream in task.upstream]
        if any(state in FAILED for state in before):
            return "upstream_failed"
        skips = all if task.trigger_rule == "none_failed_min_one_success" else any
        return "skipped" if before and skips(state == "skipped" for state in before) else None

    def _run_task(self, task: BaseOperator) -> str:
        first_try_s = self.clock_s
        for tries_left in range(task.retries, -1, -1):
            try:
                value = self._execute(task, first_try_s)
            except Exception as error:
                is_final = tries_left == 0 or isinstance(error, (AirflowFailException, AirflowSensorTimeout))
                tell(event="failed" if is_final else "retry", task=task.task_id, error=repr(error))
                if is_final:
                    return self._fail(task, error)
                self.clock_s += task.retry_delay.total_seconds()
            else:
                return self._succeed(task, value)
        raise AssertionError("a task has at least one try")

    def _succeed(self, task: BaseOperator, value: Any) -> str:
        self.xcoms[task.task_id] = json.loads(json.dumps(value))
        if isinstance(task, PythonTask) and task.is_branch:
            self._skip_beside(task, self.dag.tasks[value])
        tell(event="success", task=task.task_id, xcom=value)
        return "success"

    def _fail(self, task: BaseOperator, error: Exception) -> str:
        if task.on_failure_callback is not None:
            task.on_failure_callback({**self._context(task), "exception": error})
        return "failed"

    def _skip_beside(self, branch: BaseOperator, chosen: BaseOperator) -> None:
        followed = descendants_of(chosen)
        for task in branch.downstream:
            if task.task_id not in followed:
                self.states[task.task_id] = "skipped"

    def _execute(self, task: BaseOperator, first_try_s: float) -> Any:
        if isinstance(task, PythonTask):
            wanted = inspect.signature(task.function).parameters
            return task.function(**{name: value for name, value in self._context(task).items() if name in wanted})
        context = self._context(task)
        fields = {name: render(getattr(task, name), context) for name in task.template_fields}
        if not isinstance(task, HttpSensor):
            return task.execute(fields)
        while not task.poke(fields):
            if self.clock_s - first_try_s > task.timeout:
                raise AirflowSensorTimeout(f"Sensor has timed out; run duration is more than {task.timeout:.0f} s")
            tell(event="not yet", task=task.task_id)
            self.clock_s += task.poke_interval
        return None

    def _context(self, task: BaseOperator) -> dict[str, Any]:
        dag_run = SimpleNamespace(logical_date=self.logical_date, run_after=self.logical_date)
        return {"ti": TaskInstance(self, task.task_id), "dag": self.dag, "dag_run": dag_run}


def descendants_of(task: BaseOperator) -> set[str]:
    return {task.task_id}.union(*(descendants_of(after) for after in task.downstream))


def render(value: Any, context: dict[str, Any]) -> Any:
    """Renders the part of Jinja that is Python as well."""
    if isinstance(value, dict):
        return {name: render(one, context) for name, one in value.items()}
    if not isinstance(value, str):
        return value
    return re.sub(r"\{\{ (.*?) \}\}", lambda found: str(eval(found[1], {}, context)), value)


if __name__ == "__main__":
    file, dag_id, logical_date = sys.argv[1:]
    http.on_answer = on_answer
    play = Play(load_dags(file)[dag_id], datetime.fromisoformat(logical_date))
    state = play.run()
    tell(event="end", state=state, tasks=play.states, xcoms=play.xcoms, clockS=play.clock_s)
