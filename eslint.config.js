import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'

/** One fence of the house: files in `from` may not import what lies against the direction of the data. */
function fence (files, forbidden, ignores = []) {
  return {
    files,
    ignores,
    rules: {
      'no-restricted-imports': ['error', {
        patterns: forbidden.map(([regex, message]) => ({ regex, message })),
      }],
    },
  }
}

const FASTIFY = ['^(fastify|fastify-plugin|@fastify/.*)$', 'Fastify stops at plugins/ and routes/: services know nothing of it.']
const HTTP_IN = ['(^|/)(routes|plugins|cli)/|/(app|server|cli|demo)\\.ts$', 'Services import nothing of the HTTP side: the arrow goes the other way.']
const SANDBOX = ['/sandbox/', 'The sandbox is reached through its URL only.']
const PIPELINE = ['/(ingest|runs|queue|store)/', 'What talks to Spotify knows nothing of runs.']
const KEPT = ['/(spotify|ingest|runs|queue|store)/', 'The database has tables and transactions; it knows nothing of what is kept in them.']
const SPOTIFY = ['/(spotify|ingest|runs)/', 'The store keeps what it is given; it knows neither Spotify nor the pipeline.']
const RUNS = ['/runs/(?!record)', 'The pipeline knows the record of a run, not who manages it.']
const PLUGINS = ['/routes/', 'A plugin does not know the routes that use it.']

export default [
  ...neostandard({ ts: true, ignores: ['examples/client/api.d.ts', '.tap/**', 'node_modules/**', 'data/**'] }),
  ...tseslint.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error', // `import { type X }` still loads the file
      '@typescript-eslint/no-redeclare': 'off', // a schema and its type share their name; tsc finds real redeclarations
      '@typescript-eslint/require-await': 'off', // an async function without await still keeps its throws in the promise
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, ignoreUsingDeclarations: true, argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-void': ['error', { allowAsStatement: true }],
    },
  },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    rules: {
      '@stylistic/max-len': [
        'error', { code: 120, ignoreRegExpLiterals: true, ignoreTemplateLiterals: true, ignoreUrls: true },
      ],
    },
  },
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', package: '@tapjs/test', name: ['test'] }] }] } },
  fence(['src/services/spotify/**/*.ts'], [FASTIFY, HTTP_IN, SANDBOX, PIPELINE]),
  fence(['src/services/store/**/*.ts'], [FASTIFY, HTTP_IN, SANDBOX, SPOTIFY]),
  fence(['src/services/ingest/**/*.ts'], [FASTIFY, HTTP_IN, SANDBOX, RUNS]),
  fence(['src/formats/**/*.ts'], [FASTIFY, HTTP_IN, SANDBOX, SPOTIFY]),
  fence(['src/services/tables/**/*.ts'], [FASTIFY, HTTP_IN, SANDBOX, SPOTIFY]),
  fence(['src/services/quality/**/*.ts'], [FASTIFY, HTTP_IN, SANDBOX, RUNS]),
  fence(['src/services/runs/**/*.ts', 'src/services/queue/**/*.ts', 'src/services/engine/**/*.ts'], [FASTIFY, HTTP_IN, SANDBOX]),
  fence(['src/services/database/**/*.ts'], [FASTIFY, HTTP_IN, SANDBOX, KEPT]),
  fence(['src/plugins/**/*.ts'], [PLUGINS, SANDBOX]),
  fence(['src/web/**/*.ts'], [FASTIFY, HTTP_IN, SANDBOX]),
  fence(['src/routes/**/*.ts', 'src/schemas/**/*.ts', 'src/cli/**/*.ts', 'src/*.ts'], [SANDBOX], ['src/cli/demo.ts', 'src/cli/trial.ts']),
  fence(['src/sandbox/**/*.ts'], [['\\.\\./(app|server|cli|config|errors|plugins|routes|services|schemas)', 'The sandbox stands alone: it must not share the mistakes of what it tests.']]),
]
