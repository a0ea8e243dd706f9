/**
 * Who sits where. Lcores and interfaces are divided among the nodes; the last lcore of a node with two or more is its
 * master's, the others are workers'; on a single one, worker and master take turns. Each worker serves one receive
 * queue, that of its lcore's number, of each interface that it receives from; what RSS cannot spread comes in by
 * queue 0 of an interface, which the first of those workers serves besides.
 */
import type { PsSettings } from "./options.ts";

/** A worker's place. */
export interface WorkerPlace {
  readonly lcore: number;
  readonly node: number;
  /** Receive queues that it attaches. */
  readonly queues: readonly { readonly port: number; readonly queue: number }[];
}

/** The places of a machine. */
export interface Layout {
  readonly workers: readonly WorkerPlace[];
  /** Lcore of each node's master; empty without a GPU. */
  readonly masters: readonly number[];
  readonly nodeOfPort: readonly number[];
  /** The lcores that each interface spreads its packets over. */
  readonly spread: readonly (readonly number[])[];
}

/**
 * Divides a machine.
 * @throws {RangeError} when it has fewer lcores than nodes
 */
export function layoutOf(
  lcores: number,
  ports: number,
  usesGpu: boolean,
  { nodes, numa }: PsSettings,
): Layout {
  if (nodes > lcores) {
    throw new RangeError(`Cannot boot packetshader: ${nodes} nodes on ${lcores} lcores`);
  }
  const nodeOf = (i: number, all: number): number => Math.floor(i * nodes / all);
  const nodeOfPort = Array.from({ length: ports }, (_, p) => nodeOf(p, ports));
  const byNode = Array.from({ length: nodes }, (): number[] => []);
  for (let l = 0; l < lcores; l++) byNode[nodeOf(l, lcores)]!.push(l);
  const masters = usesGpu ? byNode.map((of) => of.at(-1)!) : [];
  const working = byNode.map((of) => usesGpu && of.length > 1 ? of.slice(0, -1) : of);
  const spread = nodeOfPort.map((node) => numa === "blind" ? working.flat() : working[node]!);
  const workers = working.flatMap((of, node) =>
    of.map((lcore) => ({ lcore, node, queues: queuesOf(lcore, spread) }))
  );
  return { workers, masters, nodeOfPort, spread };
}

function queuesOf(lcore: number, spread: readonly (readonly number[])[]) {
  return spread.flatMap((over, port) => {
    if (!over.includes(lcore)) return [];
    const own = [{ port, queue: lcore }];
    return lcore !== 0 && over[0] === lcore ? [...own, { port, queue: 0 }] : own;
  });
}
