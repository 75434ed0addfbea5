/** What a queue is told by its administrator: data, changed without a restart. */
export interface QueueSettings {
  /** The name that menus and programs use. */
  readonly name: string;
  readonly labels: { readonly zh: string; readonly en: string };
  /** Language of what waiting callers are told. */
  readonly language: 'zh' | 'en';
  /** A seat serves this queue when its agent has this skill at this level or better; null: every seat does. */
  readonly skill: { readonly name: string; readonly level: number } | null;
  /** How long one seat's phone rings before the next is tried, ms. */
  readonly offerTimeoutMs: number;
  /** Time after a call for writing, ms; 0 for none. */
  readonly wrapUpMs: number;
  /** How often a waiting caller hears their place, ms. */
  readonly announceEveryMs: number;
}

/** The queues that an agent with these skills (name → level) serves. */
export function queuesFor(skills: Readonly<Record<string, number>>, queues: Iterable<QueueSettings>): string[] {
  return [...queues].filter(({ skill }) => !skill || (skills[skill.name] ?? 0) >= skill.level).map(({ name }) => name);
}
