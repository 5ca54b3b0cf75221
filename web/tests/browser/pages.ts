import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { Platform, type Role } from './platform'

/** A real id for each page that shows one thing. */
const things: Record<string, string> = {}

export const choice = { product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' }

type Rows = Record<string, Record<string, string>[]>

const rules = {
  seats: 2,
  lease_minutes: 60,
  take_over: 'idle',
  nodes: 2,
  node_match: 'most',
  node_releases: 3,
  grace_days: 7,
  files: true,
  file_days: 30,
  features: [{ code: 'scan', name: { zh: '查杀', en: 'Scan' }, value: 'true' }],
}

/** A licence by code, made of a product that is there already, and bought once. */
async function licence(p: Platform): Promise<string> {
  const products = (await p.api('seller', 'GET', '/api/v1/seller/products?key=backup')) as unknown as Rows
  const whole = (await p.api(
    'seller',
    'GET',
    `/api/v1/seller/products/${products['products']?.[0]?.['id']}`,
  )) as unknown as { revisions: { listing: { specifications: object[] } }[] }
  const listing = whole.revisions[0]?.listing
  const specifications = listing?.specifications.map((s) => ({
    ...s,
    trial_days: null,
    upgrade_allowed: false,
    renewal_change_allowed: false,
    licence: rules,
  }))
  const delivery = { template: { zh: '授权码激活', en: 'The code is activated' }, sla_days: 3 }
  const made = await p.api('seller', 'PUT', '/api/v1/seller/products/by-key/licence', {
    ...listing,
    specifications,
    access_type: 'license_code',
    interface_address: null,
    delivery,
  })
  const shown = (await p.api('seller', 'GET', `/api/v1/seller/products/${made['id']}`)) as unknown as Rows
  const application = shown['revisions']?.[0]?.['id']
  await p.api('seller', 'POST', `/api/v1/seller/applications/${application}/submit`, {})
  await p.api('operator', 'POST', `/api/v1/operator/applications/${application}/approve`, {})
  // Enough cases for a second page; one with files and an appeal, one whose code was taken.
  for (let n = 0; n < 22; n++)
    await p.api('buyer', 'POST', '/api/v1/orders', { choice: { ...choice, product: 'licence' }, pay: true })
  const cases = ((await p.api('buyer', 'GET', '/api/v1/supervision?as=buyer')) as unknown as Rows)['cases'] ?? []
  things['supervision'] = cases[0]?.['id'] ?? ''
  const proof = (await p.send(
    'seller',
    `/api/v1/supervision/${things['supervision']}/documents?as=seller&kind=other&name=a.txt`,
    new TextEncoder().encode('proof'),
  )) as unknown as Record<string, string>
  await p.api('seller', 'POST', `/api/v1/supervision/${things['supervision']}/actions?as=seller`, {
    verb: 'deliver',
    text: 'done',
    documents: [{ id: proof['id'], kind: 'other' }],
  })
  await p.api('seller', 'POST', `/api/v1/supervision/${things['supervision']}/appeals?as=seller`, {
    text: 'nobody answers',
  })
  await p.api('buyer', 'POST', `/api/v1/supervision/${cases[1]?.['id']}/actions?as=buyer`, { verb: 'claim' })
  await p.api('seller', 'POST', '/api/v1/seller/test-codes', {})
  await p.api('seller', 'POST', `/api/v1/seller/products/${products['products']?.[0]?.['id']}/probe`, {})
  const taken = ((await p.api('buyer', 'GET', '/api/v1/licences?as=buyer')) as unknown as Rows)['licences']?.find(
    (l) => l['code'],
  )
  await p.api('buyer', 'POST', '/api/v1/licence-seats/take', {
    code: taken?.['code'],
    client: 'ann@example.com',
    fingerprint: '00-1a-2b|DISK|BOARD|CPU',
  })
  return taken?.['code'] ?? ''
}

/** Departments, and an application that the instance shown is bound to. */
async function company(p: Platform) {
  await p.api('buyer', 'PUT', '/api/v1/departments/rd', { name: '研发' })
  const { secret } = (p.accounts.seller as unknown as { interface_key: { secret: string } }).interface_key
  await p.api('seller', 'PUT', '/api/v1/seller/keys/by-name/kit', { class: 'kit_sync', secret })
  const address = await p.api('seller', 'PUT', '/api/v1/seller/addresses/by-name/kit', {
    url: `${p.url}/sandbox/seller/backup`,
    key: 'kit',
    protocol: 'kit',
  })
  await p.api('seller', 'POST', `/api/v1/seller/addresses/${address['id']}/debug`, { save: true })
  const public_key = generateKeyPairSync('rsa', { modulusLength: 3072 }).publicKey.export({
    type: 'spki',
    format: 'pem',
  })
  await p.api('seller', 'PUT', '/api/v1/seller/sign-on-applications/by-product/backup', {
    name: 'Backup',
    login_url: 'https://app.example.com/login',
    address: address['id'],
    public_key,
    redirect_uris: ['https://app.example.com/callback'],
  })
  await p.api('buyer', 'POST', '/api/v1/orders', { choice, pay: true })
  await p.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '0m' })
  const instances = (await p.api('buyer', 'GET', '/api/v1/instances?state=running')) as unknown as Rows
  const own = instances['instances']?.find((i) => i['access_type'] === 'saas')?.['id'] ?? ''
  await p.api('buyer', 'POST', `/api/v1/instances/${own}/sign-on`, {})
  await p.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '0m' })
  const me = ((await p.api('buyer', 'GET', '/api/v1/colleagues')) as unknown as Rows)['colleagues']?.[0]?.['id']
  await p.api('buyer', 'POST', `/api/v1/instances/${own}/sign-on/grants`, { users: [me], role: 'user' })
  things['instances'] = own
}

