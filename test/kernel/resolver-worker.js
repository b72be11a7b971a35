/**
 * Runs within the network and mount namespace of resolver.ts. In: one command a line, as JSON: a resolv.conf, a name to look up with
 * getent, or a DNS message to send. Out: one line each: a DNS message that came, or what getent printed. Messages are in base64.
 */
import { execFile } from 'node:child_process';
import dgram from 'node:dgram';
import { writeFileSync } from 'node:fs';
import readline from 'node:readline';

const [address, resolvConf] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const server = dgram.createSocket('udp4');
server.on('message', (message, { port }) =>
  say({ kind: 'question', message: message.toString('base64'), port }),
);
server.bind(53, address, () => say({ kind: 'ready' }));

function obey(command) {
  switch (command.kind) {
    case 'configure':
      // In place, because the file is mounted over the system's.
      writeFileSync(resolvConf, command.text);
      say({ kind: 'configured' });
      break;
    case 'look-up':
      execFile('getent', ['-s', 'hosts:dns', command.database, '--', command.name], (_, stdout) =>
        say({ kind: 'found', text: stdout }),
      );
      break;
    case 'answer':
      server.send(Buffer.from(command.message, 'base64'), command.port, address);
      break;
  }
}

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => obey(JSON.parse(line)))
  .on('close', () => process.exit(0));
