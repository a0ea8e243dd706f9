/** `index.html` of `planecheck compare`: the report for a person. */
import {
  counted,
  cutText,
  figure,
  integer,
  losses,
  microseconds,
  percent,
  routesText,
  tally,
  trafficText,
} from "./format.ts";
import { escapeHtml, factsHtml, htmlPage, plotsHtml } from "./html.ts";
import type { Plot } from "./plots.ts";
import type { StackResult, VerdictRecord } from "./result.ts";
import type { Report } from "./types.ts";

const e = escapeHtml;

/** The whole page. */
export function page(report: Report, plots: readonly Plot[]): string {
  const about = report.stacks.map((stack) => stack.name).join(", ");
  const body = `${verdictLine(report)}
${wasRun(report)}
<h2>Comparison</h2>
${predicted(report)}
<div class="wide">${comparison(report)}</div>
<h2>Plots</h2>
${plotsHtml(plots, "Predicted.")}
<h2>Laws</h2>
${lawNotes(report)}
<div class="wide">${lawMatrix(report)}</div>
${report.stacks.map(invariants).join("")}
<h2>Declared policies</h2>
<p>Each stack is judged by what it declares itself, where standards leave a choice or the system departs
from them.</p>
<div class="wide">${policies(report)}</div>`;
  return htmlPage("planecheck", about, body);
}

/** The fabric in a few words. */
const FABRICS = {
  coarse: "coarse links",
  tlp: "single TLPs with credits",
  link: "single TLPs and DLLPs with credits and replay",
};

function verdictLine(report: Report): string {
  const items = report.stacks.map((stack) => {
    const { kept, broken, notJudged } = tally(stack);
    const tone = broken > 0 ? "broken" : "kept";
    return `<li><strong>${e(stack.name)}</strong> forwarded ${integer(stack.forwarded)} of ` +
      `${counted(stack.offered, "packet")}; <span class="${tone}">${
        counted(broken, "law")
      } broken</span>, ` +
      `${kept} kept, ${notJudged} not judged</li>`;
  });
  return `<ul class="verdicts">${items.join("")}</ul>`;
}

function wasRun(report: Report): string {
  const { machine, traffic, routes, tool } = report;
  const rows: [string, string][] = [
    ["Command", `<code>${e(report.command)}</code>`],
    ["Routes", e(routesText(routes))],
    ["Traffic", e(trafficText(traffic))],
    [
      "Machine",
      e(
        `profile ${machine.profile} (${machine.description}); ${
          counted(machine.ports, "port")
        } of ` +
          `${machine.linkGbps} Gb/s, ${counted(machine.lcores, "lcore")} at ${
            integer(machine.cpuMhz)
          } MHz; ` +
          `PCIe as ${FABRICS[machine.fidelity]}`,
      ),
    ],
    ["Made by", e(`${tool.name} ${tool.version}, law set ${tool.lawSet}`)],
  ];
  const cut = traffic.capture?.cut;
  if (cut) rows.push(["Note", `<strong>The capture is ${e(cutText(cut))}.</strong>`]);
  return `<h2>What was run</h2>\n${factsHtml(rows)}`;
}

function predicted(report: Report): string {
  return `<p class="note">Predicted, not measured: ${e(report.basis)}</p>`;
}

type Row = readonly [name: string, about: string, cell: (stack: StackResult) => string];

function latencyRow(name: "p50" | "p90" | "p99"): Row {
  return [
    `Latency ${name}`,
    "us",
    ({ latencyNs }) => latencyNs === null ? "-" : microseconds(latencyNs[name]),
  ];
}

