import { createAriClientTelephony } from './ari-client-adapter.js';
import type { AriOptions, AriTelephony } from './ari-telephony.js';
import { createWebSocketTelephony } from './websocket-adapter.js';

/** The adapter that the setting ARI_ADAPTER names; not yet started. */
export function createTelephony(adapter: 'websocket' | 'ari-client', options: AriOptions): AriTelephony {
  return adapter === 'websocket' ? createWebSocketTelephony(options) : createAriClientTelephony(options);
}
