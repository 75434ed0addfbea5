/**
 * Every command as one ARI request: pure, shared by both adapters. Names of `resource`, `operation` and parameters are
 * those of Asterisk's own API description, so that one adapter can send method and path, the other call the operation.
 */
import { createHash } from 'node:crypto';
import { application, eventTypes } from './ari-events.js';
import type { DialOptions, HangUpReason, PhoneAccount, TelephonyError } from './port.js';

export interface AriRequest {
  /** Our word for it, for errors. */
  command: string;
  resource: 'applications' | 'asterisk' | 'bridges' | 'channels' | 'endpoints' | 'playbacks';
  operation: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `channels/{channelId}/answer`; names in braces are taken from `path`. */
  template: string;
  path: Record<string, string>;
  query: Record<string, string>;
  body?: { name: string; value: unknown };
  /** What a status means here, where it is not what `reasonOf` says. */
  reasons?: Record<number, TelephonyError['reason']>;
}

type Parts = Partial<Pick<AriRequest, 'path' | 'query' | 'body' | 'reasons'>>;

function ask(
  command: string,
  resource: AriRequest['resource'],
  operation: string,
  method: AriRequest['method'],
  template: string,
  parts: Parts = {},
): AriRequest {
  return { command, resource, operation, method, template, path: {}, query: {}, ...parts };
}

/** The path with its parameters filled in, without a slash at the start. */
export function pathOf(request: AriRequest): string {
  return request.template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(request.path[name] ?? ''));
}

/** What a status of ARI means to us. */
export function reasonOf(request: AriRequest, status: number): TelephonyError['reason'] {
  const special = request.reasons?.[status];
  if (special) return special;
  if (status === 404) return 'gone';
  // 409 a channel outside of Stasis, 412 in a state that does not fit, 422 not where it was asked of.
  return status === 409 || status === 412 || status === 422 ? 'conflict' : 'failed';
}

export const answer = (channelId: string) =>
  ask('answer', 'channels', 'answer', 'POST', 'channels/{channelId}/answer', { path: { channelId } });

export const play = (channelId: string, playbackId: string, media: readonly string[]) =>
  ask('play', 'channels', 'playWithId', 'POST', 'channels/{channelId}/play/{playbackId}', {
    path: { channelId, playbackId },
    query: { media: media.join(',') },
  });

export const stopPlayback = (playbackId: string) =>
  ask('stopPlayback', 'playbacks', 'stop', 'DELETE', 'playbacks/{playbackId}', { path: { playbackId } });

export const startMusic = (channelId: string) =>
  ask('startMusic', 'channels', 'startMoh', 'POST', 'channels/{channelId}/moh', { path: { channelId } });

export const stopMusic = (channelId: string) =>
  ask('stopMusic', 'channels', 'stopMoh', 'DELETE', 'channels/{channelId}/moh', { path: { channelId } });

export const createBridge = (bridgeId: string) =>
  ask('createBridge', 'bridges', 'createWithId', 'POST', 'bridges/{bridgeId}', {
    path: { bridgeId },
    query: { type: 'mixing' },
  });

/** ARI says 400 for a channel that does not exist. */
export const addToBridge = (bridgeId: string, channelIds: readonly string[]) =>
  ask('addToBridge', 'bridges', 'addChannel', 'POST', 'bridges/{bridgeId}/addChannel', {
    path: { bridgeId },
    query: { channel: channelIds.join(',') },
    reasons: { 400: 'gone' },
  });

export const removeFromBridge = (bridgeId: string, channelIds: readonly string[]) =>
  ask('removeFromBridge', 'bridges', 'removeChannel', 'POST', 'bridges/{bridgeId}/removeChannel', {
    path: { bridgeId },
    query: { channel: channelIds.join(',') },
    reasons: { 400: 'gone' },
  });

