/** The server process: reads settings, builds the app, listens, drains on SIGUSR2, ends on SIGTERM. */
import { readFileSync } from 'node:fs';
import pino from 'pino';
import { type App, buildApp } from './app.js';
import { ConfigError, readConfig } from './config.js';
import { logError } from './platform/postgres/log-error.js';
import { loadSecrets } from './platform/secrets.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

try {
  const config = readConfig();
  const log = pino({ name: 'server', level: config.LOG_LEVEL, serializers: { err: logError } });
  let app: App | null = null;
  const end = async (code: number) => {
    const limit = setTimeout(() => process.exit(code), 5_000);
    limit.unref();
    await app?.close();
    process.exit(code);
  };
  process.on('SIGTERM', () => void end(0));
  process.on('SIGINT', () => void end(0));
  process.on('SIGUSR2', () => app?.drain());
  app = await buildApp({
    config,
    secrets: loadSecrets(config.DATA_DIR),
    log,
    version,
    onReplaced: () => {
      log.fatal('another server took over at asterisk; this one ends');
      void end(1);
    },
  });
  await app.listen();
  log.info({ port: config.SERVER_PORT }, 'listening');
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`设置有误 / wrong setting: ${error.message}\n`);
  process.exit(1);
}
