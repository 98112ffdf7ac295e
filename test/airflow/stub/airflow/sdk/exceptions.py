class AirflowException(Exception):
    """Fails a try of a task."""


class AirflowFailException(AirflowException):
    """Fails a task without another try."""


class AirflowSensorTimeout(AirflowException):
    """Fails a sensor without another try."""
