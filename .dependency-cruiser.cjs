// Who may import whom. The plan is docs/architecture.md; test/guards.test.ts breaks every rule once and sees it fail.

/** Rooms from the ground up: a room may import those of lower layers, never its neighbours or those above. */
const layers = [
  ['platform'],
  ['account', 'citizen', 'policy'],
  ['unit', 'deadline', 'seat', 'ivr'],
  ['queue'],
  ['call'],
  ['recording'],
  ['ticket'],
  ['oversight', 'exchange', 'followup', 'knowledge', 'intake'],
  ['insight'],
];
const rooms = layers.flat();
const room = (names) => `^src/(${names.join('|')})/`;

/** Files with a role other than rules, events and types. A loader or file reads and writes files of its noun. */
const roles = '-(store|table|service|runner|routes|loader|file)\\.ts$';
const acting = '-(service|runner|routes)\\.ts$';
/** Parts of the platform that hold types and pure functions only. */
const purePlatform =
  '^src/platform/(errors|ids|files/wav|live/live-message)\\.ts$|^src/platform/asterisk/port\\.ts$|^src/platform/journal/journal-entry\\.ts$';

const oneDirection = layers.flatMap((names, index) => {
  const above = layers.slice(index + 1).flat();
  return [
    ...(above.length > 0
      ? [
          {
            name: `rooms-one-way-${names[0]}`,
            comment: 'Rooms know each other in one direction only; what goes the other way goes as a durable event.',
            severity: 'error',
            from: { path: room(names) },
            to: { path: room(above) },
          },
        ]
      : []),
    ...(names.length > 1
      ? [
          {
            name: `rooms-no-neighbours-${names[0]}`,
            comment: 'Rooms of one layer do not know each other: what both need belongs to a lower one.',
            severity: 'error',
            from: { path: room(names) },
            to: { path: room(names), pathNot: '^src/$1/' },
          },
        ]
      : []),
  ];
});

module.exports = {
  forbidden: [
    ...oneDirection,
    {
      name: 'no-cycles',
      comment: 'Two files that import each other are one file in two pieces, and their order of loading is luck.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'pure-files-stay-pure',
      comment:
        'Rules, events and types import only their like: no store, no service, no technology. So every story of a call is a table-driven test without I/O.',
      severity: 'error',
      from: { path: room(rooms.filter((name) => name !== 'platform')), pathNot: roles },
      to: {
        path: `${roles}|^src/platform/|^src/(app|main|edge|config|demo-data)\\.ts$`,
        pathNot: purePlatform,
        // The shape of a row may be named; nothing of the store is loaded by that.
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'pure-files-do-no-io',
      comment: 'A rule that reads a file, a socket or a process is no rule any more.',
      severity: 'error',
      from: { path: room(rooms.filter((name) => name !== 'platform')), pathNot: roles },
      to: {
        dependencyTypes: ['core'],
        path: '^(node:)?(fs|net|http|https|http2|dgram|dns|tls|child_process|cluster|worker_threads|process|timers|readline|inspector)(/|$)',
      },
    },
    {
      name: 'pure-files-know-no-database',
      comment: 'SQL belongs to stores and tables.',
      severity: 'error',
      from: { path: '^src/', pathNot: `-(store|table)\\.ts$|^src/platform/|^src/[^/]+\\.ts$` },
      to: { path: 'node_modules/(drizzle-orm|postgres|pg|pg-boss)/' },
    },
    {
      name: 'tables-know-only-drizzle',
      comment: 'A table describes columns with Drizzle and pure types; whoever reads or writes it is a store.',
      severity: 'error',
      from: { path: '-table\\.ts$' },
      to: { path: `${roles}|^src/platform/`, pathNot: `-table\\.ts$|${purePlatform}` },
    },
    {
      name: 'stores-act-on-nothing-else',
      comment:
        'A store turns a noun into rows and back; the transaction is handed in. It calls no service and no route.',
      severity: 'error',
      from: { path: '-store\\.ts$' },
      to: { path: acting },
    },
    {
      name: 'routes-call-services',
      comment: 'A route parses, calls one service and answers: no SQL of its own.',
      severity: 'error',
      from: { path: '-routes\\.ts$' },
      to: { path: '-(store|table)\\.ts$' },
    },
    {
      name: 'nobody-imports-routes',
      comment: 'Routes are the outermost ring: only app.ts puts them in place.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/app\\.ts$' },
      to: { path: '-routes\\.ts$' },
    },
    {
      name: 'only-main-knows-the-app',
      comment: 'app.ts is the one place where parts are put together; a part that imports it would know them all.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main\\.ts$' },
      to: { path: '^src/(app|main|edge)\\.ts$' },
    },
    {
      name: 'src-is-whole',
      comment: 'The program runs without its tests and scripts.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'pages-know-no-server',
      comment:
        'Browser code talks to the server over HTTP only; what it imported would be sent to every browser. Types and the texts of errors may be shared.',
      severity: 'error',
      from: { path: '^src/console/' },
      to: {
        path: '^src/',
        pathNot: '^src/console/|^src/platform/errors\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that leads nowhere works by luck or not at all.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
