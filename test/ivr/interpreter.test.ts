import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import {
  type MenuEvent,
  type MenuState,
  type MenuStep,
  menuDecide,
  promptLimitMs,
  resumeMenu,
  startMenu,
} from '../../src/ivr/interpreter.js';
import type { Menu } from '../../src/ivr/menu.js';
import { checkMenu } from '../../src/ivr/menu-check.js';

const known = { file: 'test.yaml', queues: ['general', 'enterprise', 'english'], hasPrompt: null };
function menuOf(yaml: string): Menu {
  const { menu, findings } = checkMenu(yaml, known);
  if (!menu) throw new Error(JSON.stringify(findings));
  return menu;
}

const shipped = menuOf(readFileSync(new URL('../../asterisk-config/menus/default.yaml', import.meta.url), 'utf8'));
const rich = menuOf(`
name: rich
start: hello
nodes:
  hello: { kind: say, prompts: [hello], next: notice }
  notice: { kind: say, prompts: [notice], skippable: false, next: jump }
  jump: { kind: goTo, next: main }
  main: { kind: menu, prompts: [main-a, main-b], keys: { 1: sub, 2: bye, "#": person }, repeat: 2, timeoutSeconds: 4, wrongKey: wrong, default: person }
  sub: { kind: menu, prompts: [], keys: { 0: person, 9: main }, repeat: 0, timeoutSeconds: 2, default: person }
  bye: { kind: hangUp, prompts: [bye] }
  person: { kind: queue, prompts: [connecting], queue: general, priority: 3 }
`);

/** Walks through a menu: digits, `.` the prompts end, `t` time is up, `R` a fresh process resumes. Returns what was done. */
function walk(menu: Menu, script: string): { heard: string[]; state: MenuState } {
  const heard: string[] = [];
  let now = 1000;
  const note = (step: MenuStep) => {
    for (const act of step.acts) {
      if (act.type === 'play') heard.push(act.prompts.join('+'));
      else if (act.type === 'queue') heard.push(`queue ${act.queue} ${act.priority}`);
      else heard.push(act.type === 'hangUp' ? 'hangUp' : 'stop');
    }
    // Through JSON, as the journal does.
    return JSON.parse(JSON.stringify(step.state)) as MenuState;
  };
  let state = note(startMenu(menu, now));
  for (const sign of script) {
    now = sign === 't' ? (state.wakeAt ?? now) : now + 100;
    if (sign === 'R') state = note(resumeMenu(menu, state, now));
    else {
      const event: MenuEvent =
        sign === '.' ? { type: 'promptEnded' } : sign === 't' ? { type: 'timeout' } : { type: 'digit', digit: sign };
      state = note(menuDecide(menu, state, event, now));
    }
  }
  return { heard, state };
}

t.test('the default menu', async (t) => {
  const rows: [string, string[]][] = [
    ['', ['welcome+main-keys']],
    ['.t', ['welcome+main-keys', 'queue general 0']],
    ['1', ['welcome+main-keys', 'stop', 'queue general 0']],
    ['2', ['welcome+main-keys', 'stop', 'queue enterprise 0']],
    ['.9', ['welcome+main-keys', 'queue english 0']],
    ['0', ['welcome+main-keys', 'stop', 'queue general 0']],
    ['7', ['welcome+main-keys', 'stop', 'queue general 0']],
    ['A', ['welcome+main-keys', 'stop', 'queue general 0']],
  ];
  for (const [script, heard] of rows) t.same(walk(shipped, script).heard, heard, script || 'start');
  t.equal(walk(shipped, '.').state.wakeAt, 1100 + 3000, 'three seconds after the prompts');
  t.same(walk(shipped, '9').state.path, [
    { node: 'welcome', digit: null },
    { node: 'welcome', digit: '9' },
    { node: 'english', digit: null },
  ]);
  t.equal(walk(shipped, '9').state.wakeAt, null, 'nothing to wait for once in a queue');
});

t.test('say, menu, goTo, hangUp, repeats and wrong keys', async (t) => {
  const begin = ['hello', 'notice', 'main-a+main-b'];
  const rows: [string, string[]][] = [
    ['..', begin],
    ['...', begin],
    ['...ttt', [...begin, 'main-a+main-b', 'stop', 'main-a+main-b']],
    ['...t.t.t', [...begin, 'main-a+main-b', 'main-a+main-b', 'connecting']],
    ['...t.t.t.', [...begin, 'main-a+main-b', 'main-a+main-b', 'connecting', 'queue general 3']],
    ['..5', [...begin, 'stop', 'wrong+main-a+main-b']],
    ['..5.5.5', [...begin, 'stop', 'wrong+main-a+main-b', 'wrong+main-a+main-b', 'connecting']],
    ['..2', [...begin, 'stop', 'bye']],
    ['..2.', [...begin, 'stop', 'bye', 'hangUp']],
    ['..219.', [...begin, 'stop', 'bye', 'hangUp']],
    ['..1', [...begin, 'stop']],
    ['..1t', [...begin, 'stop', 'connecting']],
    ['..19', [...begin, 'stop', 'main-a+main-b']],
    ['..#.', [...begin, 'stop', 'connecting', 'queue general 3']],
    ['..#1', [...begin, 'stop', 'connecting', 'stop', 'queue general 3']],
  ];
  for (const [script, heard] of rows) t.same(walk(rich, script).heard, heard, script);
});

