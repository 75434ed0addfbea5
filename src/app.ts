import { join } from 'node:path';
import type { Logger } from 'pino';
import { accountRoutes } from './account/account-routes.js';
import { AccountService } from './account/account-service.js';
import { rights } from './account/rights.js';
import { viewerFrom } from './account/viewer.js';
import { Board } from './call/board.js';
import { type BoardCheckpoint, boardCheckpoint, restoreBoard } from './call/board-state.js';
import { callLiveTypes, SnapshotSchema, snapshotFor } from './call/call-live.js';
import { callRoutes } from './call/call-routes.js';
import { CallRunner } from './call/call-runner.js';
import { CallService } from './call/call-service.js';
import { callProjections, earlierCalls, findCall } from './call/call-store.js';
import { importEmergencyCalls } from './call/emergency-service.js';
import { registerPhones } from './call/phone-service.js';
import { readVoiceSettings, settingsAtStart, type VoiceSettings } from './call/voice-settings-service.js';
import { holdMusic } from './call/waiting.js';
import { loadRegions } from './citizen/region-loader.js';
import type { Config } from './config.js';
import { putDemoData } from './demo-data.js';
import { MenuLoader } from './ivr/menu-loader.js';
import { menuRoutes } from './ivr/menu-routes.js';
import { PromptLibrary } from './ivr/prompt-loader.js';
import { createTelephony } from './platform/asterisk/create-telephony.js';
import { holdMusicFile } from './platform/asterisk/instance-data.js';
import { buildHttp } from './platform/http/http.js';
import { pageRoutes } from './platform/http/pages.js';
import { systemRoutes } from './platform/http/system-routes.js';
import { JournalApplier } from './platform/journal/applier.js';
import { openJournal } from './platform/journal/journal.js';
import type { NewEntry } from './platform/journal/journal-entry.js';
import { LiveHub } from './platform/live/live-hub.js';
import { liveRoutes } from './platform/live/live-routes.js';
import { openDatabase } from './platform/postgres/client.js';
import { applyMigrations } from './platform/postgres/migrations.js';
import { type Secrets, secretsEnv } from './platform/secrets.js';
import { queuesFor } from './queue/queue.js';
import { queueRoutes } from './queue/queue-routes.js';
import { queueProjections } from './queue/queue-store.js';
import { recordingRoutes } from './recording/recording-routes.js';
import { RecordingService } from './recording/recording-service.js';
import { seatRoutes } from './seat/seat-routes.js';
import { SeatService } from './seat/seat-service.js';
import { seatProjections } from './seat/seat-store.js';
import { missingTickets } from './ticket/missing-ticket-service.js';
import type { TicketNotice } from './ticket/ticket-events.js';
import { ticketLiveType } from './ticket/ticket-live.js';
import { ticketRoutes } from './ticket/ticket-routes.js';
import { TicketService } from './ticket/ticket-service.js';
import { earlierTickets, ticketsOfCall } from './ticket/ticket-store.js';
import { demoUnits } from './unit/demo-units.js';
import type { Unit } from './unit/unit.js';
import { unitRoutes } from './unit/unit-routes.js';
import { addUnits, listUnits } from './unit/unit-store.js';

export interface App {
  /** Listens on the server's port. */
  listen(): Promise<void>;
  /** No new calls from now on; those under way go on. */
  drain(): void;
  /** Ends this process's part; calls stay in Asterisk for the next one. */
  close(): Promise<void>;
}

export interface AppParts {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly log: Logger;
  readonly version: string;
  /** Another process took over our place at Asterisk: this one must end. */
  readonly onReplaced: () => void;
}

/** How often the dialplan's own log is looked at while the server runs: calls that began before may end later. */
const importEmergencyEveryMs = 60_000;

/**
 * Puts all parts together: the one place that knows every room. Calls come first: with a copy of the settings on disk they are
 * taken over before PostgreSQL is asked for anything.
 */
