/** The flags of `dns` and `dns query`. In: the program. Out: the same with the commands. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_DNS_CONFIGURATION, POD_MODES } from '../../discovery/dns/dns-configuration.ts';
import { QUERY_TYPES } from '../../discovery/dns/record.ts';
import type { CommandIO } from '../io.ts';
import {
  addClusterOptions,
  addCommonOptions,
  addInputOptions,
  addWatchOptions,
  checkWatchOptions,
} from '../options.ts';

export function addDnsCommand(program: Command, io: CommandIO, finish: (status: number) => void): void {
  const command = program
    .command('dns')
    .description("print the cluster's DNS zones, as CoreDNS serves them")
    .addOption(
      new Option('-o, --output <format>', 'zone: as RFC 1035 has it; json')
        .choices(['zone', 'json'])
        .default('zone'),
    )
    .addOption(new Option('--out <dir>', 'write a file for each zone into this folder').conflicts('watch'))
    .addOption(
      new Option(
        '--records <extent>',
        'transferred: what CoreDNS hands out in a zone transfer; answered: all it answers by the specification (default: transferred; with --pods, answered)',
      ).choices(['transferred', 'answered']),
    )
    .addOption(
      new Option('--serial <number>', 'serial number of the zones')
        .argParser(wholeNumber(0xffff_ffff))
        .default(DEFAULT_DNS_CONFIGURATION.serial),
    )
    .action(async (options) => {
      checkWatchOptions(options);
      finish(await (await import('./dns.ts')).dnsCommand(options, io));
    });
  addWatchOptions(command);
  addShared(command);
  const query = command
    .command('query')
    .description('look a name up as a Pod does')
    .argument('<name>', 'with a dot at its end it is absolute')
    .addOption(new Option('--type <type>', 'type of the records').argParser(queryType).default('A'))
    .option('--from <ns/pod>', 'the Pod, which the input must have (default: CoreDNS is asked directly)')
    .addOption(new Option('-o, --output <format>', 'json: each name tried and its answer').choices(['json']))
    .action(async (name, options) =>
      finish(await (await import('./dns-query.ts')).dnsQueryCommand(name, options, io)),
    );
  addShared(query);
  query.copyInheritedSettings(program);
}

function addShared(command: Command): void {
  command
    .addOption(
      new Option('--cluster-domain <domain>', "the cluster's domain")
        .argParser(domainName)
        .default(DEFAULT_DNS_CONFIGURATION.clusterDomain),
    )
    .addOption(
      new Option('--ttl <seconds>', 'how long records may be kept')
        .argParser(wholeNumber(3600))
        .default(DEFAULT_DNS_CONFIGURATION.ttl),
    )
    .addOption(
      new Option(
        '--pods <mode>',
        'whether names of Pods are answered: insecure: every address; verified: those of Pods of the namespace; disabled (default: insecure)',
      ).choices(POD_MODES),
    );
  addCommonOptions(addClusterOptions(addInputOptions(command)));
}

function queryType(text: string): string {
  const type = text.toUpperCase();
  if (QUERY_TYPES.some((known) => known === type)) return type;
  throw new InvalidArgumentError(`Allowed choices are ${QUERY_TYPES.join(', ')}.`);
}

/** As the kubelet and CoreDNS take it; without a dot at its end. */
function domainName(text: string): string {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  const isName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name);
  // Names of Services, with those of their ports, stand before it.
  if (!isName || name.length > 100) throw new InvalidArgumentError('It must be a domain in lower case.');
  return name;
}

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    if (!/^[0-9]{1,10}$/.test(text) || Number(text) > most) {
      throw new InvalidArgumentError(`It must be a number from 0 to ${most}.`);
    }
    return Number(text);
  };
}