t.test('keys typed ahead count, and prompts that they cut short are not begun', async (t) => {
  t.same(walk(rich, '1').heard, ['hello', 'stop', 'notice'], 'the next prompt cannot be skipped');
  t.same(walk(rich, '1.').heard, ['hello', 'stop', 'notice'], 'main’s prompts are not begun: 1 was pressed');
  t.equal(walk(rich, '1.').state.node, 'sub');
  t.same(walk(rich, '.10.').heard, ['hello', 'notice', 'connecting'], 'two menus at once');
  t.same(walk(rich, '.10..').heard.at(-1), 'queue general 3');
  t.same(walk(rich, '.1#.').heard, ['hello', 'notice', 'connecting'], '# is wrong in sub, which goes to its default');
  t.same(walk(rich, '.57.').heard, ['hello', 'notice', 'wrong+main-a+main-b'], 'wrong twice');
  t.equal(walk(rich, '.57.').state.tries, 2);
  t.same(
    walk(rich, '.10.').state.path.map(({ node, digit }) => `${node}${digit ?? ''}`),
    ['hello', 'notice', 'jump', 'main', 'main1', 'sub', 'sub0', 'person'],
  );
});

t.test('a fresh process plays the current node again and forgets nothing', async (t) => {
  t.same(walk(rich, '..R').heard.slice(2), ['main-a+main-b', 'main-a+main-b']);
  t.equal(walk(rich, '...tR').state.tries, 1);
  t.same(walk(rich, '.1R').heard, ['hello', 'notice', 'notice']);
  t.equal(walk(rich, '.1R.').state.node, 'sub', 'the key typed ahead before the loss counts');
  t.same(walk(rich, '..1R').heard.at(-1), 'stop', 'a node without prompts just waits again');
  t.ok((walk(rich, '..1R').state.wakeAt ?? 0) > 1000);
  const gone = { ...walk(rich, '').state, node: 'constructor' };
  t.same(
    resumeMenu(rich, gone, 0).acts,
    [{ type: 'queue', queue: 'general', priority: 3 }],
    'a lost node leads to a person',
  );
});

t.test('a prompt whose end is never told is left after a while', async (t) => {
  t.equal(walk(shipped, '').state.wakeAt, 1000 + promptLimitMs);
  t.same(walk(shipped, 't').heard, ['welcome+main-keys', 'stop']);
  t.same(walk(shipped, 'tt').heard, ['welcome+main-keys', 'stop', 'queue general 0']);
});

t.test('events that do not fit change nothing', async (t) => {
  const waiting = walk(shipped, '.').state;
  t.same(menuDecide(shipped, waiting, { type: 'promptEnded' }, 5000), { state: waiting, acts: [] });
});

t.test('whatever is pressed and whenever: it ends, with one ending, and the state stays small', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(shipped, rich),
      fc.string({ unit: fc.constantFrom(...'0123456789*#..ttR'), maxLength: 400 }),
      (menu, script) => {
        let now = 0;
        let step = startMenu(menu, now);
        let playing = false;
        for (const sign of `${script}${'.t'.repeat(40)}`) {
          for (const act of step.acts) {
            if (act.type === 'stopPlaying' && !playing) return false;
            playing = act.type === 'play';
          }
          const ends = step.acts.filter(({ type }) => type === 'queue' || type === 'hangUp');
          if (ends.length > 0) return ends.length === 1 && step.acts.at(-1) === ends[0] && step.state.wakeAt === null;
          if (
            step.state.wakeAt === null ||
            step.state.playing !== playing ||
            JSON.stringify(step.state).length > 12_000
          )
            return false;
          const { state } = step;
          if (sign === 'R') {
            playing = false;
            step = resumeMenu(menu, state, now);
            continue;
          }
          now = sign === 't' ? (state.wakeAt ?? now) : now + 50;
          if (sign === '.' && playing) playing = false;
          step = menuDecide(
            menu,
            state,
            sign === '.'
              ? { type: 'promptEnded' }
              : sign === 't'
                ? { type: 'timeout' }
                : { type: 'digit', digit: sign },
            now,
          );
        }
        return false;
      },
    ),
    { numRuns: 1000 },
  );
});