/** An asset with a version of which there is a file, and a specification that is deployed from it. */
async function asset(p: Platform): Promise<string> {
  const made = await p.api('seller', 'POST', '/api/v1/seller/assets', { name: 'agent', kind: 'software_package' })
  await p.send(
    'seller',
    `/api/v1/seller/assets/${made['id']}/packages?version=1.0.0&file_name=agent.tar.gz`,
    new Uint8Array(2048),
  )
  const product = ((await p.api('seller', 'GET', '/api/v1/seller/products?key=backup')) as unknown as Rows)[
    'products'
  ]?.[0]?.['id']
  await p.api(
    'seller',
    'PUT',
    `/api/v1/seller/assets/${made['id']}/links?product=${product}&specification=standard`,
    {},
  )
  return String(made['id'])
}

/** Enough calls of an open API with the keys of a buyer and a seller, some of them refused. */
async function openApiCalls(p: Platform): Promise<void> {
  const orders = '/api/mkp-openapi-public/global/v1/order/query'
  for (let n = 0; n < 21; n++) await p.signed('seller', orders, `orderId=MOCKPERIODYEARNEW&n=${n}`)
  await p.signed('buyer', orders, 'orderId=x')
  const listed = async (role: Role) =>
    ((await p.api(role, 'GET', '/api/v1/open-api-calls')) as unknown as Rows)['calls'] ?? []
  await vi.waitFor(
    async () => expect([(await listed('seller')).length, (await listed('buyer')).length]).toEqual([20, 1]),
    10_000,
  )
  things['seller open-api-calls'] = (await listed('seller'))[0]?.['id'] ?? ''
  things['account open-api-calls'] = (await listed('buyer'))[0]?.['id'] ?? ''
}

