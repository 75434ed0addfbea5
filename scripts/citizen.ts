/**
 * `npm run citizen`: scripted citizens dial the hotline that `npm run up` started, over real SIP, and tell what they met.
 * Exit codes: 0 all went as asked, 1 a call did not, 2 it could not be tried (wrong option, nothing running), 130 Ctrl-C.
 */
import { resolve } from 'node:path';
import { SetupError } from '../src/platform/provision/setup-error.js';
import { openDesk } from './citizen/agent-desk.js';
import { answeringAgents, readDemo } from './citizen/demo.js';
import { startExchange } from './citizen/exchange.js';
import { type CitizenOptions, parseOptions, UsageError, usage } from './citizen/options.js';
import { agentTone, runCitizens } from './citizen/run.js';
import { outcomeLine, summaryLines } from './citizen/story.js';

/** Above so many calls single stories help nobody. */
const mostStories = 50;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const demo = await readDemo(resolve(process.env.DATA_DIR || './var'));
  const agents = answeringAgents(demo);
  if (agents.length < options.agents)
    throw new UsageError(`--agents：演示话务员只有 ${agents.length} 名 / there are ${agents.length} demo agents`);
  const trunk = agents[0]?.sip;
  if (!trunk) throw new SetupError('demo.json 中没有话务员的 SIP 地址', 'demo.json names no SIP address');

  const note = options.json ? () => undefined : (line: string) => console.log(line);
  const exchange = await startExchange({ hotline: { host: trunk.host, port: trunk.port }, report: note });
  const interrupted = new AbortController();
  process.on('SIGINT', () => interrupted.abort()).on('SIGTERM', () => interrupted.abort());
  try {
    const desk =
      options.agents === 0
        ? null
        : await openDesk(exchange, agents.slice(0, options.agents), {
            url: demo.url,
            ringMs: options.ringSeconds * 1000,
            toneOf: (index) => (options.sound ? agentTone(index) : null),
          });
    if (desk) note(`${options.agents} 名话务员就绪 / agents ready`);
    const started = Date.now();
    const { calls, summary } = await runCitizens(options, {
      exchange,
      desk,
      hotline: options.to ?? demo.hotline,
      signal: interrupted.signal,
      tell: storyTeller(options, started),
    });
    await desk?.close();
    if (options.json) console.log(JSON.stringify({ ok: summary.failed === 0, calls, summary }));
    else {
      if (options.count <= mostStories) for (const call of calls) console.log(`#${call.call} ${outcomeLine(call)}`);
      console.log(summaryLines(summary).join('\n'));
    }
    if (interrupted.signal.aborted) return 130;
    return summary.failed === 0 ? 0 : 1;
  } finally {
    await exchange.stop();
  }
}

function storyTeller({ json, count }: CitizenOptions, started: number) {
  if (json || count > mostStories) return () => undefined;
  return (call: number, line: string) =>
    console.log(`${((Date.now() - started) / 1000).toFixed(2).padStart(7)} s  #${call} ${line}`);
}

main().then(
  (code) => process.exit(code),
  (error) => {
    const expected = error instanceof UsageError || error instanceof SetupError;
    console.error(expected ? error.message : error);
    process.exit(2);
  },
);