export const destroyBridge = (bridgeId: string) =>
  ask('destroyBridge', 'bridges', 'destroy', 'DELETE', 'bridges/{bridgeId}', {
    path: { bridgeId },
    // It is just being taken apart by a destroy before.
    reasons: { 409: 'gone' },
  });

/**
 * A leg that is not dialled yet. It is in our application from here on, not from the answer: a phone that is answered while no
 * server runs waits there for the next one, where `originate` would have hung it up.
 */
export function makeLeg(options: DialOptions): AriRequest {
  const number = options.callerNumber;
  const shown = number === null ? { 'CONNECTEDLINE(pres)': 'prohib' } : { 'CONNECTEDLINE(num)': number };
  return ask('dial', 'channels', 'create', 'POST', 'channels/create', {
    query: {
      endpoint: options.endpoint,
      channelId: options.channelId,
      app: application,
      appArgs: options.args.join(','),
      ...(options.originatorChannelId !== undefined && { originator: options.originatorChannelId }),
    },
    body: { name: 'variables', value: { variables: shown } },
  });
}

/** Rings a leg that was made. Whole seconds, rounded up. */
export const ringLeg = ({ channelId, timeoutMs }: DialOptions) =>
  ask('dial', 'channels', 'dial', 'POST', 'channels/{channelId}/dial', {
    path: { channelId },
    query: { timeout: String(Math.max(1, Math.ceil(timeoutMs / 1000))) },
  });

/** Q.850 numbers; chan_pjsip makes SIP's status of them: 486, 503, 480, 603. */
const causes: Readonly<Record<HangUpReason, number>> = {
  normal: 16,
  busy: 17,
  congestion: 34,
  noAnswer: 19,
  rejected: 21,
};

export const hangUp = (channelId: string, reason: HangUpReason) =>
  ask('hangUp', 'channels', 'hangup', 'DELETE', 'channels/{channelId}', {
    path: { channelId },
    query: { reason_code: String(causes[reason]) },
  });

export const leave = (channelId: string, to: { context: string; extension: string }) =>
  ask('leave', 'channels', 'continueInDialplan', 'POST', 'channels/{channelId}/continue', {
    path: { channelId },
    query: { context: to.context, extension: to.extension, priority: '1' },
  });

export const reloadModule = (moduleName: string) =>
  ask('reloadModule', 'asterisk', 'reloadModule', 'PUT', 'asterisk/modules/{moduleName}', { path: { moduleName } });

/** Keeps the socket to the few events that are read here. */
export const filterEvents = () =>
  ask('filterEvents', 'applications', 'filter', 'PUT', 'applications/{applicationName}/eventFilter', {
    path: { applicationName: application },
    body: { name: 'filter', value: { allowed: eventTypes.map((type) => ({ type })) } },
  });

/**
 * All device states. The other way to hear of phones, a subscription to their endpoints, gives every event of their
 * channels a second time: each digit would count double.
 */
export const subscribeToPhones = () =>
  ask('subscribeToPhones', 'applications', 'subscribe', 'POST', 'applications/{applicationName}/subscription', {
    path: { applicationName: application },
    query: { eventSource: 'deviceState:' },
  });

export const readInfo = () => ask('readInfo', 'asterisk', 'getInfo', 'GET', 'asterisk/info');
export const readChannels = () => ask('readChannels', 'channels', 'list', 'GET', 'channels');
export const readBridges = () => ask('readBridges', 'bridges', 'list', 'GET', 'bridges');
export const readEndpoints = () => ask('readEndpoints', 'endpoints', 'list', 'GET', 'endpoints');
export const readChannel = (channelId: string) =>
  ask('readChannel', 'channels', 'get', 'GET', 'channels/{channelId}', { path: { channelId } });

type PhoneObject = 'endpoint' | 'auth' | 'aor';

export const readPhoneObject = (type: PhoneObject, phone: string) =>
  ask('readPhone', 'asterisk', 'getObject', 'GET', dynamicPath, { path: { configClass, objectType: type, id: phone } });

