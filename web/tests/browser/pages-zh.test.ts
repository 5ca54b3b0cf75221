import { afterAll, beforeAll } from 'vitest'
import { everyPage, filled } from './pages'
import type { Platform } from './platform'

let p: Platform
beforeAll(async () => {
  p = await filled()
})
afterAll(async () => {
  await p?.stop()
})

everyPage('zh', () => p)
