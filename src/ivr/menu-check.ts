import { Value } from 'typebox/value';
import { type Menu, MenuFrameSchema } from './menu.js';
import { graphOf, levels, reachableFrom, silentCircles } from './menu-graph.js';
import { type MenuSource, type Place, readMenuSource } from './menu-source.js';
import { isNodeKind, kindOf, type MenuNode, nodeKinds } from './nodes/nodes.js';
import type { Language } from './spoken.js';

export type FindingCode =
  | 'yaml'
  | 'schema'
  | 'target'
  | 'queue'
  | 'deadEnd'
  | 'unreachable'
  | 'circle'
  | 'noWayOut'
  | 'depth'
  | 'noPerson'
  | 'audio'
  | 'unusedPrompt'
  | 'advert';

/** One thing found in a menu file. Errors keep it from going live, warnings do not. */
export interface Finding {
  severity: 'error' | 'warning';
  code: FindingCode;
  file: string;
  line: number;
  column: number;
  /** Chinese, then English. */
  cause: string;
  hint: string;
}

export interface MenuSurroundings {
  /** For findings only. */
  file: string;
  /** Names of the queues that exist; null: not known, not checked. */
  queues: readonly string[] | null;
  /** Whether there is a sound file for a prompt; null: not checked. */
  hasPrompt: ((name: string, language: Language) => boolean) | null;
}

/** Callers choose at most so many times before they are where they wanted: deeper menus are against the standard. */
const deepest = 2;
const longestText = 256 * 1024;
const adverts = /优惠|促销|折扣|特价|抢购|赞助|广告|代言|限时购/;

/**
 * Checks a menu file as a whole: form, targets, queues, dead ends, circles, depth, a way to a person, sound files.
 * Pure. `menu` is null when there are errors.
 */
export function checkMenu(text: string, surroundings: MenuSurroundings): { menu: Menu | null; findings: Finding[] } {
  const source = readMenuSource(text.length > longestText ? '' : text);
  const check = new Check(source, surroundings);
  if (text.length > longestText) check.error('yaml', [], '文件过大 / the file is too large', 'At most 256 KiB.');
  const menu = check.form();
  if (menu) check.meaning(menu);
  const findings = check.findings.sort((a, b) => a.line - b.line || a.column - b.column);
  return { menu: findings.some(({ severity }) => severity === 'error') ? null : menu, findings };
}

class Check {
  readonly findings: Finding[] = [];

  constructor(
    readonly source: MenuSource,
    readonly surroundings: MenuSurroundings,
  ) {}

  error(code: FindingCode, path: readonly (string | number)[], cause: string, hint: string): void {
    this.#add('error', code, this.source.place(path), cause, hint);
  }

  warning(code: FindingCode, path: readonly (string | number)[], cause: string, hint: string): void {
    this.#add('warning', code, this.source.place(path), cause, hint);
  }

  /** The YAML and the form of every field; null when the rest cannot be looked at. */
  form(): Menu | null {
    // Only the first: the others mostly follow from it.
    for (const { place, message } of this.source.errors.slice(0, 1))
      this.#add('error', 'yaml', place, `YAML 语法错误 / YAML error: ${message}`, 'Mend the syntax at this place.');
    if (this.source.errors.length > 0) return null;
    const { data } = this.source;
    this.#schema(MenuFrameSchema, data, []);
    const nodes = isRecord(data) && isRecord(data.nodes) ? data.nodes : {};
    for (const [name, node] of Object.entries(nodes)) {
      const kind = isRecord(node) ? node.kind : undefined;
      if (isNodeKind(kind)) this.#schema(nodeKinds[kind].schema, node, ['nodes', name]);
      else this.#unknownKind(name);
    }
    return this.findings.length > 0 ? null : (data as Menu);
  }

  meaning(menu: Menu): void {
    if (!Object.hasOwn(menu.nodes, menu.start)) this.#unknownTarget(menu.start, ['start'], menu);
    for (const [name, node] of Object.entries(menu.nodes)) this.#node(menu, name, node);
    this.#ways(menu);
    this.#texts(menu);
  }

