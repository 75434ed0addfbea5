import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Logger } from 'pino';
import Type from 'typebox';
import { viewerFrom } from '../account/viewer.js';
import { readableCall } from '../call/call-routes.js';
import { HotlineError } from '../platform/errors.js';
import type { Db } from '../platform/postgres/client.js';
import { openRecording } from './recording-file.js';
import { byteRange } from './wav.js';

export interface RecordingRouteParts {
  readonly db: Db;
  readonly folder: string;
  readonly log: Logger;
}

/** GET /api/calls/:id/recording: the call as WAV, citizen left, agent right; whole or a byte range, for seeking. */
export function recordingRoutes({ db, folder, log }: RecordingRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/calls/:id/recording',
      {
        schema: {
          summary: 'The recording: WAV, PCM16, 8 kHz, two channels (citizen left, agent right); Range is served',
          tags: ['recording'],
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          response: { 200: Type.Any({ description: 'audio/wav' }), 206: Type.Any({ description: 'a part of it' }) },
        },
      },
      async (request, reply) => {
        const viewer = viewerFrom(request);
        const call = await readableCall(db, viewer, request.params.id);
        const recording = await openRecording(folder, call.recording);
        if (!recording) throw new HotlineError('call.noRecording');
        log.info({ callId: call.id, accountId: viewer.accountId }, 'recording read');
        const range = byteRange(request.headers.range, recording.size);
        reply.header('accept-ranges', 'bytes').type('audio/wav');
        if (range === 'unsatisfiable') {
          reply.header('content-range', `bytes */${recording.size}`);
          throw new HotlineError('request.rangeUnsatisfiable', { allowed: `bytes 0-${recording.size - 1}` });
        }
        const { start, end } = range ?? { start: 0, end: recording.size - 1 };
        if (range) reply.code(206).header('content-range', `bytes ${start}-${end}/${recording.size}`);
        reply.header('content-length', end - start + 1);
        return reply.send(recording.read(start, end));
      },
    );
  };
}
