/**
 * Stands for the server in tests of `up`: answers its health, holds the ARI application, and does what a file tells it.
 * With `<DATA_DIR>/stub` = `hang` it stops answering.
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { readConfig } from '../../../src/config.js';

const config = readConfig();
const hangs = () => existsSync(join(config.DATA_DIR, 'hang'));
let telephony = false;

createServer((_, response) => {
  if (!hangs()) response.setHeader('content-type', 'application/json').end(JSON.stringify({ telephony }));
}).listen(config.SERVER_PORT, '127.0.0.1');

function connect(): void {
  const { ARI_USER, ARI_PASSWORD } = process.env;
  const socket = new WebSocket(
    `ws://127.0.0.1:${config.ARI_PORT}/ari/events?app=hotline&api_key=${ARI_USER}:${ARI_PASSWORD}`,
  );
  socket.on('open', () => {
    telephony = true;
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    telephony = false;
    setTimeout(connect, 100);
  });
}
connect();
process.on('SIGUSR2', () => process.stdout.write('draining\n'));
