"""shape.py FILE: prints the DAGs of a file as JSON, with their operators and dependencies."""

import json
import sys

from dag_file import load_dags


def shape_of(dag) -> dict:
    return {
        "schedule": dag.schedule,
        "timezone": str(dag.start_date.tzinfo),
        "catchup": dag.catchup,
        "tasks": {
            task.task_id: {
                "operator": type(task).__name__,
                "upstream": sorted(before.task_id for before in task.upstream),
                "triggerRule": task.trigger_rule,
                "retries": task.retries,
                "alerts": task.on_failure_callback is not None,
            }
            for task in dag.tasks.values()
        },
    }


print(json.dumps({dag_id: shape_of(dag) for dag_id, dag in load_dags(sys.argv[1]).items()}))
