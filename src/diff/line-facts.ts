/** What is to be known of a line that differs, in the words that all modes share. In: nothing; this file is the shape, and the facts of a line that has none. */

export interface LineFacts {
  /** The traffic that it catches, and no other: `10.96.0.10 tcp 80`, or `* tcp 30080` for a node port. */
  readonly socket?: string | undefined;
  /** The same, and of a range of ports the first and the last. */
  readonly caught: readonly string[];
  /** It stands for an address of Services, whatever the port. */
  readonly address?: string;
  /** It stands for an endpoint, as `10.244.1.8:80`. */
  readonly endpoint?: string;
  /** A chain. */
  readonly leadsTo?: string | undefined;
  /** The service port of which it says that it is for. On a host that is no proof. */
  readonly named?: PortName | undefined;
  /** Sources that it tells apart. */
  readonly networks: readonly string[];
  /** Devices that it tells apart. */
  readonly devices: readonly string[];
  /** It remembers clients or asks for those that are remembered; for so long, where it says so. */
  readonly remembers: boolean;
  readonly seconds: readonly number[];
  /** It asks for packets of known connections. */
  readonly establishes: boolean;
  /** It decides who may come in, and not where to. */
  readonly guards: boolean;
  /** It lets in what comes to a port for health checks. */
  readonly letsHealthChecksIn: boolean;
  /** What is lost with it where no connection to a Service shows that; a sentence without a full stop. */
  readonly purpose?: string | undefined;
  /** What it does where nobody intended it and no Service is there; a sentence without a full stop. */
  readonly meaning?: string | undefined;
}

/** Of a line that says nothing more. */
export const NO_FACTS: LineFacts = {
  caught: [],
  networks: [],
  devices: [],
  remembers: false,
  seconds: [],
  establishes: false,
  guards: false,
  letsHealthChecksIn: false,
};

export interface PortName {
  readonly namespace: string;
  readonly name: string;
  /** Empty for an unnamed port. */
  readonly portName: string;
  /** It says so. */
  readonly isClusterIP?: boolean;
}
