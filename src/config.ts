import { resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';

const Port = (value: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 65535, default: value, description });

/** Every setting of every process, one environment variable each; `docs/operations.md` is checked against this list. */
export const ConfigSchema = Type.Object({
  DATA_DIR: Type.String({ default: './var', minLength: 1, description: 'Folder for everything that is written.' }),
  BIND: Type.String({
    default: '127.0.0.1',
    minLength: 1,
    description:
      'Address that pages and SIP listen on; another than loopback needs TLS_CERT, TLS_KEY and TRUNK_ADDRESSES.',
  }),
  TLS_CERT: Type.Optional(Type.String({ minLength: 1, description: 'PEM certificate for pages and SIP over TLS.' })),
  TLS_KEY: Type.Optional(Type.String({ minLength: 1, description: 'PEM key of TLS_CERT.' })),
  TRUNK_ADDRESSES: Type.String({
    default: '127.0.0.1',
    description: 'Addresses (comma-separated, CIDR allowed) whose calls are taken as the carrier’s.',
  }),
  HTTP_PORT: Port(3000, 'Pages, API and both WebSockets.'),
  SERVER_PORT: Port(3001, 'The server behind the edge; loopback only.'),
  SIP_PORT: Port(5060, 'SIP over UDP and TCP.'),
  ARI_PORT: Port(8088, 'Asterisk’s HTTP (ARI, SIP WebSocket); loopback only.'),
  RTP_START: Port(10000, 'First RTP port.'),
  RTP_END: Port(19999, 'Last RTP port.'),
  POSTGRES_PORT: Port(15432, 'The embedded PostgreSQL; loopback only. Unused with DATABASE_URL.'),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      description: 'Use this PostgreSQL (≥ 15) instead of the embedded one.',
    }),
  ),
  ARI_ADAPTER: Type.Union([Type.Literal('websocket'), Type.Literal('ari-client')], {
    default: 'websocket',
    description: '`websocket` (REST over the event WebSocket, Asterisk ≥ 22.5) or `ari-client` (older Asterisk).',
  }),
  LANGUAGE: Type.Union([Type.Literal('zh'), Type.Literal('en')], {
    default: 'zh',
    description: 'Language of texts for people.',
  }),
  AREA_CODE: Type.String({
    default: '0518',
    pattern: '^0[1-9][0-9]{1,2}$',
    description: 'Long-distance code of the city, for local numbers.',
  }),
  MENU_FILE: Type.String({
    default: 'asterisk-config/menus/default.yaml',
    minLength: 1,
    description: 'The IVR menu; read again when it changes.',
  }),
  LOG_LEVEL: Type.Union(
    (['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map((level) => Type.Literal(level)),
    { default: 'info', description: 'Least level of log lines.' },
  ),
  DRAIN_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 3600,
    default: 30,
    description: 'How long `up` lets calls end on Ctrl-C before it hangs up.',
  }),
  SERVER_AWAY_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 600,
    default: 10,
    description: 'Without a server for so long, waiting callers go to the emergency queue.',
  }),
});
export type Config = Static<typeof ConfigSchema>;

/** A setting that does not fit: names the variable, what it allows, and how to mend it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    readonly variable: string,
    message: string,
  ) {
    super(`${variable}: ${message}`);
  }
}

/**
 * Reads the settings from environment variables.
 * @throws ConfigError naming the first variable that does not fit; its value is not repeated, it may be a secret.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(
    Object.keys(ConfigSchema.properties).flatMap((name) =>
      env[name] === undefined || env[name] === '' ? [] : [[name, env[name]]],
    ),
  );
  const converted = Value.Default(ConfigSchema, Value.Convert(ConfigSchema, given));
  const [error] = Value.Errors(ConfigSchema, converted);
  if (error) {
    const variable = error.instancePath.split('/')[1] ?? 'settings';
    const property = ConfigSchema.properties[variable as keyof typeof ConfigSchema.properties] as
      | { description?: string }
      | undefined;
    throw new ConfigError(variable, `${error.message}. ${property?.description ?? ''}`.trim());
  }
  const config = converted as Config;
  if (config.RTP_END < config.RTP_START + 100)
    throw new ConfigError('RTP_END', `must be at least RTP_START + 100 (${config.RTP_START + 100}).`);
  return { ...config, DATA_DIR: resolve(config.DATA_DIR) };
}
