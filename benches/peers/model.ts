/**
 * Our virtual time beside ns-3's: forwarded packets in a CPU second. Ours have NICs with DMA engines, PCIe, rings and
 * software or firmware with a table; theirs are devices that hand frames on (`ns3.cc`).
 */
import { SATURATED } from "../model.ts";
import { inTurn, type Row } from "./in_turn.ts";
import { NS3 } from "./place.ts";

/** Packets of one run of the other side, and the gap between those of a port: 37.2 M a second. */
const PACKETS = 400_000;
const GAP_PS = 26_880;
/** How often our frames are offered in one run. */
const TIMES = 60;

/** Every saturated stack in both fidelities. */
export async function compareModel(rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name } of SATURATED) {
    const url = new URL("_model_worker.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    const ours = (): Promise<{ seconds: number; packets: number }> =>
      new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.postMessage({ name, times: TIMES });
      });
    const { packets } = await ours();
    rows.push(
      await inTurn({
        subject: "model",
        what: name,
        theirs: "ns-3, 4 devices",
        unit: "packets forwarded",
        items: packets,
        theirItems: PACKETS,
        rounds,
        timeOurs: async () => (await ours()).seconds,
        timeTheirs: ns3Seconds,
      }),
    );
    worker.terminate();
  }
  return rows;
}

async function ns3Seconds(): Promise<number> {
  const command = new Deno.Command(NS3, { args: [`${PACKETS}`, `${GAP_PS}`], stderr: "inherit" });
  const { success, stdout } = await command.output();
  const [received, , seconds] = new TextDecoder().decode(stdout).split(" ").map(Number);
  if (!success || received !== PACKETS) {
    console.error(`ns-3's side forwarded ${received} of ${PACKETS} packets`);
    Deno.exit(2);
  }
  return seconds!;
}
