import type { SwitchboardSettings } from '../../src/call/board.js';
import type { Menu } from '../../src/ivr/menu.js';
import type { QueueSettings } from '../../src/queue/queue.js';

/** A menu like the shipped one: a greeting with one-key short cuts; nothing pressed goes to a person. */
export const testMenu: Menu = {
  name: 'test',
  start: 'greeting',
  nodes: {
    greeting: {
      kind: 'menu',
      prompts: ['greeting'],
      keys: { '1': 'general', '2': 'enterprise', '9': 'english', '7': 'bye' },
      timeoutSeconds: 3,
      repeat: 0,
      default: 'general',
    },
    general: { kind: 'queue', queue: 'general' },
    enterprise: { kind: 'queue', queue: 'enterprise', priority: 1 },
    english: { kind: 'queue', queue: 'english' },
    bye: { kind: 'hangUp', prompts: ['goodbye'] },
  },
};

export const queueSettings = (name: string): QueueSettings => ({
  name,
  labels: { zh: name, en: name },
  language: name === 'english' ? 'en' : 'zh',
  skill: null,
  offerTimeoutMs: 20_000,
  wrapUpMs: 30_000,
  announceEveryMs: 30_000,
});

export function testSettings(changes: Partial<SwitchboardSettings> = {}): SwitchboardSettings {
  return {
    queues: new Map(['general', 'enterprise', 'english'].map((name) => [name, queueSettings(name)])),
    admission: { newCallsPerSecond: 1_000, openCalls: 1_000 },
    menu: { version: 'v1', menu: testMenu },
    menuVersion: (version) => (version === 'v1' ? testMenu : undefined),
    areaCode: '0518',
    ...changes,
  };
}