/** A sandbox in which every list has a second page and every page something to show. */
export async function filled(): Promise<Platform> {
  const p = await Platform.start()
  // Enough rows that every list has a second page.
  for (let n = 0; n < 25; n++) await p.api('buyer', 'POST', '/api/v1/orders', { choice, pay: true })
  await p.api('buyer', 'POST', '/api/v1/orders', { choice })
  await p.api('buyer', 'POST', '/api/v1/wallet/transfers', {
    amount: { amount: '100.00', currency: 'CNY' },
    reference: 'r',
  })
  await p.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '40d' })
  const first = async (role: Role, path: string, list: string) =>
    ((await p.api(role, 'GET', path)) as unknown as Rows)[list]?.[0] ?? {}
  things['number'] = (await first('buyer', '/api/v1/orders?state=completed', 'orders'))['order_number'] ?? ''
  things['instances'] = (await first('buyer', '/api/v1/instances', 'instances'))['id'] ?? ''
  things['products'] = (await first('seller', '/api/v1/seller/products', 'products'))['id'] ?? ''
  things['bills'] = (await first('seller', '/api/v1/bills', 'bills'))['id'] ?? ''
  things['calls'] = (await first('seller', '/api/v1/calls', 'calls'))['id'] ?? ''
  things['previews'] = (await first('seller', '/api/v1/applications', 'applications'))['id'] ?? ''
  await p.api('buyer', 'POST', '/api/v1/cart', { ...choice, quantity: 2 })
  things['code'] = await licence(p)
  things['assets'] = await asset(p)
  await openApiCalls(p)
  await company(p)
  const hook = await p.api('buyer', 'POST', '/api/v1/webhooks', {
    url: 'http://127.0.0.1:9/',
    events: ['order.opened'],
  })
  things['webhooks'] = String(hook['id'])
  for (let n = 0; n < 21; n++) await p.api('buyer', 'POST', `/api/v1/webhooks/${hook['id']}/test`, {})
  await p.api('buyer', 'POST', '/api/v1/messages/recipients', {
    name: 'Ops',
    mailbox: 'ops@example.com',
    language: 'zh',
  })
  const invited = await p.api('buyer', 'POST', '/api/v1/invitations', { login: 'guest', name: 'Guest', role: 'member' })
  things['secret'] = String(invited['secret'])
  things['reviews'] = (await first('operator', '/api/v1/applications', 'applications'))['id'] ?? ''
  expect(Object.entries(things).filter(([, id]) => !id)).toEqual([])
  return p
}

/** The pages of the application, from its own list of routes. */
const paths = [...readFileSync('src/routes.tsx', 'utf8').matchAll(/page\(\s*'([^']+)'/g)].map((m) => m[1] ?? '')

const real = (p: Platform, path: string) =>
  path
    .replace('$product', 'backup')
    .replace('$seller', p.accounts.seller.account_id)
    .replace('$code', things['code'] ?? '')
    .replace('$secret', things['secret'] ?? '')
    .replace('$token', '00')
    .replace('$number', things['number'] ?? '')
    .replace('$key/$version', 'license-code/3')
    .replace('$id', things[path.split('/').at(-2) ?? ''] ?? things[path.split('/').slice(1, 3).join(' ')] ?? '')
    .replace(/^\/checkout$/, '/checkout?product=backup&spec=standard&sku=basic/5&period=1m&quantity=1')

const roleOf = (path: string): Role =>
  path.startsWith('/seller') || path.startsWith('/previews')
    ? 'seller'
    : path.startsWith('/operator')
      ? 'operator'
      : 'buyer'

/** Visits every page in a language, on a desk and on a phone: once by its address, then from within. */
export const everyPage = (language: 'zh' | 'en', platform: () => Platform) =>
  describe.each([1280, 390])(`in ${language} at %i px`, (width) => {
    it.each(['buyer', 'seller', 'operator'] as const)(
      'every page of the %s shows its heading, fits, and breaks no script',
      async (role) => {
        const p = platform()
        const { page, errors } = await p.as(role, language, width)
        const mine = paths.filter((path) => roleOf(path) === role && path !== '/log-in' && path !== '/register')
        expect(mine.length).toBeGreaterThan(5)
        const byAddress = language === 'zh' && width === 1280
        const wrong: string[] = []
        for (const path of mine) {
          if (byAddress || path === mine[0]) await p.go(page, real(p, path))
          else await p.within(page, real(p, path))
          await page.getByRole('heading', { level: 1 }).first().waitFor()
          await page.waitForFunction(() => !document.querySelector('.ant-spin-spinning, .ant-skeleton'))
          expect(await page.locator('.ant-alert-error').count(), `${path} shows an error`).toBe(0)
          // Each language at one width: what keeps somebody out is in the structure and the colours, seen by either.
          if ((language === 'zh') === (width === 1280))
            wrong.push(...(await p.barriers(page)).map((what) => `${path}: ${what}`))
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
          expect(wide, `${path} is wider than the screen`).toBeLessThanOrEqual(1)
          await p.shot(page, `page-${language}-${width}${path.replaceAll('/', '-').replaceAll('$', '')}`)
        }
        expect(wrong, 'keeps somebody out').toEqual([])
        expect(errors).toEqual([])
        await page.context().close()
      },
    )
  })
