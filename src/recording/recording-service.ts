import type { Logger } from 'pino';
import type { Viewer } from '../account/account.js';
import type { CallService } from '../call/call-service.js';
import { HotlineError } from '../platform/errors.js';
import { openRecording, type Recording } from './recording-file.js';

export interface RecordingServiceParts {
  readonly calls: CallService;
  readonly folder: string;
  readonly log: Logger;
}

/** Recordings for people: who may read a call may hear it if the table of rights lets them; each reading is noted. */
export class RecordingService {
  readonly #parts: RecordingServiceParts;

  constructor(parts: RecordingServiceParts) {
    this.#parts = parts;
  }

  /** What a call's record says of its recording; null without one. */
  async describe(call: {
    id: string;
    recording: string;
  }): Promise<{ url: string; durationMs: number; channels: string[] } | null> {
    const recording = await openRecording(this.#parts.folder, call.recording);
    const url = `/api/calls/${call.id}/recording`;
    return recording && { url, durationMs: recording.durationMs, channels: ['citizen', 'agent'] };
  }

  /** @throws HotlineError `call.unknown`, `call.notYours`, `call.noRecording` */
  async open(viewer: Viewer, callId: string): Promise<Recording> {
    const { calls, folder, log } = this.#parts;
    const call = await calls.readable(viewer, callId);
    const recording = await openRecording(folder, call.recording);
    if (!recording) throw new HotlineError('call.noRecording');
    log.info({ callId, accountId: viewer.accountId }, 'recording read');
    return recording;
  }
}
