/** Counters in the text format of Prometheus (version 0.0.4), served on the loopback interface. */
import { REASONS } from "../../core/mod.ts";
import { reasonOf } from "../files.ts";
import { UserError } from "../user_error.ts";
import type { Forwarder, PortTotals } from "./forwarder.ts";

const TYPE = "text/plain; version=0.0.4; charset=utf-8";

const PORT_METRICS: readonly (readonly [string, string, (totals: PortTotals) => number])[] = [
  ["rx_frames", "Frames received", (t) => t.rxFrames],
  ["rx_bytes", "Bytes received", (t) => t.rxBytes],
  ["rx_missed", "Frames lost before the stack saw them", (t) => t.rxMissed],
  ["rx_oversize", "Frames longer than a buffer", (t) => t.rxOversize],
  ["tx_frames", "Frames sent", (t) => t.txFrames],
  ["tx_bytes", "Bytes sent", (t) => t.txBytes],
  ["tx_stalls", "Times that a port had no room for a frame", (t) => t.txStalls],
];

/** The page of metrics. */
export function metricsText(forwarder: Forwarder): string {
  const lines: string[] = [];
  const totals = forwarder.totals();
  for (const [name, help, of] of PORT_METRICS) {
    lines.push(
      `# HELP planecheck_${name}_total ${help}.`,
      `# TYPE planecheck_${name}_total counter`,
    );
    for (const one of totals) {
      lines.push(`planecheck_${name}_total{port="${label(one.name)}"} ${of(one)}`);
    }
  }
  lines.push(
    "# HELP planecheck_dropped_total Packets that the stack dropped.",
    "# TYPE planecheck_dropped_total counter",
  );
  forwarder.dropped.forEach((count, reason) => {
    if (count > 0) lines.push(`planecheck_dropped_total{reason="${REASONS[reason]}"} ${count}`);
  });
  const latency = forwarder.latencies.summary();
  if (latency !== null) {
    lines.push(
      "# HELP planecheck_latency_seconds From reception to hand-over for sending, of one frame in 64.",
      "# TYPE planecheck_latency_seconds summary",
    );
    const quantiles = { "0.5": latency.p50, "0.9": latency.p90, "0.99": latency.p99 };
    for (const [quantile, us] of Object.entries(quantiles)) {
      lines.push(`planecheck_latency_seconds{quantile="${quantile}"} ${us / 1e6}`);
    }
    lines.push(
      `planecheck_latency_seconds_sum ${(latency.mean * latency.count) / 1e6}`,
      `planecheck_latency_seconds_count ${latency.count}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function label(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/**
 * Serves the metrics at http://127.0.0.1:PORT/metrics until it is stopped.
 * @throws {UserError} when the port is taken
 */
export function serveMetrics(port: number, forwarder: Forwarder): () => Promise<void> {
  try {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      (request) =>
        new URL(request.url).pathname === "/metrics"
          ? new Response(metricsText(forwarder), { headers: { "content-type": TYPE } })
          : new Response("see /metrics\n", { status: 404 }),
    );
    return () => server.shutdown();
  } catch (error) {
    throw new UserError(`--metrics: expected a free port, got ${port}: ${reasonOf(error)}`);
  }
}
