import type { QueueName } from './api-types.js';
import { language, text, textOr } from './texts.js';

const queueNames = new Map<string, QueueName['labels']>();

export function learnQueues(queues: readonly QueueName[]): void {
  for (const { name, labels } of queues) if (labels) queueNames.set(name, labels);
}

/** A queue's name for people; its own name until the server's is known. */
export const queueName = (queue: string | null): string =>
  queue === null ? '–' : (queueNames.get(queue)?.[language()] ?? text('given', { value: queue }));

/** Why a call ended: `hungUp` says who did. */
export function causeName(by: unknown, cause: unknown): string {
  return cause === 'hungUp' ? textOr(`cause.hungUp.${by}`, 'cause.hungUp') : textOr(`cause.${cause}`, 'cause.other');
}

/** A citizen's number as people here write it; also a masked one. */
export const numberName = (number: string | null): string =>
  number === null ? text('withheld') : number.replace(/^\+86(?=1[3-9])/, '').replace(/^\+86/, '0');