  #node(menu: Menu, name: string, node: MenuNode): void {
    const kind = kindOf(node);
    const exits = kind.exits(node);
    for (const { to, field } of exits)
      if (!Object.hasOwn(menu.nodes, to)) this.#unknownTarget(to, ['nodes', name, ...field], menu);
    if (kind.ends === 'no' && exits.length === 0)
      this.error(
        'deadEnd',
        ['nodes', name],
        `“${name}”之后没有去处 / nothing follows "${name}"`,
        'Give it a next node.',
      );
    const { queues, hasPrompt } = this.surroundings;
    for (const { name: queue, field } of kind.queues(node)) {
      if (queues && !queues.includes(queue))
        this.error(
          'queue',
          ['nodes', name, ...field],
          `没有名为“${queue}”的队列 / there is no queue "${queue}"`,
          `Queues: ${queues.join(', ')}.`,
        );
    }
    for (const { name: prompt, field } of kind.prompts(node)) {
      if (hasPrompt && !hasPrompt(prompt, 'zh'))
        this.error(
          'audio',
          ['nodes', name, ...field],
          `提示音“${prompt}”没有中文语音文件 / prompt "${prompt}" has no Chinese sound file`,
          `Record DATA_DIR/prompts/zh/${prompt}.wav, or give its words under "prompts" and run: npm run prompts`,
        );
      else if (hasPrompt && menu.prompts?.[prompt]?.en && !hasPrompt(prompt, 'en'))
        this.warning(
          'audio',
          ['nodes', name, ...field],
          `提示音“${prompt}”没有英文语音文件 / prompt "${prompt}" has no English sound file`,
          `Record DATA_DIR/prompts/en/${prompt}.wav, or run: npm run prompts`,
        );
    }
  }

  /** Where callers can get to and where not. */
  #ways(menu: Menu): void {
    const graph = graphOf(menu);
    const names = Object.keys(menu.nodes);
    const reached = reachableFrom(graph, menu.start);
    const ends = (name: string, kinds: readonly string[]) => {
      const node = menu.nodes[name];
      return node !== undefined && kinds.includes(kindOf(node).ends);
    };
    const leadsTo = (name: string, kinds: readonly string[]) =>
      [...reachableFrom(graph, name)].some((other) => ends(other, kinds));
    const isLevel = (name: string) => {
      const node = menu.nodes[name];
      return node !== undefined && kindOf(node).level;
    };

    if (reached.size > 0)
      for (const name of names.filter((other) => !reached.has(other)))
        this.error(
          'unreachable',
          ['nodes', name],
          `没有路径到达“${name}” / no way leads to "${name}"`,
          'Lead to it from another node, or take it out.',
        );
    // With a target missing, what follows would only repeat that finding.
    if (this.findings.some(({ code }) => code === 'target' || code === 'deadEnd')) return;
    for (const circle of silentCircles(graph).filter(([first]) => first !== undefined && reached.has(first)))
      this.error(
        'circle',
        ['nodes', circle[0] ?? ''],
        `不按键的来电者会一直循环 / a caller who presses nothing goes round for ever: ${[...circle, circle[0]].join(' → ')}`,
        'Lead what happens by itself (next, default) to a queue or hangUp in the end.',
      );
    const trapped = names.filter((name) => reached.has(name) && !leadsTo(name, ['person', 'end']));
    if (trapped[0] !== undefined)
      this.error(
        'noWayOut',
        ['nodes', trapped[0]],
        `没有出口 / no way out of: ${trapped.join(', ')}`,
        'Lead one of them to a queue or hangUp.',
      );
    if (!leadsTo(menu.start, ['person']))
      this.error(
        'noPerson',
        ['start'],
        '无法转人工 / no way leads to a person',
        'Add a node of kind "queue" that callers can get to.',
      );
    else
      for (const name of names.filter((other) => reached.has(other) && isLevel(other) && !leadsTo(other, ['person'])))
        this.error(
          'noPerson',
          ['nodes', name],
          `从“${name}”无法转人工 / no way leads from "${name}" to a person`,
          'Give it a key, such as 0, that leads to a queue.',
        );
    for (const [name, level] of levels(graph, isLevel))
      if (isLevel(name) && level > deepest)
        this.error(
          'depth',
          ['nodes', name],
          `菜单层级过深 / the menu is too deep here: ${level} levels`,
          `At most ${deepest} levels of menus.`,
        );
  }

  #texts(menu: Menu): void {
    const used = new Set(
      Object.values(menu.nodes).flatMap((node) =>
        kindOf(node)
          .prompts(node)
          .map(({ name }) => name),
      ),
    );
    for (const [name, { zh, en }] of Object.entries(menu.prompts ?? {})) {
      if (!used.has(name))
        this.warning(
          'unusedPrompt',
          ['prompts', name],
          `提示音“${name}”没有被使用 / prompt "${name}" is not used`,
          'Use it in a node, or take it out.',
        );
      if (adverts.test(zh) || /\b(discount|sponsor|special offer)/i.test(en ?? ''))
        this.warning(
          'advert',
          ['prompts', name],
          `提示音“${name}”疑似广告 / prompt "${name}" looks like an advert`,
          'The standard for 12345 forbids adverts in menus.',
        );
    }
  }

  #unknownTarget(to: string, path: readonly (string | number)[], menu: Menu): void {
    this.error(
      'target',
      path,
      `没有名为“${to}”的节点 / there is no node "${to}"`,
      `Nodes: ${Object.keys(menu.nodes).join(', ')}.`,
    );
  }

  #unknownKind(name: string): void {
    this.error(
      'schema',
      ['nodes', name, 'kind'],
      `节点“${name}”的类型不正确 / node "${name}" has no known kind`,
      `Kinds: ${Object.keys(nodeKinds).join(', ')}.`,
    );
  }

  #schema(
    schema: typeof MenuFrameSchema | (typeof nodeKinds)[keyof typeof nodeKinds]['schema'],
    value: unknown,
    at: string[],
  ): void {
    for (const error of Value.Errors(schema, value)) {
      // Each surplus field is told twice; the other one names it.
      if (error.keyword === 'boolean') continue;
      const path = [...at, ...error.instancePath.split('/').slice(1)];
      const where = path.at(-1) ?? '';
      if (error.keyword === 'required') {
        for (const missing of error.params.requiredProperties) {
          const flows = missing === 'next' || missing === 'default';
          this.error(
            flows ? 'deadEnd' : 'schema',
            path,
            `${where ? `“${where}”` : '文件'}缺少“${missing}” / "${missing}" is missing`,
            flows ? 'Say what follows when the caller does nothing.' : 'Add it.',
          );
        }
      } else if (error.keyword === 'additionalProperties') {
        for (const surplus of error.params.additionalProperties)
          this.error(
            'schema',
            [...path, surplus],
            `此处不能有“${surplus}” / "${surplus}" does not fit here`,
            `Allowed: ${allowedIn(schema, error.instancePath)}.`,
          );
      } else
        this.error(
          'schema',
          path,
          `“${where}”的值不正确 / the value of "${where}" does not fit: ${error.message}`,
          'See menu.schema.json; editors that know YAML schemas show what fits.',
        );
    }
  }

  #add(severity: Finding['severity'], code: FindingCode, place: Place, cause: string, hint: string): void {
    const { file } = this.surroundings;
    this.findings.push({ severity, code, file, line: place.line, column: place.column, cause, hint });
  }
}

function allowedIn(schema: { properties: object }, instancePath: string): string {
  if (instancePath === '') return Object.keys(schema.properties).join(', ');
  if (instancePath === '/keys') return 'keys 0-9, "*" and "#"';
  if (instancePath.startsWith('/prompts/')) return 'zh, en';
  return 'names of letters, digits and hyphens that begin with a letter';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
