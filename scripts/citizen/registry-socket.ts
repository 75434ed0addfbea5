import { connect } from 'node:net';

export interface RegistryEvent {
  /** The address of record: `sip:<user>@<host>:<port>`. */
  account: string;
  status: 'registered' | 'rejected' | 'unregistered' | 'other';
}

/**
 * Tells how the exchange's own registrations fare. ARI has no event for them, so this listens on AMI, which has; nothing
 * is commanded over it.
 * @returns a function that closes the connection
 */
export async function openRegistrySocket(
  options: { port: number; user: string; password: string },
  onEvent: (event: RegistryEvent) => void,
): Promise<() => void> {
  const socket = connect(options.port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  // A killed exchange resets the connection; the ARI socket's end is what tells everybody.
  socket.on('error', () => socket.destroy());
  let rest = '';
  await new Promise<void>((resolve, reject) => {
    socket.once('close', () => reject(new Error('the exchange closed its manager connection')));
    socket.on('data', (bytes) => {
      const blocks = (rest + bytes.toString()).split('\r\n\r\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = new Map(
          block.split('\r\n').map((line) => {
            const colon = line.indexOf(': ');
            return [line.slice(0, colon), line.slice(colon + 2)] as const;
          }),
        );
        if (fields.get('ActionID') === 'ready') resolve();
        if (fields.get('Event') === 'Registry')
          onEvent({ account: fields.get('Username') ?? '', status: statusOf(fields.get('Status')) });
      }
    });
    socket.write(
      [
        ['Action: Login', `Username: ${options.user}`, `Secret: ${options.password}`],
        ['Action: Filter', 'Operation: Add', 'Filter: Event: Registry'],
        ['Action: Ping', 'ActionID: ready'],
      ]
        .map((lines) => `${lines.join('\r\n')}\r\n\r\n`)
        .join(''),
    );
  });
  return () => socket.destroy();
}

function statusOf(word: string | undefined): RegistryEvent['status'] {
  if (word === 'Registered') return 'registered';
  if (word === 'Rejected') return 'rejected';
  if (word === 'Unregistered') return 'unregistered';
  return 'other';
}
