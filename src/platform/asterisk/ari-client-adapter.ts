import { createRequire } from 'node:module';
import type { AriRequest } from './ari-requests.js';
import { type AriAnswer, type AriOptions, AriTelephony, type AriTransport } from './ari-telephony.js';

/**
 * Commands through `ari-client` 2.2.0, over HTTP, for an Asterisk too old for requests on the event socket. Commands sent
 * without waiting for each other may be carried out in any order.
 *
 * Events come by our own socket, not by the library's: its handler throws on an event that its models do not name, it gives
 * up reconnecting, and an attempt that is under way cannot be stopped, which would take the application's name from a
 * newer connection of our own. See docs/decisions/0006-two-ari-adapters.md.
 */
export function createAriClientTelephony(options: AriOptions): AriTelephony {
  return new AriTelephony(options, new AriClientTransport(options));
}

class AriClientTransport implements AriTransport {
  readonly #options: AriOptions;
  #client: LoadedClient | null = null;

  constructor(options: AriOptions) {
    this.#options = options;
  }

  /** Asterisk's API description is read at the first connection only; it does not change while the program runs. */
  async opened(): Promise<void> {
    const { host = '127.0.0.1', port, user, password } = this.#options;
    this.#client ??= await loadLibrary().connect(`http://${host}:${port}`, user, password);
  }

  send(request: AriRequest): Promise<AriAnswer> {
    const operation = this.#client?._swagger.apis[request.resource]?.[request.operation];
    if (!operation) return Promise.reject(new Error(`ari-client knows no ${request.resource}.${request.operation}`));
    const parameters: Record<string, unknown> = { ...request.path, ...request.query };
    if (request.body) parameters.body = JSON.stringify(request.body.value);
    return new Promise((resolve) => {
      const answered = ({ status, data }: SwaggerAnswer) => resolve({ status, body: parse(data) });
      // The library's own wrapper (`client.channels.answer`) drops the status and keeps ARI's text only.
      operation(parameters, answered, answered);
    });
  }
}

interface SwaggerAnswer {
  status: number;
  data: Buffer | string | undefined;
}

type Operation = (
  parameters: Record<string, unknown>,
  succeeded: (answer: SwaggerAnswer) => void,
  failed: (answer: SwaggerAnswer) => void,
) => void;

interface LoadedClient {
  _swagger: { apis: Record<string, Record<string, Operation> | undefined> };
}

interface Library {
  connect(url: string, user: string, password: string): Promise<LoadedClient>;
}

/**
 * The library keeps one set of credentials for all its clients: a second client with another password would break the
 * first. So each client gets the library, and the part of it that holds them, freshly loaded.
 */
function loadLibrary(): Library {
  const require = createRequire(import.meta.url);
  for (const file of Object.keys(require.cache)) {
    if (/[\\/]node_modules[\\/](ari-client|swagger-client)[\\/]/.test(file)) delete require.cache[file];
  }
  return require('ari-client') as Library;
}

function parse(data: Buffer | string | undefined): unknown {
  const text = String(data ?? '');
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return null; // The status says what matters; a body that is needed is checked by its schema.
  }
}
