"""What the recipe uses of Dagster, with its arguments; the asset stays a function."""

from types import SimpleNamespace


class AssetExecutionContext:
    def __init__(self, partition_key: str) -> None:
        self.partition_key = partition_key


class Failure(Exception):
    def __init__(self, description: str, allow_retries: bool) -> None:
        super().__init__(description)


class MaterializeResult:
    def __init__(self, metadata: dict) -> None:
        self.metadata = metadata


def asset(*, partitions_def, retry_policy):
    return lambda function: function


def DailyPartitionsDefinition(start_date: str, timezone: str):
    return SimpleNamespace(start_date=start_date, timezone=timezone)


def RetryPolicy(max_retries: int, delay: float):
    return SimpleNamespace(max_retries=max_retries, delay=delay)


def define_asset_job(name: str, selection: list, tags: dict[str, str]):
    return SimpleNamespace(name=name, selection=selection, tags=tags)


def build_schedule_from_partitioned_job(job, hour_of_day: int):
    return SimpleNamespace(job=job, hour_of_day=hour_of_day)


def Definitions(assets: list, schedules: list):
    return SimpleNamespace(assets=assets, schedules=schedules)
