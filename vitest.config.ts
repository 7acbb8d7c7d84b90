import { defineConfig } from 'vitest/config'

/** `vitest run --mode package` tests the built package; everything else tests the source. */
export default defineConfig(({ mode }) => ({
  test: {
    include: mode === 'package' ? ['tests/package.test.ts'] : ['tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...(mode === 'package' ? [] : ['tests/package.test.ts'])],
    benchmark: { include: ['tests/bench/**/*.bench.ts'] },
    testTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 95 },
    },
  },
}))
