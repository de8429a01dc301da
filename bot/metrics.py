"""What is counted for Prometheus. Labels are ours: never an id, never a word of a message."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """One registry a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "triage_requests_refused", "Requests that were refused", ["status"], registry=self.registry
        )
        self._deliveries = Counter(
            "triage_deliveries", "Deliveries out of the ordinary", ["what"], registry=self.registry
        )
        self._waited = Histogram(
            "triage_answer_seconds", "From receiving a message to its visible answer", buckets=SECONDS,
            registry=self.registry,
        )  # fmt: skip

    def refused(self, status: str) -> None:
        self._requests.labels(status).inc()

    def delivery(self, what: str) -> None:
        self._deliveries.labels(what).inc()

    def answered_after(self, seconds: float) -> None:
        self._waited.observe(seconds)

    def serve(self, host: str, port: int) -> None:
        start_http_server(port, addr=host, registry=self.registry)
