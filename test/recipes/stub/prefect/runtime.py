from datetime import datetime, timezone
from types import SimpleNamespace

flow_run = SimpleNamespace(scheduled_start_time=datetime(2026, 11, 30, 6, tzinfo=timezone.utc))
