/**
 * Listens and connects within the network namespace that it is started in. In: one command a line, as JSON. Out: one answer
 * a line, as JSON. Servers answer with their own address and port and the peer's address. Ends when stdin does, and the namespace with it.
 */
import dgram from 'node:dgram';
import net from 'node:net';
import readline from 'node:readline';

const udp = (address) => dgram.createSocket(net.isIPv6(address) ? 'udp6' : 'udp4');

function listen({ protocol, address, port }, done) {
  if (protocol === 'tcp') {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.end(`${address} ${port} ${socket.remoteAddress}`);
    });
    server.on('error', (error) => done({ error: error.code }));
    server.listen({ host: address, port, backlog: 4096 }, () => done({}));
  } else {
    const server = udp(address);
    server.on('error', (error) => done({ error: error.code }));
    server.on('message', (_, peer) =>
      server.send(`${address} ${port} ${peer.address}`, peer.port, peer.address),
    );
    server.bind(port, address, () => done({}));
  }
}

function connect({ protocol, source, address, port, patience }, done) {
  const finish = (answer, close) => {
    clearTimeout(timer);
    close();
    done(answer);
  };
  let close = () => {};
  const timer = setTimeout(() => finish({ error: 'timeout' }, close), patience);
  if (protocol === 'tcp') {
    const socket = net.connect({ host: address, port, localAddress: source });
    close = () => socket.destroy();
    socket.on('data', (data) => finish({ answer: `${data}` }, close));
    socket.on('end', () => finish({ error: 'closed' }, close));
    socket.on('error', (error) => finish({ error: error.code }, close));
  } else {
    const socket = udp(address);
    close = () => {
      socket.removeAllListeners('error').on('error', () => {});
      socket.close();
    };
    socket.on('message', (data) => finish({ answer: `${data}` }, close));
    socket.on('error', (error) => finish({ error: error.code }, close));
    socket.bind(0, source, () => socket.connect(port, address, () => socket.send('?')));
  }
}

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, ...command } = JSON.parse(line);
    let answered = false;
    const done = (answer) => {
      if (!answered) process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
      answered = true;
    };
    (command.kind === 'listen' ? listen : connect)(command, done);
  })
  .on('close', () => process.exit(0));
process.stdout.write(`${JSON.stringify({ id: 0 })}\n`);
