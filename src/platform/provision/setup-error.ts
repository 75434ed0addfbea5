/**
 * Something on this machine keeps the program from being set up or started. One line for a person: what is wrong and the
 * variable or command that mends it, Chinese first. Whoever catches it at the top prints `message` without a stack.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  constructor(zh: string, en: string, options?: { cause?: unknown }) {
    super(`${zh} / ${en}`, options);
  }
}

/** Takes one line of progress for a person. Called at least about once a second while something long goes on. */
export type Report = (line: string) => void;
