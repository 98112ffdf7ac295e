"""Decorators that check their arguments and leave the function as it is."""


def task(*, retries: int, retry_delay_seconds: float):
    return lambda function: function


def flow(*, timeout_seconds: float):
    return lambda function: function
