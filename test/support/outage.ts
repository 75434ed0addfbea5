import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type t from 'tap';

/** A TCP way to a server that can be cut and mended: all connections break, new ones are refused. */
export interface Outage {
  /** The URL given, by way of this. */
  readonly url: string;
  begin(): Promise<void>;
  end(): Promise<void>;
}

export async function createOutage(test: Pick<typeof t, 'teardown'>, target: string): Promise<Outage> {
  const to = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  const begin = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  test.teardown(async () => {
    if (server.listening) await begin();
  });
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    begin,
    end: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
}
