from __future__ import annotations

from typing import Any

from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException


class HttpSensor(BaseOperator):
    """Of the errors, those of the allowlist (404 unless it is given) are "not yet"; any other fails the try."""

    template_fields = ("endpoint", "request_params", "headers")

    def __init__(
        self,
        *,
        endpoint: str,
        http_conn_id: str = "http_default",
        request_params: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        response_error_codes_allowlist: list[str] | None = None,
        mode: str = "poke",
        poke_interval: float = 60,
        timeout: float = 7 * 24 * 3600,
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self.endpoint = endpoint
        self.http_conn_id = http_conn_id
        self.request_params = request_params or {}
        self.headers = headers or {}
        self.allowlist = ("404",) if response_error_codes_allowlist is None else tuple(response_error_codes_allowlist)
        self.mode = mode
        self.poke_interval = poke_interval
        self.timeout = timeout

    def poke(self, fields: dict[str, Any]) -> bool:
        hook = HttpHook(method="GET", http_conn_id=self.http_conn_id)
        try:
            hook.run(fields["endpoint"], fields["request_params"], fields["headers"])
        except AirflowException as error:
            if str(error).startswith(self.allowlist):
                return False
            raise
        return True
