import { textOr } from './texts.js';

/** A queue's name for people. */
export const queueName = (queue: string | null): string =>
  queue === null ? '–' : textOr(`queue.${queue}`, 'queueOther', { queue });

/** Why a call ended: `hungUp` says who did. */
export function causeName(by: unknown, cause: unknown): string {
  return cause === 'hungUp' ? textOr(`cause.hungUp.${by}`, 'cause.hungUp') : textOr(`cause.${cause}`, 'cause.other');
}
