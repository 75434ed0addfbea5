import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const folder = fileURLToPath(new URL('../../console/', import.meta.url));

/** What the page may load: its own files and its own origin's API and WebSockets, nothing from elsewhere. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Asset {
  path: string;
  type: string;
  read(): Promise<Buffer>;
}

/** Open to everybody: they hold no data. */
const assets: readonly Asset[] = [
  { path: '/', type: 'text/html; charset=utf-8', read: () => readFile(`${folder}index.html`) },
  { path: '/assets/console.css', type: 'text/css; charset=utf-8', read: () => readFile(`${folder}style.css`) },
  { path: '/assets/console.svg', type: 'image/svg+xml', read: () => readFile(`${folder}icon.svg`) },
  { path: '/assets/console.js', type: 'text/javascript; charset=utf-8', read: bundle },
];

/**
 * The page and its files. The script is put together from `src/console/` at the first request and kept in memory, as the others
 * are; browsers ask each time whether theirs is still the same (ETag), so an upgrade is seen at the next reload.
 */
export async function pageRoutes(app: FastifyInstance): Promise<void> {
  for (const { path, type, read } of assets) {
    let made: Promise<{ content: Buffer; etag: string }> | null = null;
    app.get(path, { schema: { hide: true } as object }, async (request, reply) => {
      made ??= read().then((content) => ({ content, etag: etagOf(content) }));
      try {
        return send(request, reply, type, await made);
      } catch (error) {
        made = null;
        throw error;
      }
    });
  }
}

function send(request: FastifyRequest, reply: FastifyReply, type: string, made: { content: Buffer; etag: string }) {
  reply.header('content-security-policy', policy);
  reply.header('cache-control', 'no-cache');
  reply.header('x-content-type-options', 'nosniff');
  reply.header('etag', made.etag);
  if (request.headers['if-none-match'] === made.etag) return reply.code(304).send();
  return reply.type(type).send(made.content);
}

const etagOf = (content: Buffer) => `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`;

async function bundle(): Promise<Buffer> {
  const { outputFiles } = await build({
    entryPoints: [`${folder}main.ts`],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'inline',
    logLevel: 'silent',
    tsconfigRaw: {},
  });
  const [output] = outputFiles;
  if (!output) throw new Error('esbuild made no file of the console');
  return Buffer.from(output.contents);
}
