/** The commands that testpmd's prompt knows, read from what is typed. */

/** One command. */
export type Command =
  | { readonly kind: "start" | "stop" }
  | {
    readonly kind: "port";
    readonly port: number;
    readonly action: "start" | "stop" | "close";
  }
  | {
    readonly kind: "queue";
    readonly port: number;
    readonly side: "rxq" | "txq";
    readonly queue: number;
    readonly action: "start" | "stop";
  }
  | {
    readonly kind: "reta";
    readonly port: number;
    /** Index of an entry, and the queue that it is to name. */
    readonly entries: readonly (readonly [number, number])[];
  };

/** Entries of the redirection table (82599). */
const RETA_SIZE = 128;

/**
 * Reads a command.
 * @throws {RangeError} when it is none, or names a port, queue or entry that there is not
 */
export function parseCommand(text: string, ports: number, queues: number): Command {
  const words = text.trim().split(/\s+/);
  const line = words.join(" ");
  const within = (word: string, what: string, count: number): number => {
    const value = Number(word);
    if (value < count) return value;
    throw new RangeError(
      `Cannot read testpmd command "${text}": there are ${what} 0..${count - 1}, not ${word}`,
    );
  };
  if (line === "start" || line === "stop") return { kind: line };
  let match = /^port (start|stop|close) (\d{1,5})$/.exec(line);
  if (match !== null) {
    const action = match[1] as "start" | "stop" | "close";
    return { kind: "port", port: within(match[2]!, "ports", ports), action };
  }
  match = /^port (\d{1,5}) (rxq|txq) (\d{1,5}) (start|stop)$/.exec(line);
  if (match !== null) {
    return {
      kind: "queue",
      port: within(match[1]!, "ports", ports),
      side: match[2] as "rxq" | "txq",
      queue: within(match[3]!, "queues", queues),
      action: match[4] as "start" | "stop",
    };
  }
  match = /^port config (\d{1,5}) rss reta (\(\d{1,5},\d{1,5}\)(?:,\(\d{1,5},\d{1,5}\))*)$/.exec(
    line,
  );
  if (match !== null) {
    const pairs = [...match[2]!.matchAll(/\((\d+),(\d+)\)/g)];
    return {
      kind: "reta",
      port: within(match[1]!, "ports", ports),
      entries: pairs.map(([, hash, queue]) => [
        within(hash!, "entries of the redirection table", RETA_SIZE),
        within(queue!, "queues", queues),
      ]),
    };
  }
  throw new RangeError(
    `Cannot read testpmd command "${text}": expected start, stop, port start|stop|close P, ` +
      `port P rxq|txq Q start|stop, or port config P rss reta (HASH,Q)[,(HASH,Q)]`,
  );
}