export const removePhoneObject = (type: PhoneObject, phone: string) =>
  ask('removePhone', 'asterisk', 'deleteObject', 'DELETE', dynamicPath, {
    path: { configClass, objectType: type, id: phone },
  });

const configClass = 'res_pjsip';
const dynamicPath = 'asterisk/config/dynamic/{configClass}/{objectType}/{id}';

function writePhoneObject(type: PhoneObject, phone: string, settings: Record<string, string>): AriRequest {
  const fields = Object.entries(settings).map(([attribute, value]) => ({ attribute, value }));
  return ask('putPhone', 'asterisk', 'updateObject', 'PUT', dynamicPath, {
    path: { configClass, objectType: type, id: phone },
    body: { name: 'fields', value: { fields } },
  });
}

/** @throws RangeError for a name or text that a SIP header or the configuration could not hold. */
export function writeAuth(account: PhoneAccount): AriRequest {
  checkPhone(account.phone);
  return writePhoneObject('auth', account.phone, {
    auth_type: 'userpass',
    username: account.phone,
    password: account.password,
  });
}

/** One phone per seat: the newest registration takes the place of the one before, so a reloaded page is reached at once. */
export function writeAor(account: PhoneAccount): AriRequest {
  checkPhone(account.phone);
  return writePhoneObject('aor', account.phone, {
    max_contacts: '1',
    remove_existing: 'yes',
    minimum_expiration: '30',
    // A desk phone that lost power is noticed when this is over. Asking it (qualify) would notice sooner, but leaves every
    // phone unreachable for up to the time between two questions after Asterisk restarts.
    default_expiration: '120',
    maximum_expiration: '120',
    qualify_frequency: '0',
  });
}

export const writeEndpoint = (phone: string, settings: Record<string, string>) =>
  writePhoneObject('endpoint', phone, settings);

/**
 * The endpoint once more, with these settings only, into the storage itself: ARI stores every option with its default,
 * and of one of them Asterisk warns at every later reading.
 */
export const storeEndpoint = (phone: string, settings: Record<string, string>, channelId: string) =>
  ask('putPhone', 'channels', 'originate', 'POST', 'channels', {
    query: { endpoint: 'Local/write@phone-store', channelId, context: 'phone-store', extension: 'done', priority: '1' },
    body: { name: 'variables', value: { variables: { PHONE: phone, PHONE_SETTINGS: JSON.stringify(settings) } } },
  });

/** Settings of a phone's endpoint. `accountcode` is a fingerprint of the rest, by which a phone that is right is left alone. */
export function endpointSettings(account: PhoneAccount): Record<string, string> {
  checkPhone(account.phone);
  const name = account.displayName.replaceAll(/["\\<>\r\n]/g, '');
  const settings = {
    identify_by: 'username,auth_username',
    context: 'from-seat',
    aors: account.phone,
    auth: account.phone,
    callerid: `"${name}" <${account.phone}>`,
    direct_media: 'no',
    rtp_timeout: '60',
    rtp_timeout_hold: '600',
    rtp_keepalive: '15',
    disallow: 'all',
    ...(account.kind === 'webrtc'
      ? { webrtc: 'yes', dtls_auto_generate_cert: 'yes', allow: 'opus,alaw' }
      : {
          allow: 'alaw,ulaw',
          rtp_symmetric: 'yes',
          force_rport: 'yes',
          rewrite_contact: 'yes',
          timers: 'yes',
          timers_min_se: '90',
          timers_sess_expires: '600',
        }),
  };
  return { ...settings, accountcode: createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 12) };
}

function checkPhone(phone: string): void {
  if (!/^[A-Za-z0-9_-]{1,40}$/.test(phone) || phone === 'trunk')
    throw new RangeError('a phone’s name is 1 to 40 letters, digits, _ or -, and not "trunk"');
}
