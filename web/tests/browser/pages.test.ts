import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Platform, type Role } from './platform'

let p: Platform
/** A real id for each page that shows one thing. */
const things: Record<string, string> = {}

const choice = { product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' }

type Rows = Record<string, Record<string, string>[]>

beforeAll(async () => {
  p = await Platform.start()
  // Enough rows that every list has a second page.
  for (let n = 0; n < 25; n++) await p.api('buyer', 'POST', '/api/v1/orders', { choice, pay: true })
  await p.api('buyer', 'POST', '/api/v1/orders', { choice })
  await p.api('buyer', 'POST', '/api/v1/wallet/transfers', { amount: { amount: '100.00', currency: 'CNY' }, reference: 'r' })
  await p.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '40d' })
  const first = async (role: Role, path: string, list: string) => ((await p.api(role, 'GET', path)) as unknown as Rows)[list]?.[0] ?? {}
  things['number'] = (await first('buyer', '/api/v1/orders?state=completed', 'orders'))['order_number'] ?? ''
  things['instances'] = (await first('buyer', '/api/v1/instances', 'instances'))['id'] ?? ''
  things['products'] = (await first('seller', '/api/v1/seller/products', 'products'))['id'] ?? ''
  things['bills'] = (await first('seller', '/api/v1/bills', 'bills'))['id'] ?? ''
  things['calls'] = (await first('seller', '/api/v1/calls', 'calls'))['id'] ?? ''
  things['previews'] = (await first('seller', '/api/v1/applications', 'applications'))['id'] ?? ''
  await p.api('buyer', 'POST', '/api/v1/cart', { ...choice, quantity: 2 })
  things['reviews'] = (await first('operator', '/api/v1/applications', 'applications'))['id'] ?? ''
  expect(Object.entries(things).filter(([, id]) => !id)).toEqual([])
})
afterAll(async () => {
  await p?.stop()
})

/** The pages of the application, from its own list of routes. */
const paths = [...readFileSync('src/routes.tsx', 'utf8').matchAll(/page\('([^']+)'/g)].map((m) => m[1] ?? '')

const real = (path: string) =>
  path
    .replace('$product', 'backup')
    .replace('$seller', p.accounts.seller.account_id)
    .replace('$number', things['number'] ?? '')
    .replace('$id', things[path.split('/').at(-2) ?? ''] ?? '')
    .replace(/^\/checkout$/, '/checkout?product=backup&spec=standard&sku=basic/5&period=1m&quantity=1')

const roleOf = (path: string): Role => (path.startsWith('/seller') || path.startsWith('/previews') ? 'seller' : path.startsWith('/operator') ? 'operator' : 'buyer')

describe.each([['zh', 1280], ['zh', 390], ['en', 1280], ['en', 390]] as const)('in %s at %i px', (language, width) => {
  it.each(['buyer', 'seller', 'operator'] as const)('every page of the %s shows its heading, fits, and breaks no script', async (role) => {
    const { page, errors } = await p.as(role, language, width)
    const mine = paths.filter((path) => roleOf(path) === role && path !== '/log-in' && path !== '/register')
    expect(mine.length).toBeGreaterThan(5)
    const wrong: string[] = []
    for (const path of mine) {
      await p.go(page, real(path))
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      await page.waitForFunction(() => !document.querySelector('.ant-spin-spinning, .ant-skeleton'))
      expect(await page.locator('.ant-alert-error').count(), `${path} shows an error`).toBe(0)
      wrong.push(...(await p.barriers(page)).map((what) => `${path}: ${what}`))
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(wide, `${path} is wider than the screen`).toBeLessThanOrEqual(1)
      await p.shot(page, `page-${language}-${width}${path.replaceAll('/', '-').replaceAll('$', '')}`)
    }
    expect(wrong, 'keeps somebody out').toEqual([])
    expect(errors).toEqual([])
    await page.context().close()
  })
})

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

describe('for those who want no movement', () => {
  it('questions open and are answered without it', async () => {
    const { page } = await p.as('buyer', 'en', 1280, true)
    const order = await p.api('buyer', 'POST', '/api/v1/orders', { choice })
    await p.go(page, `/buyer/orders/${String(order['order_number'])}`)
    await page.getByRole('button', { name: 'Cancel order' }).click()
    await page.locator('.ant-popconfirm .ant-btn-primary').click()
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
    await page.getByRole('complementary', { name: 'Filters' }).getByRole('button', { name: /Storage/ }).click()
    await page.waitForURL(/category=storage/)
  })
})

describe('a program that reads HTML', () => {
  it('finds name, description and price of a product in the page', async () => {
    const html = async (path: string, language: string) => (await fetch(p.url + path, { headers: { 'Accept-Language': language } })).text()
    const english = await html('/products/backup', 'en-GB,en;q=0.9')
    expect(english).toMatch(/<title>Duncun Backup SaaS · Yunshi<\/title>/)
    expect(english).toContain('"priceCurrency":"CNY"')
    expect(await html('/products/backup', 'zh-CN')).toMatch(/<title>盾存云备份 SaaS · 云市<\/title>/)
    expect((await fetch(`${p.url}/products/nothing`)).status).toBe(404)
  })
})
