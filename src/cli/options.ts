/** Flags that several commands share, spelled as kubectl and kube-proxy spell them. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ProxyMode } from '../proxy/configuration.ts';
import type { ColorChoice } from '../report/style.ts';
import { OperationalError } from '../shared/operational-error.ts';

export interface CommonOptions {
  readonly color: ColorChoice;
  readonly verbose?: true;
  readonly debug?: true;
}

export interface InputOptions {
  readonly filename: readonly string[];
  readonly recursive?: true;
  readonly namespace?: string;
  readonly skipInvalid?: true;
  readonly serviceCidr?: string;
  readonly serviceNodePortRange?: PortRange;
}

/** Which cluster is read where no manifests are named, spelled as kubectl spells it. */
export interface ClusterOptions {
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly as?: string;
  readonly asGroup: readonly string[];
  readonly requestTimeout?: string;
}

/** Which of its Services. */
export interface SelectionOptions {
  readonly allNamespaces?: true;
  readonly selector?: string;
}

export interface NodeOptions {
  readonly node?: string;
  readonly nodeAddress: readonly string[];
  readonly proxyConfig?: string;
  readonly mode?: ProxyMode;
  readonly kubeVersion?: string;
  readonly family?: 'ipv4' | 'ipv6';
  readonly nfacct?: true;
  readonly clusterCidr?: string;
}

/** Where the rules of a host are read from. */
export interface HostOptions {
  readonly dump: readonly string[];
  readonly host?: true;
  readonly viaPod?: true;
}

/** Of commands whose output can be kept current. */
export interface WatchOptions {
  readonly watch?: true;
  /** Milliseconds. */
  readonly minSyncPeriod?: number;
  readonly exec?: string;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** For flags that may be given several times. */
export function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

export function addCommonOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--color <when>', 'color messages').choices(['auto', 'always', 'never']).default('auto'),
    )
    .option('-v, --verbose', 'say more on stderr')
    .option('--debug', 'show the causes of errors');
}

export function addInputOptions(command: Command): Command {
  return command
    .option('-f, --filename <file>', 'a file, a folder, a glob, or - for stdin; repeatable', collect, [])
    .option('-R, --recursive', 'read sub-folders too')
    .option('-n, --namespace <name>', 'of a cluster, this namespace; with -f, that of objects that name none')
    .option('--skip-invalid', 'leave out objects that Kubernetes would refuse, and go on')
    .option(
      '--service-cidr <cidrs>',
      'where missing cluster IPs are taken from (default: 10.96.0.0/12,fd00:10:96::/112)',
    )
    .option(
      '--service-node-port-range <range>',
      'where missing node ports are taken from (default: 30000-32767)',
      portRange,
    );
}

/** Without `-f`, the live cluster is read. */
export function addClusterOptions(command: Command): Command {
  const option = (flags: string, description: string) =>
    new Option(flags, `${description}, of the cluster that is read without -f`).conflicts('filename');
  return command
    .addOption(option('--context <name>', 'context of the kubeconfig'))
    .addOption(option('--kubeconfig <file>', 'the kubeconfig'))
    .addOption(option('--cluster <name>', 'cluster of the kubeconfig'))
    .addOption(option('--user <name>', 'user of the kubeconfig'))
    .addOption(option('--as <name>', 'act as this user'))
    .addOption(
      option('--as-group <name>', 'act as in this group; repeatable').argParser(collect).default([], 'none'),
    )
    .addOption(option('--request-timeout <time>', 'how long a request may take, such as 30s'));
}

export function addSelectionOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-A, --all-namespaces', 'of a cluster, all namespaces, as without -n').conflicts('filename'),
    )
    .addOption(
      new Option('-l, --selector <selector>', 'of a cluster, only Services with these labels').conflicts(
        'filename',
      ),
    );
}

export function addNodeOptions(command: Command): Command {
  return command
    .option('--node <name>', "the node (default: the configuration's hostnameOverride, else the first Node)")
    .option(
      '--node-address <ip>',
      "an address on the host's interfaces (default: the Node's InternalIPs); repeatable",
      collect,
      [],
    )
    .option(
      '--proxy-config <file>',
      'a KubeProxyConfiguration (default: one among the input, or the ConfigMap kube-system/kube-proxy)',
    )
    .addOption(
      new Option('--mode <mode>', "kube-proxy's mode (default: the configuration's, else iptables)").choices([
        'iptables',
        'ipvs',
        'nftables',
        'userspace',
      ]),
    )
    .option(
      '--kube-version <release>',
      "kube-proxy's release (default: of a cluster, that of the node's kubelet; else the newest supported)",
    )
    .addOption(
      new Option('--family <family>', "print this IP family (default: the node's primary)").choices([
        'ipv4',
        'ipv6',
      ]),
    )
    .option('--nfacct', 'the kernel has nfacct counters')
    .option('--cluster-cidr <cidrs>', "overrides the configuration's clusterCIDR");
}

export function addHostOptions(command: Command): Command {
  return command
    .option(
      '--dump <file>',
      'what iptables-save, ipset save, ipvsadm -Sn or nft list ruleset printed on a host, or - for stdin; repeatable',
      collect,
      [],
    )
    .option('--host', 'the rules of this machine')
    .option('--via-pod', 'the rules of the node, read through its kube-proxy Pod');
}

export function addWatchOptions(command: Command): Command {
  return command
    .option('-w, --watch', 'keep the output current until this is stopped')
    .addOption(
      new Option(
        '--min-sync-period <time>',
        'with --watch: changes within this time are one update (default: 1s)',
      ).argParser(duration),
    )
    .option('--exec <command>', 'with --watch: run this in a shell after each update');
}

/** @throws OperationalError for flags that make no sense together. */
export function checkWatchOptions({
  watch,
  minSyncPeriod,
  exec,
  filename,
}: InputOptions & WatchOptions): void {
  if (!watch && (minSyncPeriod !== undefined || exec !== undefined)) {
    throw new OperationalError(`${exec === undefined ? '--min-sync-period' : '--exec'} needs --watch`);
  }
  if (watch && filename.includes('-')) throw new OperationalError('standard input cannot be watched');
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** As Go writes durations: `1s`, `500ms`, `1m30s`. */
export function duration(text: string): number {
  const parts = [...text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)/g)];
  const total = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS],
    0,
  );
  if (parts.map(([part]) => part).join('') !== text || !(total > 0 && total <= UNITS.h * 24)) {
    throw new InvalidArgumentError('It must be a time such as 1s or 500ms.');
  }
  return total;
}

/** A whole number of seconds. */
export function seconds(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a number of seconds.');
  return Number(text);
}

/** RFC 3339, in milliseconds since 1970. */
export function moment(text: string): number {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const time = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('It must be a time such as 2026-01-02T15:04:05Z.');
  return time;
}

function portRange(text: string): PortRange {
  const match = /^([0-9]{1,5})-([0-9]{1,5})$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2]);
  if (match === null || first < 1 || last > 65535 || first > last) {
    throw new InvalidArgumentError('It must be two ports such as 30000-32767.');
  }
  return { first, last };
}