const ROWS: readonly Row[] = [
  ["Offered", "packets", (s) => integer(s.offered)],
  ["Forwarded", "packets", (s) => integer(s.forwarded)],
  [
    "Dropped",
    "packets, by reason",
    (s) =>
      losses(s).map(({ name, packets }) => `${integer(packets)} ${e(name)}`).join("<br>") ||
      "none",
  ],
  ["Offered rate", "Mpps", (s) => figure(s.offeredMpps)],
  ["Forwarding rate", "Mpps", (s) => figure(s.forwardedMpps)],
  latencyRow("p50"),
  latencyRow("p90"),
  latencyRow("p99"),
  ["CPU busy", "of all lcores", (s) => percent(s.cpu.busy)],
  ["CPU useful", "of all lcores", (s) => percent(s.cpu.useful)],
  ["Copies", "bytes copied by CPUs per byte forwarded", (s) => figure(s.copies)],
  ["PCIe payload", "bytes per packet, all links", (s) => figure(s.pcie.payloadBytes)],
  ["PCIe TLPs", "bytes per packet, all links", (s) => figure(s.pcie.tlpBytes)],
  ["at the root complex", "TLP bytes per packet", (s) => figure(s.pcie.rootTlpBytes)],
  ["Doorbells", "per packet", (s) => figure(s.doorbells)],
  ["Interrupts", "per packet", (s) => figure(s.interrupts)],
  ["Laws", "kept / broken / not judged", (s) => {
    const { kept, broken, notJudged } = tally(s);
    return `${kept} / ${broken} / ${notJudged}`;
  }],
];

function headings(report: Report, first: string): string {
  const cells = report.stacks.map((stack) =>
    `<th scope="col">${e(stack.name)}<small>${e(stack.title)}</small></th>`
  );
  return `<thead><tr><th scope="col">${first}</th>${cells.join("")}</tr></thead>`;
}

function comparison(report: Report): string {
  const rows = ROWS.map(([name, about, cell]) => {
    const cells = report.stacks.map((stack) => `<td class="number">${cell(stack)}</td>`).join("");
    return `<tr><th scope="row">${name}<small>${about}</small></th>${cells}</tr>`;
  });
  return `<table>${headings(report, "predicted")}<tbody>${rows.join("\n")}</tbody></table>`;
}

function lawNotes(report: Report): string {
  const offered = report.traffic.packets;
  const some = report.stacks.flatMap((stack) => stack.laws)
    .find((verdict) => verdict.packets < offered);
  const rerun = some === undefined
    ? ""
    : ` Laws that run a stack again (marked *) are judged on the first ${integer(some.packets)} ` +
      `packets.`;
  return `<p>Every law judges each run; none knows which stack it judges. "Not judged" says that the
run gave the law nothing to say, and is no pass.${rerun}</p>`;
}

function lawMatrix(report: Report): string {
  const rows = report.laws.map(({ id, statement, clause }, i) => {
    const verdicts = report.stacks.map((stack) => stack.laws[i]!);
    const mark = verdicts.some((v) => v.packets < report.traffic.packets) ? " *" : "";
    return `<tr><th scope="row"><span class="id">${e(id)}${mark}</span><small>${e(statement)}` +
      `<br><cite>${e(clause)}</cite></small></th>${verdicts.map(verdictCell).join("")}</tr>`;
  });
  return `<table class="laws">${headings(report, "law")}<tbody>${rows.join("\n")}</tbody></table>`;
}

function verdictCell({ verdict, text }: VerdictRecord): string {
  const said = verdict === "not-judged" ? "not judged" : verdict;
  const why = text === "" ? "" : `<small>${e(text)}</small>`;
  return `<td class="${verdict}"><span class="mark">${said}</span>${why}</td>`;
}

/** The invariants of a stack's own parts, where it declares some. */
function invariants({ name, title, invariants }: StackResult): string {
  if (invariants.length === 0) return "";
  const rows = invariants.map((one) =>
    `<tr><th scope="row"><span class="id">${e(one.id)}</span><small>${e(one.statement)}` +
    `<br><cite>${e(one.clause)}</cite></small></th>${verdictCell(one)}</tr>`
  );
  const head = `<thead><tr><th scope="col">invariant</th><th scope="col">${e(name)}` +
    `<small>${e(title)}</small></th></tr></thead>`;
  return `<h3>Of ${e(name)} alone</h3>\n<div class="wide"><table class="laws">${head}` +
    `<tbody>${rows.join("\n")}</tbody></table></div>\n`;
}

function policies(report: Report): string {
  const keys = [...new Set(report.stacks.flatMap((stack) => Object.keys(stack.policy)))];
  const rows = keys.map((key) => {
    const cells = report.stacks.map(({ policy }) => {
      const value = policy[key];
      const text = Array.isArray(value) ? value.join(", ") : value === undefined ? "-" : `${value}`;
      return `<td>${e(text)}</td>`;
    });
    return `<tr><th scope="row">${e(key)}</th>${cells.join("")}</tr>`;
  });
  return `<table>${headings(report, "policy")}<tbody>${rows.join("\n")}</tbody></table>`;
}
