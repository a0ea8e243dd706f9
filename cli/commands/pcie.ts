/** `planecheck pcie`: bandwidth and latency of a way through a PCIe tree, as pcie-bench measures a device. */
import { type Command, Option } from "commander";
import type { Io } from "../io.ts";
import { SILENT } from "../io.ts";
import { measurePcie } from "../pcie/measure.ts";
import { ENGINES, parsePcieOptions } from "../pcie/options.ts";
import { pcieText } from "../pcie/text.ts";

/** Adds the command. */
export function addPcie(program: Command, io: Io): void {
  program.command("pcie")
    .description(
      "Measure what a device writes to and reads from the host's memory or another device, by size: bandwidth and " +
        "latency on the link-level model of PCI Express, with the tests of pcie-bench.",
    )
    .addOption(new Option("--to <end>", "whose memory: host, peer (host)"))
    .addOption(new Option("--switches <n>", "switches on the way (0 to the host, 1 to a peer)"))
    .addOption(
      new Option("--acs", "switches send what goes between devices up to the root complex"),
    )
    .addOption(new Option("--gen <n>", "generation of every link, 1 to 6 (3)"))
    .addOption(new Option("--lanes <n>", "lanes of a device's link (8)"))
    .addOption(new Option("--between-lanes <n>", "lanes of the links above devices (16)"))
    .addOption(new Option("--mps <bytes>", "largest payload (256)"))
    .addOption(new Option("--mrrs <bytes>", "largest read request (512)"))
    .addOption(new Option("--rcb <bytes>", "read completion boundary of the root complex (64)"))
    .addOption(new Option("--split <at>", "end of a completion: mps, rcb (mps)"))
    .addOption(
      new Option("--sizes <list>", "bytes of transfers (64,128,256,512,1024,2048,4096)"),
    )
    .addOption(new Option("--offset <bytes>", "their distance from a multiple of 64 (0)"))
    .addOption(new Option("--engine <name>", `what begins them: ${ENGINES.join(", ")} (none)`))
    .addOption(new Option("--in-flight <n>", "reads at a time (64; the engine's 34)"))
    .addOption(new Option("--read-ns <ns>", "the memory's time for a read (host 425, peer 250)"))
    .addOption(new Option("--write-ns <ns>", "until a write is visible (100)"))
    .addOption(new Option("--switch-ns <ns>", "a switch's or root port's own time (150)"))
    .addOption(new Option("--json", "print the result as JSON, and nothing else"))
    .addHelpText("after", "\nExit codes: 0 done, 2 wrong option, 1 internal error.")
    .action((raw: Record<string, unknown>) => {
      const options = parsePcieOptions(raw);
      const report = measurePcie(options, io.progress ?? SILENT);
      io.stdout(options.json ? `${JSON.stringify(report, null, 2)}\n` : pcieText(report));
    });
}
