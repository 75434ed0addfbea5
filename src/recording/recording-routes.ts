import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { viewerFrom } from '../account/viewer.js';
import { HotlineError } from '../platform/errors.js';
import type { RecordingService } from './recording-service.js';
import { byteRange } from './wav.js';

/** GET /api/calls/:id/recording: the call as WAV, citizen left, agent right; whole or a byte range, for seeking. */
export function recordingRoutes({ recordings }: { recordings: RecordingService }): FastifyPluginAsyncTypebox {
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
        const recording = await recordings.open(viewerFrom(request), request.params.id);
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
