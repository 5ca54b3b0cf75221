import { defineConfig } from 'vitest/config'

// Real Chromium, each file against a sandbox of its own, two at a time, with time for a slow machine.
export default defineConfig({
  test: {
    include: ['tests/browser/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: ['default', ['json', { outputFile: '../target/test/browser.json' }]],
  },
})
