import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { SetupError } from '../../src/platform/provision/setup-error.js';

/** `demo.json`, which `npm run up` writes for programs: where the hotline is and who may sign in. Mode 600: it holds passwords. */
export const DemoSchema = Type.Object({
  url: Type.String({ pattern: '^https?://' }),
  hotline: Type.String({ minLength: 1 }),
  agents: Type.Array(
    Type.Object({
      name: Type.String(),
      password: Type.String(),
      role: Type.String(),
      seat: Type.Union([Type.String(), Type.Null()]),
      sip: Type.Union([
        Type.Object({
          uri: Type.String(),
          user: Type.String(),
          password: Type.String(),
          host: Type.String(),
          port: Type.Integer({ minimum: 1, maximum: 65535 }),
        }),
        Type.Null(),
      ]),
    }),
  ),
});
export type Demo = Static<typeof DemoSchema>;

/** A demo agent who has a seat and a phone. */
export interface DemoAgent {
  name: string;
  password: string;
  seat: string;
  sip: { user: string; password: string; host: string; port: number };
}

/**
 * Reads `<dataDir>/demo.json` and asks the hotline for a sign of life.
 * @throws SetupError not there, not readable, not of this shape, or nobody answers
 */
export async function readDemo(dataDir: string): Promise<Demo> {
  const file = join(dataDir, 'demo.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new SetupError(
        `找不到 ${file}：请先运行 npm run up（或设置 DATA_DIR）`,
        `${file} is missing: run npm run up first (or set DATA_DIR)`,
      );
    throw new SetupError(`无法读取 ${file}（${error.code}）`, `${file} cannot be read (${error.code})`);
  });
  const demo = parseJson(text);
  if (!Value.Check(DemoSchema, demo)) {
    const where = Value.Errors(DemoSchema, demo)[0]?.instancePath || '/';
    throw new SetupError(
      `${file} 内容不符（${where}）：请重新运行 npm run up`,
      `${file} is not what npm run up writes (at ${where}): run npm run up again`,
    );
  }
  await expectLife(demo.url);
  return demo;
}

/** The demo agents who can answer: those with a seat and a phone. */
export function answeringAgents(demo: Demo): DemoAgent[] {
  return demo.agents.flatMap(({ name, password, seat, sip }) => (seat && sip ? [{ name, password, seat, sip }] : []));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // The parser's message would repeat a part of the file; the schema refuses null.
  }
}

async function expectLife(url: string): Promise<void> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
    await answer.body?.cancel();
  } catch (error) {
    throw new SetupError(
      `${url} 无应答：npm run up 没有在运行，请先启动`,
      `nobody answers at ${url}: npm run up is not running, start it first`,
      { cause: error },
    );
  }
}
