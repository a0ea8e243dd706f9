/**
 * Filters as tcpdump has them, for untagged frames of IPv4: protocols (`ip ip6 arp tcp udp icmp`), `[src|dst] host`,
 * `[src|dst] net A.B.C.D/N`, `[tcp|udp] [src|dst] port`, `len <= N`, `len >= N`, with `not`, `and`, `or`, parentheses.
 * Ports of later fragments do not match. Source: pcap-filter(7); pf, which Snabb compiles filters with.
 */

/** Decides on the frame of `length` bytes at `at`. */
export type Filter = (bytes: Uint8Array, at: number, length: number) => boolean;

/** A filter and how many compares it takes at most. */
export interface CompiledFilter {
  /** Whether a frame passes. */
  readonly matches: Filter;
  /** Compares, the worst case. */
  readonly instructions: number;
}

const IP = 14;
const PROTOCOLS: { readonly [name: string]: number } = { icmp: 1, tcp: 6, udp: 17 };
const ETHERTYPES: { readonly [name: string]: number } = { ip: 0x0800, arp: 0x0806, ip6: 0x86dd };
const TOKEN = /\s*(<=|>=|[()]|[\w./:-]+)/y;

/**
 * Compiles an expression; the empty one matches everything.
 * @throws {SyntaxError} naming the word that is not understood
 */
export function compileFilter(expression: string): CompiledFilter {
  const parser = new Parser(expression);
  if (parser.words.length === 0) return { matches: () => true, instructions: 0 };
  const compiled = parser.or();
  parser.end();
  return compiled;
}

class Parser {
  readonly words: string[] = [];
  readonly #expression: string;
  #at = 0;

  constructor(expression: string) {
    this.#expression = expression;
    const token = new RegExp(TOKEN);
    while (token.lastIndex < expression.trimEnd().length) {
      const from = token.lastIndex;
      const found = token.exec(expression);
      if (found === null) this.#refuse(expression.slice(from).trim());
      else this.words.push(found[1]!);
    }
  }

  or(): CompiledFilter {
    let left = this.#and();
    while (this.#takes("or")) {
      const [a, b] = [left, this.#and()];
      left = both(a, b, (...of) => a.matches(...of) || b.matches(...of));
    }
    return left;
  }

  end(): void {
    if (this.#at < this.words.length) this.#refuse(this.words[this.#at]!);
  }

  #and(): CompiledFilter {
    let left = this.#not();
    while (this.#takes("and")) {
      const [a, b] = [left, this.#not()];
      left = both(a, b, (...of) => a.matches(...of) && b.matches(...of));
    }
    return left;
  }

  #not(): CompiledFilter {
    if (this.#takes("not")) {
      const { matches, instructions } = this.#not();
      return { matches: (...of) => !matches(...of), instructions };
    }
    if (this.#takes("(")) {
      const inner = this.or();
      if (!this.#takes(")")) this.#refuse(this.words[this.#at] ?? "its end");
      return inner;
    }
    return this.#primitive();
  }

  #primitive(): CompiledFilter {
    const word = this.#next();
    if (word === "len") return this.#len();
    const type = ETHERTYPES[word];
    if (type !== undefined) return { matches: isType(type), instructions: 1 };
    const protocol = PROTOCOLS[word];
    if (protocol !== undefined) {
      const more = ["src", "dst", "port"].includes(this.words[this.#at] ?? "");
      return more
        ? this.#address(this.#next(), protocol)
        : { matches: isProtocol(protocol), instructions: 2 };
    }
    return this.#address(word, -1);
  }

  #address(word: string, protocol: number): CompiledFilter {
    const directed = word === "src" || word === "dst";
    const ends = directed ? [word === "src" ? 0 : 1] : [0, 1];
    const kind = directed ? this.#next() : word;
    const value = this.#next();
    if (kind === "port") {
      return { matches: hasPort(ends, this.#number(value, 65535), protocol), instructions: 6 };
    }
    if (protocol >= 0 || (kind !== "host" && kind !== "net")) this.#refuse(kind);
    const [address, depth = kind === "net" ? "0" : "32"] = value.split("/");
    const bits = this.#number(depth, 32);
    const mask = bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
    const net = this.#ipv4(address!);
    if (kind === "host" && bits !== 32) this.#refuse(value);
    if (kind === "net" && !value.includes("/")) this.#refuse(value);
    return { matches: hasAddress(ends, (net & mask) >>> 0, mask), instructions: 1 + ends.length };
  }

  #len(): CompiledFilter {
    const operator = this.#next();
    const bytes = this.#number(this.#next(), 65535);
    if (operator !== "<=" && operator !== ">=") this.#refuse(operator);
    const most = operator === "<=";
    return {
      matches: (_bytes, _at, length) => most ? length <= bytes : length >= bytes,
      instructions: 1,
    };
  }

  #ipv4(text: string): number {
    const parts = text.split(".").map((part) => this.#number(part, 255));
    if (parts.length !== 4) this.#refuse(text);
    return parts.reduce((sum, part) => sum * 256 + part, 0);
  }

  #number(text: string, most: number): number {
    if (!/^\d+$/.test(text) || Number(text) > most) this.#refuse(text);
    return Number(text);
  }

  #takes(word: string): boolean {
    if (this.words[this.#at] !== word) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    return this.words[this.#at++] ?? this.#refuse("its end");
  }

  #refuse(word: string): never {
    throw new SyntaxError(`Cannot compile filter "${this.#expression}": ${word} is not understood`);
  }
}

function both(a: CompiledFilter, b: CompiledFilter, matches: Filter): CompiledFilter {
  return { matches, instructions: a.instructions + b.instructions };
}

function isType(type: number): Filter {
  return (bytes, at, length) => length >= IP && word(bytes, at + 12) === type;
}

function isIpv4(bytes: Uint8Array, at: number, length: number): boolean {
  return length >= IP + 20 && word(bytes, at + 12) === 0x0800;
}

function isProtocol(protocol: number): Filter {
  return (bytes, at, length) => isIpv4(bytes, at, length) && bytes[at + IP + 9] === protocol;
}

function hasPort(ends: readonly number[], port: number, protocol: number): Filter {
  return (bytes, at, length) => {
    if (!isIpv4(bytes, at, length)) return false;
    const of = bytes[at + IP + 9]!;
    if (protocol >= 0 ? of !== protocol : of !== 6 && of !== 17) return false;
    if ((word(bytes, at + IP + 6) & 0x1fff) !== 0) return false;
    const header = IP + (bytes[at + IP]! & 15) * 4;
    if (length < header + 4) return false;
    return ends.some((end) => word(bytes, at + header + end * 2) === port);
  };
}

function hasAddress(ends: readonly number[], net: number, mask: number): Filter {
  return (bytes, at, length) =>
    isIpv4(bytes, at, length) &&
    ends.some((end) => {
      const from = at + IP + 12 + end * 4;
      const address = word(bytes, from) * 65536 + word(bytes, from + 2);
      return ((address & mask) >>> 0) === net;
    });
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}
