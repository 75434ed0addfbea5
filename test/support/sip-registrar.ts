import { createSocket } from 'node:dgram';
import { answerTo, digestFields, digestResponse, header, methodOf, parseSip, token } from './sip-message.js';

/** A registrar over UDP for one test: keeps contacts, checks digest credentials, knows nothing else. */
export interface SipRegistrar {
  port: number;
  /** Contact URI by account, as registered now. */
  contacts: ReadonlyMap<string, string>;
  close(): void;
}

/** @param passwords by account */
export async function openRegistrar(passwords: ReadonlyMap<string, string>): Promise<SipRegistrar> {
  const socket = createSocket('udp4');
  const contacts = new Map<string, string>();
  const nonce = token();
  socket.on('message', (bytes, from) => {
    const request = parseSip(bytes.toString());
    const reply = (status: string, headers: [string, string][] = []) =>
      socket.send(answerTo(request, status, { tag: token(), headers }), from.port, from.address);
    const method = methodOf(request);
    if (method !== 'REGISTER') return method === null ? undefined : reply('501 Not Implemented');
    const given = digestFields(header(request, 'authorization'));
    const user = given.get('username') ?? '';
    const expected = digestResponse(
      { realm: 'test', nonce, qop: 'auth', nc: given.get('nc') ?? '', cnonce: given.get('cnonce') ?? '' },
      { user, password: passwords.get(user) ?? '' },
      'REGISTER',
      given.get('uri') ?? '',
    );
    if (given.size === 0)
      return reply('401 Unauthorized', [['WWW-Authenticate', `Digest realm="test", nonce="${nonce}", qop="auth"`]]);
    if (given.get('response') !== expected) return reply('403 Forbidden');
    const contact = header(request, 'contact');
    const expires = /expires=(\d+)/.exec(contact)?.[1] ?? header(request, 'expires');
    const uri = /<([^>]+)>/.exec(contact)?.[1] ?? contact;
    if (Number(expires) === 0) contacts.delete(user);
    else contacts.set(user, uri);
    reply('200 OK', contacts.has(user) ? [['Contact', `<${uri}>;expires=${expires}`]] : []);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: socket.address().port, contacts, close: () => socket.close() };
}
