import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** Tests that measure how time grows. Beside other work they would measure that as well. */
const GROWTH = ['tests/**/growth.test.ts']

/** Everything but what is measured, in parallel; then that, one file after the other. */
const PROJECTS: TestProjectInlineConfiguration[] = [
  {
    extends: true,
    test: {
      name: 'tests',
      include: ['tests/**/*.test.ts'],
      exclude: ['**/node_modules/**', 'tests/package.test.ts', ...GROWTH],
      benchmark: { include: ['tests/bench/**/*.bench.ts'] },
    },
  },
  {
    extends: true,
    test: {
      name: 'growth',
      include: GROWTH,
      exclude: ['**/node_modules/**'],
      benchmark: { include: [] },
      sequence: { groupOrder: 1 },
      maxWorkers: 1,
    },
  },
]

/** `vitest run --mode package` tests the built package; everything else tests the source. */
export default defineConfig(({ mode }) => ({
  test: {
    ...(mode === 'package' ? { include: ['tests/package.test.ts'] } : { projects: PROJECTS }),
    setupFiles: ['tests/helpers/seed.ts'],
    testTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 95 },
    },
  },
}))
