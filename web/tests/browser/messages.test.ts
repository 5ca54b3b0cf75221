import { afterAll, beforeAll, expect, it } from 'vitest'
import { Platform } from './platform'

let p: Platform
beforeAll(async () => {
  p = await Platform.start()
}, 60_000)
afterAll(() => p.stop())

it('a recipient that is wrong is told field by field, and what was put right is not wrong any more', async () => {
  const { page, errors } = await p.as('buyer', 'en')
  await p.go(page, '/account/messages')
  const phone = page.getByLabel('Phone', { exact: true })
  const zone = page.getByLabel('Time zone', { exact: true })
  const wrong = page.getByText('Fields that need a change: 1')
  await page.getByLabel('Name', { exact: true }).fill('Ops')
  await phone.fill('none')
  await zone.fill('Mars/Base')
  await page.getByRole('button', { name: 'Add a recipient' }).click()
  await wrong.waitFor()
  expect(await phone.getAttribute('aria-invalid')).toBe('true')
  await phone.fill('13800000000')
  await page.getByRole('button', { name: 'Add a recipient' }).click()
  await page.locator('#recipient_time_zone[aria-invalid=true]').waitFor()
  expect(await phone.getAttribute('aria-invalid')).not.toBe('true')
  await zone.fill('')
  await page.getByRole('button', { name: 'Add a recipient' }).click()
  await page.getByRole('cell', { name: '13800000000' }).waitFor()
  await wrong.waitFor({ state: 'detached' })
  expect(errors).toEqual([])
}, 60_000)
