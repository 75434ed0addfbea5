import { createHash, randomBytes } from 'node:crypto';

/** A SIP message (RFC 3261): header names in lower case, in order, compact forms written out. */
export interface SipMessage {
  /** `INVITE sip:1001@host SIP/2.0` or `SIP/2.0 200 OK`. */
  startLine: string;
  headers: [name: string, value: string][];
  body: string;
}

const compact: Record<string, string> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
};

export function parseSip(text: string): SipMessage {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [startLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    return [compact[name] ?? name, line.slice(colon + 1).trim()];
  });
  return { startLine, headers, body: rest.join('\r\n\r\n') };
}

/** Writes the message with its Content-Length. */
export function writeSip(startLine: string, headers: readonly (readonly [string, string])[], body = ''): string {
  const lines = [...headers, ['Content-Length', String(Buffer.byteLength(body))]].map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `${[startLine, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

/** The first value of a header, '' without one. */
export function header(message: SipMessage, name: string): string {
  return message.headers.find(([key]) => key === name)?.[1] ?? '';
}

/** Method of a request, null for an answer. */
export function methodOf(message: SipMessage): string | null {
  return message.startLine.startsWith('SIP/2.0') ? null : (message.startLine.split(' ')[0] ?? null);
}

/** Status of an answer, 0 for a request. */
export function statusOf(message: SipMessage): number {
  return message.startLine.startsWith('SIP/2.0') ? Number(message.startLine.split(' ')[1]) : 0;
}

/** An answer to a request: Via, From, To (with our tag), Call-ID and CSeq are taken from it. */
export function answerTo(
  request: SipMessage,
  status: string,
  { tag, headers = [], body = '' }: { tag?: string; headers?: [string, string][]; body?: string } = {},
): string {
  const copied = request.headers.filter(([name]) =>
    ['via', 'record-route', 'from', 'to', 'call-id', 'cseq'].includes(name),
  );
  const tagged = copied.map(([name, value]): [string, string] =>
    name === 'to' && tag && !value.includes(';tag=') ? [name, `${value};tag=${tag}`] : [name, value],
  );
  return writeSip(`SIP/2.0 ${status}`, [...tagged, ...headers], body);
}

export const token = () => randomBytes(8).toString('hex');

/** Parameters of a challenge or of credentials: `Digest realm="x", nonce="y"`. */
export function digestFields(value: string): Map<string, string> {
  return new Map(
    [...value.matchAll(/(\w+)\s*=\s*(?:"([^"]*)"|([^,\s]+))/g)].map((match) => [
      match[1] ?? '',
      match[2] ?? match[3] ?? '',
    ]),
  );
}

/** The `response` of digest authentication (RFC 2617, MD5), with or without `qop=auth`. */
export function digestResponse(
  fields: { realm: string; nonce: string; qop?: string; nc?: string; cnonce?: string },
  login: { user: string; password: string },
  method: string,
  uri: string,
): string {
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const who = md5(`${login.user}:${fields.realm}:${login.password}`);
  const what = md5(`${method}:${uri}`);
  return fields.qop
    ? md5(`${who}:${fields.nonce}:${fields.nc}:${fields.cnonce}:${fields.qop}:${what}`)
    : md5(`${who}:${fields.nonce}:${what}`);
}

/** Credentials that answer a challenge (`WWW-Authenticate`'s value). */
export function authorize(
  challenge: string,
  login: { user: string; password: string },
  method: string,
  uri: string,
): string {
  const asked = digestFields(challenge);
  const realm = asked.get('realm') ?? '';
  const nonce = asked.get('nonce') ?? '';
  const qop = asked.get('qop')?.split(',')[0];
  const counted = qop ? { qop, nc: '00000001', cnonce: token() } : {};
  const response = digestResponse({ realm, nonce, ...counted }, login, method, uri);
  const fields = {
    username: login.user,
    realm,
    nonce,
    uri,
    response,
    algorithm: 'MD5',
    opaque: asked.get('opaque'),
    ...counted,
  };
  const bare = new Set(['algorithm', 'qop', 'nc']);
  const words = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [bare.has(name) ? `${name}=${value}` : `${name}="${value}"`],
  );
  return `Digest ${words.join(', ')}`;
}
