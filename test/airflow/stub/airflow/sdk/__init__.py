"""Records operators and their dependencies. A misspelt argument is an error, as in Airflow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Callable

TRIGGER_RULES = ("all_success", "none_failed_min_one_success")


class DAG:
    current: DAG | None = None

    def __init__(
        self,
        dag_id: str,
        *,
        schedule: str,
        start_date: datetime,
        catchup: bool,
        max_active_runs: int,
        default_args: dict[str, Any],
        tags: list[str],
    ) -> None:
        self.dag_id = dag_id
        self.schedule = schedule
        self.start_date = start_date
        self.catchup = catchup
        self.max_active_runs = max_active_runs
        self.default_args = default_args
        self.tags = tags
        self.tasks: dict[str, BaseOperator] = {}

    def __enter__(self) -> DAG:
        DAG.current = self
        return self

    def __exit__(self, *_error: object) -> None:
        DAG.current = None


class BaseOperator:
    def __init__(
        self,
        *,
        task_id: str,
        retries: int | None = None,
        retry_delay: timedelta | None = None,
        on_failure_callback: Callable[[dict], None] | None = None,
        trigger_rule: str = "all_success",
    ) -> None:
        assert DAG.current is not None, "an operator belongs to a DAG"
        assert trigger_rule in TRIGGER_RULES, trigger_rule
        assert task_id not in DAG.current.tasks, f"{task_id} is there already"
        defaults = DAG.current.default_args
        self.task_id = task_id
        self.retries = retries if retries is not None else defaults.get("retries", 0)
        self.retry_delay = retry_delay or defaults.get("retry_delay", timedelta(minutes=5))
        self.on_failure_callback = on_failure_callback or defaults.get("on_failure_callback")
        self.trigger_rule = trigger_rule
        self.upstream: list[BaseOperator] = []
        self.downstream: list[BaseOperator] = []
        DAG.current.tasks[task_id] = self

    def __rshift__(self, after: BaseOperator | list[BaseOperator]) -> BaseOperator | list[BaseOperator]:
        for task in after if isinstance(after, list) else [after]:
            self.downstream.append(task)
            task.upstream.append(self)
        return after

    def __rrshift__(self, before: list[BaseOperator]) -> BaseOperator:
        for task in before:
            task >> self
        return self


class PythonTask(BaseOperator):
    def __init__(self, function: Callable[..., Any], is_branch: bool, **arguments: Any) -> None:
        super().__init__(task_id=function.__name__, **arguments)
        self.function = function
        self.is_branch = is_branch


class _Task:
    """`@task`, `@task(...)` and `@task.branch`: the call of the decorated function makes the task."""

    def __call__(self, function: Callable[..., Any] | None = None, **arguments: Any) -> Any:
        if function is None:
            return lambda decorated: self(decorated, **arguments)
        return lambda: PythonTask(function, False, **arguments)

    def branch(self, function: Callable[..., Any]) -> Callable[[], PythonTask]:
        return lambda: PythonTask(function, True)


task = _Task()
