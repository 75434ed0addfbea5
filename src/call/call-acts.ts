import type { HangUpReason } from '../platform/asterisk/port.js';

/** What a decision wants done in the exchange. Acts of one call are carried out one after the other, in order. */
export type CallAct = { readonly callId: string } & (
  | { readonly type: 'answer'; readonly channelId: string }
  /** `prompts` are names, resolved to files by the runner. */
  | {
      readonly type: 'play';
      readonly channelId: string;
      readonly playbackId: string;
      readonly prompts: readonly string[];
      readonly language: 'zh' | 'en';
    }
  | { readonly type: 'stopPlaying'; readonly playbackId: string }
  | { readonly type: 'startMusic'; readonly channelId: string }
  | { readonly type: 'stopMusic'; readonly channelId: string }
  | { readonly type: 'prepareBridge'; readonly bridgeId: string }
  | {
      readonly type: 'ring';
      /** SIP account to ring. */
      readonly phone: string;
      readonly legId: string;
      readonly citizenChannelId: string;
      readonly callerNumber: string | null;
      readonly timeoutMs: number;
    }
  | { readonly type: 'join'; readonly bridgeId: string; readonly channelIds: readonly string[] }
  | { readonly type: 'destroyBridge'; readonly bridgeId: string }
  | { readonly type: 'hangUp'; readonly channelId: string; readonly reason: HangUpReason }
);
