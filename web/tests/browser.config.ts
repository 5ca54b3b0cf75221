import { defineConfig } from 'vitest/config'

// Real Chromium against a real sandbox: one file after the other, with time for a slow machine.
export default defineConfig({ test: { include: ['tests/browser/**/*.test.ts'], testTimeout: 90_000, hookTimeout: 120_000, fileParallelism: false } })
