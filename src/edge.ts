/** The edge process: owns BIND:HTTP_PORT for as long as `up` runs. See `platform/edge/edge-server.ts`. */
import { readFileSync, watchFile } from 'node:fs';
import type { Server } from 'node:https';
import pino from 'pino';
import { type Config, readConfig } from './config.js';
import { createEdge } from './platform/edge/edge-server.js';

const config = readConfig();
const log = pino({ name: 'edge', level: config.LOG_LEVEL });
const tls = readTls(config);
const edge = createEdge({ serverPort: config.SERVER_PORT, ariPort: config.ARI_PORT, ...(tls && { tls }) });

edge.on('error', (error) => {
  log.error({ err: error }, 'the edge cannot listen');
  process.exit(1);
});
edge.listen(config.HTTP_PORT, config.BIND, () => log.info({ bind: config.BIND, port: config.HTTP_PORT }, 'listening'));
if (tls) renewCertificate(config, edge as Server);

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    edge.close();
    edge.closeAllConnections();
    // Upgraded sockets belong to nobody here any more; they end with the process.
    process.exit(0);
  });

function readTls({ TLS_CERT, TLS_KEY }: Config): { cert: string; key: string } | null {
  if (!TLS_CERT || !TLS_KEY) return null;
  return { cert: readFileSync(TLS_CERT, 'utf8'), key: readFileSync(TLS_KEY, 'utf8') };
}

/** A renewed certificate holds for new connections; the phones' open ones go on. */
function renewCertificate(settings: Config, server: Server): void {
  watchFile(settings.TLS_CERT ?? '', { interval: 60_000, persistent: false }, () => {
    try {
      server.setSecureContext(readTls(settings) ?? {});
      log.info('certificate renewed');
    } catch (error) {
      log.error({ err: error }, 'the renewed certificate cannot be used, the old one stays');
    }
  });
}
