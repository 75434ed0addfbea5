import { readFileSync } from 'node:fs';
import t from 'tap';
import { MenuSchema } from '../../src/ivr/menu.js';
import { checkMenu, type FindingCode } from '../../src/ivr/menu-check.js';

const queues = ['general', 'english'];
const recorded = new Set(['zh/hello', 'en/hello', 'zh/ads']);
const hasPrompt = (name: string, language: string) => recorded.has(`${language}/${name}`);

const head = 'name: test\nstart: main\nnodes:\n';
const person = '  person: { kind: queue, queue: general }\n';
const main = '  main: { kind: menu, prompts: [hello], keys: { 1: person }, default: person }\n';
/** Menus with what is found in each: `line code`, warnings with `?`. */
const rows: [name: string, yaml: string, found: `${number} ${FindingCode}${'' | '?'}`[]][] = [
  ['good', head + main + person, []],
  ['empty file', '', ['1 schema']],
  ['a list', '- a\n- b', ['1 schema']],
  ['broken YAML', `${head}  main: { kind: menu\n  person: [`, ['5 yaml']],
  ['a name twice', head + main + person + person, ['6 yaml']],
  [
    'an alias bomb',
    `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]`,
    ['1 yaml'],
  ],
  ['too large', `${head}${main}${person}#${'x'.repeat(300_000)}`, ['1 yaml', '1 schema']],
  [
    'a field that does not exist',
    `${head}${main}  person:\n    kind: queue\n    queue: general\n    prio: 5\n`,
    ['8 schema'],
  ],
  ['a kind that does not exist', `${head}${main}  person:\n    kind: quue\n    queue: general\n`, ['6 schema']],
  ['no kind', `${head}${main}  person:\n    queue: general\n`, ['5 schema']],
  ['a wrong value', `${head}${main}  person:\n    kind: queue\n    queue: general\n    priority: 1000\n`, ['8 schema']],
  [
    'a wrong key',
    `${head}  main:\n    kind: menu\n    prompts: []\n    keys:\n      1: person\n      12: person\n    default: person\n${person}`,
    ['9 schema'],
  ],
  ['a bad node name', `${head}${main}${person}  "9x": { kind: hangUp }\n`, ['6 schema']],
  ['no next', `${head}  main:\n    kind: say\n    prompts: [hello]\n${person}`, ['4 deadEnd']],
  [
    'no default',
    `${head}  main:\n    kind: menu\n    prompts: [hello]\n    keys: { 1: person }\n${person}`,
    ['4 deadEnd'],
  ],
  ['unknown start', `name: test\nstart: mian\nnodes:\n${main}${person}`, ['2 target']],
  [
    'unknown target',
    `${head}  main:\n    kind: menu\n    prompts: [hello]\n    keys:\n      1: person\n      2: nobody\n    default: person\n${person}`,
    ['9 target'],
  ],
  [
    'a target that every object has',
    `${head}  main: { kind: goTo, next: constructor }\n${person}`,
    ['4 target', '5 unreachable'],
  ],
  ['unknown queue', `${head}${main}  person:\n    kind: queue\n    queue: generel\n`, ['7 queue']],
  ['unreachable', `${head}${main}${person}  lost: { kind: hangUp }\n`, ['6 unreachable']],
  [
    'silent circle',
    `${head}  main: { kind: menu, prompts: [hello], keys: { 1: person }, default: again }\n  again: { kind: say, prompts: [hello], next: main }\n${person}`,
    ['4 circle'],
  ],
  [
    'goTo itself',
    `${head}  main: { kind: menu, prompts: [hello], keys: { 1: loop }, default: person }\n  loop: { kind: goTo, next: loop }\n${person}`,
    ['5 circle', '5 noWayOut'],
  ],
  [
    'a circle by keys is fine',
    `${head}  main: { kind: menu, prompts: [hello], keys: { 1: more }, default: person }\n  more: { kind: menu, prompts: [hello], keys: { 9: main }, default: person }\n${person}`,
    [],
  ],
  ['no person', `${head}  main: { kind: say, prompts: [hello], next: bye }\n  bye: { kind: hangUp }\n`, ['2 noPerson']],
  [
    'no person from here',
    `${head}  main: { kind: menu, prompts: [hello], keys: { 1: trap }, default: person }\n  trap: { kind: menu, prompts: [hello], keys: { 1: bye }, default: bye }\n  bye: { kind: hangUp }\n${person}`,
    ['5 noPerson'],
  ],
  [
    'too deep',
    `${head}  main: { kind: menu, prompts: [hello], keys: { 1: two }, default: person }
  two: { kind: menu, prompts: [hello], keys: { 1: hop }, default: person }
  hop: { kind: say, prompts: [hello], next: three }
  three: { kind: menu, prompts: [hello], keys: { 1: person }, default: person }\n${person}`,
    ['7 depth'],
  ],
  [
    'no sound file',
    `${head}  main:\n    kind: menu\n    prompts:\n      - hello\n      - hullo\n    keys: { 1: person }\n    wrongKey: nope\n    default: person\n${person}`,
    ['8 audio', '10 audio'],
  ],
  [
    'no English sound file, an advert, not used',
    `name: test\nstart: main\nprompts:\n  ads: { zh: 本行优惠多多, en: x }\n  none: { zh: 无 }\nnodes:\n  main: { kind: say, prompts: [ads], next: person }\n${person}`,
    ['4 advert?', '5 unusedPrompt?', '7 audio?'],
  ],
];

t.test('each fault is found at its line', async (t) => {
  for (const [name, yaml, expected] of rows) {
    const { menu, findings } = checkMenu(yaml, { file: 'menu.yaml', queues, hasPrompt });
    const found = findings.map(({ line, code, severity }) => `${line} ${code}${severity === 'warning' ? '?' : ''}`);
    t.same(found, expected, name);
    t.equal(
      menu !== null,
      expected.every((finding) => finding.endsWith('?')),
      `${name}: usable or not`,
    );
    for (const finding of findings) {
      t.equal(finding.file, 'menu.yaml');
      t.match(finding.cause, /\p{Script=Han}.* \/ |YAML/u, 'Chinese first, English beside');
      t.ok(finding.hint.length > 0 && finding.column > 0);
    }
  }
});

t.test('hints name what would fit', async (t) => {
  const { findings } = checkMenu(`${head}${main}  person: { kind: queue, queue: generel }\n`, {
    file: 'm',
    queues,
    hasPrompt: null,
  });
  t.match(findings, [{ cause: /generel/, hint: /general, english/ }]);
});

t.test('the schema for editors is the one that is checked', async (t) => {
  const file = new URL('../../asterisk-config/menus/menu.schema.json', import.meta.url);
  const { $schema, ...schema } = JSON.parse(readFileSync(file, 'utf8'));
  t.equal($schema, 'http://json-schema.org/draft-07/schema#');
  t.same(schema, JSON.parse(JSON.stringify(MenuSchema)), 'npm run ivr -- schema');
  const menu = readFileSync(new URL('../../asterisk-config/menus/default.yaml', import.meta.url), 'utf8');
  t.match(menu, /^# yaml-language-server: \$schema=\.\/menu\.schema\.json\n/);
});
