import type { Step } from './board.js';
import type { Call } from './call.js';

/** Plays prompts to the citizen; the call remembers which playback, so that a late end of an older one is ignored. */
export function play(step: Step, call: Call, prompts: readonly string[]): Call {
  const playCount = call.playCount + 1;
  const playbackId = `${call.callId}.p${playCount}`;
  const { callId, channelId, language } = call;
  step.act({ callId, type: 'play', channelId, playbackId, prompts, language });
  return { ...call, playing: playbackId, playCount };
}

/** Ends what the citizen hears of prompts, if anything. */
export function stopPlaying(step: Step, call: Call): Call {
  if (!call.playing) return call;
  step.act({ callId: call.callId, type: 'stopPlaying', playbackId: call.playing });
  return { ...call, playing: null };
}
