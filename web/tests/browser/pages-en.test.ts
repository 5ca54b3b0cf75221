import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { everyPage, filled, choice } from './pages'
import type { Platform } from './platform'

let p: Platform
beforeAll(async () => {
  p = await filled()
})
afterAll(async () => {
  await p?.stop()
})

everyPage('en', () => p)

describe('lists with many rows', () => {
  it('go on to the next page and back', async () => {
    const { page } = await p.as('buyer', 'en')
    await p.go(page, '/buyer/orders')
    const number = () => page.locator('tbody tr[data-row-key]').first().getAttribute('data-row-key')
    const newest = await number()
    await page.getByRole('button', { name: 'Next page' }).click()
    await page.waitForURL(/cursor=/)
    await expect.poll(number).not.toBe(newest)
    await page.getByRole('button', { name: 'First page' }).click()
    await expect.poll(number).toBe(newest)
  })

  it('of a new account say what to do next', async () => {
    const { page } = await p.as('buyer2', 'zh')
    for (const path of ['/buyer/orders', '/buyer/instances']) {
      await p.go(page, path)
      await page.locator('.ant-empty-description').first().waitFor()
      await p.shot(page, `empty${path.replaceAll('/', '-')}`)
    }
  })
})

describe.each([
  ['with', false],
  ['without', true],
] as const)('%s movement', (_, calm) => {
  it('questions open and are answered', async () => {
    const { page } = await p.as('buyer', 'en', 1280, calm)
    const order = await p.api('buyer', 'POST', '/api/v1/orders', { choice })
    await p.go(page, `/buyer/orders/${String(order['order_number'])}`)
    await page.getByRole('button', { name: 'Cancel order' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Duncun Backup SaaS').waitFor()
    await dialog.getByRole('button', { name: 'Cancel order' }).click()
    await page.getByText('Cancelled').first().waitFor()
  })
})

describe('on a phone', () => {
  it('filters come when they are asked for', async () => {
    const { page } = await p.page('en', 390)
    await p.go(page, '/products')
    const filters = page.getByRole('button', { name: 'Filters' })
    await filters.waitFor()
    expect(await page.getByRole('complementary', { name: 'Filters' }).isVisible()).toBe(false)
    await filters.click()
    await page
      .getByRole('complementary', { name: 'Filters' })
      .getByRole('button', { name: /Storage/ })
      .click()
    await page.waitForURL(/category=storage/)
  })
})

describe('a program that reads HTML', () => {
  it('finds name, description and price of a product in the page', async () => {
    const html = async (path: string, language: string) =>
      (await fetch(p.url + path, { headers: { 'Accept-Language': language } })).text()
    const english = await html('/products/backup', 'en-GB,en;q=0.9')
    expect(english).toMatch(/<title>Duncun Backup SaaS · Yunshi<\/title>/)
    expect(english).toContain('"priceCurrency":"CNY"')
    expect(await html('/products/backup', 'zh-CN')).toMatch(/<title>盾存云备份 SaaS · 云市<\/title>/)
    expect((await fetch(`${p.url}/products/nothing`)).status).toBe(404)
  })
})
