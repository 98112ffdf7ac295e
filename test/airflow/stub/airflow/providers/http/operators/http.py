from __future__ import annotations

from typing import Any, Callable

from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException


class HttpOperator(BaseOperator):
    """One request in each try. What `response_filter` returns, else the text, is the XCom."""

    template_fields = ("endpoint", "data", "headers")

    def __init__(
        self,
        *,
        endpoint: str,
        method: str = "POST",
        data: dict[str, Any] | str | None = None,
        headers: dict[str, str] | None = None,
        response_check: Callable[..., bool] | None = None,
        response_filter: Callable[..., Any] | None = None,
        extra_options: dict[str, Any] | None = None,
        http_conn_id: str = "http_default",
        log_response: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self.endpoint = endpoint
        self.method = method
        self.data = data or {}
        self.headers = headers or {}
        self.response_check = response_check
        self.response_filter = response_filter
        self.extra_options = extra_options or {}
        self.http_conn_id = http_conn_id
        self.log_response = log_response

    def execute(self, fields: dict[str, Any]) -> Any:
        hook = HttpHook(method=self.method, http_conn_id=self.http_conn_id)
        response = hook.run(fields["endpoint"], fields["data"], fields["headers"], self.extra_options)
        if self.response_check is not None and not self.response_check(response):
            raise AirflowException("Response check returned False.")
        return response.text if self.response_filter is None else self.response_filter(response)