export async function buildApp({ config, secrets, log, version, onReplaced }: AppParts): Promise<App> {
  const clock = Date.now;
  const dir = (name: string) => join(config.DATA_DIR, name);
  const { DATABASE_URL: databaseUrl } = config;
  if (!databaseUrl) throw new Error('DATABASE_URL is set by npm run up; set it to run the server alone');
  const database = openDatabase({ url: databaseUrl, log });
  const { db } = database;

  const accounts = new AccountService({ db, log, clock, copy: join(dir('cache'), 'sign-ins.json') });
  const prompts = await PromptLibrary.open({ shippedDir: 'asterisk-config/prompts', ownDir: dir('prompts'), log });
  const regions = loadRegions(join(dir('.'), 'mobile-prefixes.csv'), log);
  await accounts.start();

  const addDemoUnits = async () => {
    await addUnits(db, demoUnits);
    return demoUnits[1]?.id ?? '';
  };
  const prepareDatabase = async () => {
    await applyMigrations(databaseUrl, log);
    if (process.env.DEMO_DATA === '1') {
      await putDemoData({ config, db, accounts, phoneKey: secrets.phoneKey, addUnits: addDemoUnits });
    }
  };
  const settingsCopy = join(dir('cache'), 'voice-settings.json');
  const readSettings = () => readVoiceSettings(db, settingsCopy, new Date(clock()));
  const atStart = await settingsAtStart(
    settingsCopy,
    async () => {
      await prepareDatabase();
      return readSettings();
    },
    log,
  );
  let voice: VoiceSettings = atStart.settings;

  const menus = new MenuLoader({
    file: config.MENU_FILE,
    versionsDir: dir('menus'),
    surroundings: () => ({
      queues: voice.queues.map(({ name }) => name),
      hasPrompt: (name, language) => prompts.has(name, language),
    }),
    clock,
    log,
  });
  const switchboardSettings = () => ({
    queues: new Map(voice.queues.map((queue) => [queue.name, queue])),
    admission: voice.policy,
    menu: menus.current,
    menuVersion: (wanted: string) => menus.version(wanted),
    areaCode: config.AREA_CODE,
  });
  const board = new Board(switchboardSettings());
  const journal = await openJournal({ dir: dir('journal'), checkpoint: () => boardCheckpoint(board), log });
  restoreBoard(board, journal.replay.checkpoint as BoardCheckpoint | null, journal.replay.entries);

  const telephony = createTelephony(config.ARI_ADAPTER, { port: config.ARI_PORT, ...ariAccess(secrets), log });
  let units: readonly Unit[] = [];
  const liveTypes = [...callLiveTypes, ticketLiveType(() => units)];
  const live = new LiveHub({
    types: liveTypes,
    snapshot: (viewer) => snapshotFor(board, viewer, (callId) => runner.popOf(callId)),
    log,
    clock,
    stillSignedIn: async (token) => (await accounts.viewerOf(token)) !== null,
  });
  const append = (entries: readonly NewEntry[]) => {
    const written = journal.append(entries);
    live.publish(written);
    return written;
  };
  const ticketChanged = (data: TicketNotice) => {
    append([{ type: 'ticket.changed', at: clock(), data }]);
  };

  const music = `sound:${holdMusicFile(dir('asterisk'))}`;
  const runner = new CallRunner({
    board,
    telephony,
    log,
    clock,
    append,
    resolvePrompt: (name, language) => (name === holdMusic ? music : prompts.resolve(name, language)),
    findHistory: async (callerNumber) => {
      const [calls, tickets] = await Promise.all([earlierCalls(db, callerNumber), earlierTickets(db, callerNumber)]);
      return { complete: true, calls, tickets };
    },
    regionOf: (callerNumber) => regions.regionOf(callerNumber),
    onConnected: () => {
      void registerPhones({
        telephony,
        seats: voice.seats,
        phoneKey: secrets.phoneKey,
        asteriskDir: dir('asterisk'),
        log,
      });
      void importEmergency();
    },
    onReplaced,
  });
  const importEmergency = () =>
    importEmergencyCalls({
      file: join(dir('asterisk'), 'spool', 'emergency.jsonl'),
      areaCode: config.AREA_CODE,
      append,
      log,
    }).catch((error) =>
      log.error({ err: error }, 'calls served without the server could not be taken into the records'),
    );

  const missing = missingTickets(ticketChanged);
  const applier = new JournalApplier({
    db,
    journal,
    projections: [callProjections, queueProjections, seatProjections, missing.projections],
    log,
    prepare: async () => {
      if (!atStart.fresh) await prepareDatabase();
      await refresh();
    },
    onApplied: (entries) => missing.onApplied(entries),
  });

  await live.start(journal);
  menus.onChange(() => runner.submit({ type: 'settingsChanged', settings: switchboardSettings() }));
  menus.watch();
  prompts.watch();
  prompts.onChange(() => menus.reload());
  runner.start();
  applier.start();
  const refresh = async () => {
    units = await listUnits(db);
    voice = await readSettings();
    runner.submit({ type: 'settingsChanged', settings: switchboardSettings() });
  };
  const emergencyTimer = setInterval(importEmergency, importEmergencyEveryMs);

  const seats = new SeatService({
    db,
    desk: {
      seats: board.seats,
      phones: board.phones,
      take: (seat, agent) => runner.submit({ type: 'seatTaken', seat, ...agent }),
      leave: (seat) => runner.submit({ type: 'seatLeft', seat }),
      move: (seat, to, by) => runner.submit({ type: 'seatMoved', seat, to, by }),
    },
    queuesFor: (skills) => queuesFor(skills, voice.queues),
  });
  const tickets = new TicketService({
    db,
    clock,
    areaCode: config.AREA_CODE,
    findCall: async (callId) => (await findCall(db, callId)) ?? null,
    changed: ticketChanged,
  });
  const calls = new CallService(db);
  const recordings = new RecordingService({ calls, folder: dir('recordings'), log });

  const http = await buildHttp({
    log,
    language: config.LANGUAGE,
    version,
    rights,
    callerOf: (token) => accounts.viewerOf(token),
  });
  await http.register(pageRoutes);
  await http.register(
    systemRoutes({
      telephony: () => board.online,
      readiness: async () => ({
        telephony: { ready: board.online },
        journal: { ready: journal.health().state === 'ok', ...journal.health() },
        database: { ready: applier.health().state === 'applying', ...applier.health() },
      }),
    }),
  );
  await http.register(
    accountRoutes({
      accounts,
      onSignOut: (accountId, token) => {
        live.signedOut(token);
        seats.leaveIfFree(accountId);
      },
    }),
  );
  await http.register(liveRoutes({ hub: live, types: liveTypes, snapshotSchema: SnapshotSchema, version }));
  await http.register(seatRoutes({ service: seats, config, phoneKey: secrets.phoneKey }));
  await http.register(queueRoutes({ queues: () => voice.queues, stateOf: (queue) => board.matcher.queue(queue) }));
  await http.register(menuRoutes({ menus }));
  await http.register(
    callRoutes({
      calls,
      recordingOf: (call) => recordings.describe(call),
      ticketsOf: (callId) => ticketsOfCall(db, callId),
    }),
  );
  await http.register(recordingRoutes({ recordings }));
  await http.register(ticketRoutes({ service: tickets, db, clock, viewerOf: viewerFrom }));
  await http.register(unitRoutes({ list: () => listUnits(db) }));

  return {
    listen: async () => {
      await http.listen({ host: '127.0.0.1', port: config.SERVER_PORT });
    },
    drain: () => runner.submit({ type: 'draining' }),
    close: async () => {
      clearInterval(emergencyTimer);
      live.close();
      await http.close();
      menus.close();
      prompts.close();
      await runner.stop();
      await applier.stop();
      await journal.close();
      await database.close();
    },
  };
}

function ariAccess(secrets: Secrets): { user: string; password: string; systemName: string } {
  const { ARI_USER: user, ARI_PASSWORD: password, SYSTEM_NAME: systemName } = secretsEnv(secrets);
  return { user, password, systemName };
}
