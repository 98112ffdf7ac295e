"""The one function of pendulum that the DAG uses."""

import datetime as standard
from zoneinfo import ZoneInfo


def datetime(year: int, month: int, day: int, tz: str) -> standard.datetime:
    return standard.datetime(year, month, day, tzinfo=ZoneInfo(tz))
