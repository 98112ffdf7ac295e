"""HttpHook on urllib: its `run` fails for a status of 400 or more, unless `check_response` is False."""

from __future__ import annotations

import gzip
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable, Iterator

from airflow.sdk.exceptions import AirflowException

CONNECTIONS = json.loads(os.environ.get("AIRFLOW_CONNECTIONS", "{}"))

# Called with each answer before the caller gets it; it may raise.
on_answer: Callable[[str, str, int], None] = lambda method, path, status: None


class Response:
    def __init__(self, status_code: int, reason: str, headers: Any, body: bytes) -> None:
        self.status_code = status_code
        self.reason = reason
        self.headers = headers
        self.content = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body

    @property
    def text(self) -> str:
        return self.content.decode("utf-8")

    def json(self) -> Any:
        return json.loads(self.content)

    def iter_content(self, chunk_size: int) -> Iterator[bytes]:
        for start in range(0, len(self.content), chunk_size):
            yield self.content[start:start + chunk_size]


class HttpHook:
    def __init__(self, method: str = "POST", http_conn_id: str = "http_default") -> None:
        self.method = method
        self.connection = CONNECTIONS[http_conn_id]

    def run(
        self,
        endpoint: str | None = None,
        data: dict[str, Any] | str | None = None,
        headers: dict[str, Any] | None = None,
        extra_options: dict[str, Any] | None = None,
    ) -> Response:
        path, body = endpoint or "", None
        if self.method == "GET":
            path += f"?{urllib.parse.urlencode(data)}" if data else ""
        elif data:
            body = data.encode() if isinstance(data, str) else urllib.parse.urlencode(data).encode()
        response = self._send(path, body, {**self.connection.get("headers", {}), **(headers or {})})
        on_answer(self.method, path, response.status_code)
        if (extra_options or {}).get("check_response", True) and response.status_code >= 400:
            raise AirflowException(f"{response.status_code}:{response.reason}")
        return response

    def _send(self, path: str, body: bytes | None, headers: dict[str, str]) -> Response:
        request = urllib.request.Request(
            self.connection["url"] + path, body, {"Accept-Encoding": "gzip", **headers}, method=self.method
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return Response(answer.status, answer.reason, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Response(error.code, error.reason, error.headers, error.read())
