/** Native ESM, TypeScript by swc, every test on real services: see scripts/test.mjs. */
const everyday = process.env.RENDERMILL_TESTS === 'everyday';

export default {
  testMatch: ['<rootDir>/{apps,packages,infra}/*/test/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  // `*.slow.test.ts` take more than a few seconds: kills, clients in other languages, whole processes.
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...(everyday ? ['\\.slow\\.test\\.ts$'] : [])],
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: '<rootDir>/test/environment.mjs',
  globalSetup: '<rootDir>/test/global-setup.mjs',
  globalTeardown: '<rootDir>/test/global-teardown.mjs',
  moduleNameMapper: {
    '^@rendermill/shared/(.*)$': '<rootDir>/packages/shared/src/$1.ts',
    '^@rendermill/client$': '<rootDir>/packages/client/src/index.ts',
    '^@rendermill/simulator$': '<rootDir>/packages/simulator/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  // For two cores: half of a test's time is waiting for another process.
  maxWorkers: 4,
  // Nothing of a test file that was loaded as ES modules is ever freed (50 MB each): in a process of gigabytes the garbage
  // collector takes as long as the tests.
  workerIdleMemoryLimit: '600MB',
  // Long, for machines that are busy: nothing waits for it but a test that hangs.
  testTimeout: 120_000,
};
