/**
 * A result as JUnit XML, which most systems of continuous integration show: a test case for each law,
 * skipped where it was not judged. No times: they would differ from run to run.
 */
import {
  type ConformanceResult,
  type ReplayCommand,
  reportCounterexample,
} from "../../properties/mod.ts";

/** The file of one or more checks; `again` replays a token on the same device. */
export function junit(results: readonly ConformanceResult[], again: ReplayCommand): string {
  const suites = results.map(({ device, laws, harness }) => {
    const failed = laws.filter(({ counterexample }) => counterexample !== null).length;
    const skipped = laws.filter(({ judged }) => judged === 0).length;
    const cases = laws.map(({ law, judged, notJudged, counterexample }) => {
      const head = `    <testcase classname="${text(device)}" name="${
        text(`${law.id} ${law.statement}`)
      }"`;
      if (counterexample !== null) {
        const message = text(counterexample.sentence);
        const report = text(reportCounterexample(counterexample, [], again));
        return `${head}>\n      <failure message="${message}">${report}</failure>\n    </testcase>`;
      }
      if (judged > 0) return `${head}/>`;
      const why = text(notJudged[0]?.why ?? "no run");
      return `${head}>\n      <skipped message="${why}"/>\n    </testcase>`;
    });
    const rules = harness.map(({ id, sentence }) =>
      `    <testcase classname="${text(device)}" name="${id}">\n` +
      `      <failure message="${text(sentence)}"/>\n    </testcase>`
    );
    const counts = `tests="${laws.length + harness.length}" failures="${failed + harness.length}"`;
    return [
      `  <testsuite name="${text(device)}" ${counts} skipped="${skipped}">`,
      ...cases,
      ...rules,
      "  </testsuite>",
    ].join("\n");
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${
    suites.join("\n")
  }\n</testsuites>\n`;
}

/** Text of XML 1.0: markup escaped, characters that it cannot hold replaced. */
function text(plain: string): string {
  return plain
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "\ufffd")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("\n", "&#10;");
}
