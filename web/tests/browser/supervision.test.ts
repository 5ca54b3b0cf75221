import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { choice } from './pages'
import { Platform } from './platform'

type Party = 'buyer' | 'seller' | 'operator'
type Fill = (page: Page) => Promise<void>
type Move = [Party, string, Fill?]
type Rows = Record<string, Record<string, string>[]>

let p: Platform
let old: Platform
const pages = new Map<string, Page>()

/** The console of a party at a platform, logged in once. */
async function consoleOf(at: Platform, party: Party): Promise<Page> {
  const key = `${at.url} ${party}`
  const there = pages.get(key)
  if (there) return there
  const { page, errors } = await at.as(party, 'en')
  page.on('pageerror', () => expect(errors).toEqual([]))
  pages.set(key, page)
  return page
}

beforeAll(async () => {
  ;[p, old] = await Promise.all([Platform.start(), Platform.start('2024-09-13T02:00:00Z')])
}, 60_000)
afterAll(async () => {
  await Promise.all([p.stop(), old.stop()])
})

/** Lists a product of a kind, made of one that is there already. */
async function list(at: Platform, key: string, access_type: string, more: object = {}, delivery: object = {}) {
  const products = (await at.api('seller', 'GET', '/api/v1/seller/products?key=backup')) as unknown as Rows
  const whole = (await at.api(
    'seller',
    'GET',
    `/api/v1/seller/products/${products['products']?.[0]?.['id']}`,
  )) as unknown as { revisions: { listing: { interface_address: string; specifications: object[] } }[] }
  const listing = whole.revisions[0]?.listing
  const once = ['hardware', 'data_file'].includes(access_type)
  const sku = once ? { key: '-', once: '100.00' } : { key: '-', month: '100.00' }
  const specifications = [
    {
      key: 'standard',
      name: { zh: '标准版', en: 'Standard' },
      charging_mode: once ? 'ONE_TIME' : 'PERIOD',
      skus: [sku],
    },
  ]
  const body = {
    ...listing,
    extension_parameters: [],
    personal_data: [],
    specifications,
    access_type,
    interface_address: access_type === 'saas' ? listing?.interface_address : null,
    delivery: {
      template: { zh: '按约定验收', en: 'As agreed' },
      request: { zh: '请说明需求', en: 'Tell us what you need' },
      sla_days: 7,
      ...delivery,
    },
    ...more,
  }
  const made = await at.api('seller', 'PUT', `/api/v1/seller/products/by-key/${key}`, body)
  const shown = (await at.api('seller', 'GET', `/api/v1/seller/products/${made['id']}`)) as unknown as Rows
  const application = shown['revisions']?.[0]?.['id']
  await at.api('seller', 'POST', `/api/v1/seller/applications/${application}/submit`, {})
  await at.api('operator', 'POST', `/api/v1/operator/applications/${application}/approve`, {})
}

/** Buys it; the id of its case. */
async function buy(at: Platform, key: string, once = false, more: object = {}): Promise<string> {
  const order = await at.api('buyer', 'POST', '/api/v1/orders', {
    choice: { product: key, specification: 'standard', quantity: 1, ...(once ? {} : { period: choice.period }) },
    pay: true,
    ...more,
  })
  const found = (await at.api(
    'buyer',
    'GET',
    `/api/v1/supervision?as=buyer&order_number=${order['order_number']}`,
  )) as unknown as Rows
  return found['cases']?.[0]?.['id'] ?? ''
}

const field =
  (label: string, text: string): Fill =>
  (page) =>
    page.getByRole('dialog').getByLabel(label, { exact: false }).first().fill(text)

/** What a delivery asks for: words, and a file of each kind. */
const delivery =
  (...kinds: string[]): Fill =>
  async (page) => {
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Description').fill('done as agreed')
    for (const kind of kinds) {
      await dialog.getByLabel('Kind of file').click()
      await page.locator('.ant-select-dropdown:visible').getByTitle(kind, { exact: true }).click()
      const picture = kind.startsWith('Screenshot')
      await dialog.locator('input[type=file]').setInputFiles({
        name: picture ? 'shot.png' : 'proof.pdf',
        mimeType: 'application/octet-stream',
        buffer: Buffer.from(picture ? '\x89PNG\r\n\x1a\n' : '%PDF-1.7', 'latin1'),
      })
      await dialog.getByText(kind, { exact: false }).last().waitFor()
      await dialog.getByRole('button', { name: 'Remove' }).nth(kinds.indexOf(kind)).waitFor()
    }
  }

/** Does something on the screen: its button, what its dialog asks for, and sends it. */
async function act(at: Platform, id: string, [party, name, fill]: Move) {
  const page = await consoleOf(at, party)
  await at.go(page, `/${party}/supervision/${id}`)
  await page.getByRole('button', { name, exact: true }).click()
  if (fill) {
    await page.getByRole('dialog').waitFor()
    await fill(page)
    await page.getByRole('dialog').locator('button[type=submit]').click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  } else {
    await page.getByRole('dialog').locator('.ant-btn-primary').click()
    await page.getByText('Done', { exact: true }).waitFor()
  }
}

/** An appeal in the middle: the flow is frozen for both until the platform lets it go on. */
async function appeal(at: Platform, id: string, by: Party) {
  await act(at, id, [by, 'Appeal', field('Statement', 'this is not what was agreed')])
  const page = await consoleOf(at, by)
  await page.getByText(`Frozen by an appeal: ${by === 'buyer' ? 'Buyer' : 'Seller'}`).waitFor()
  const other = by === 'buyer' ? 'seller' : 'buyer'
  await act(at, id, [other, 'State your case', field('Statement', 'it is')])
  await act(at, id, ['operator', 'Decide the appeal', field('Reason', 'it goes on')])
}

async function live(at: Platform, id: string, moves: Move[], by: Party = 'buyer', after = 1) {
  for (const [n, move] of moves.entries()) {
    await act(at, id, move)
    if (n + 1 === after) await appeal(at, id, by)
  }
  await over(at, id)
}

async function over(at: Platform, id: string) {
  const page = await consoleOf(at, 'buyer')
  await at.go(page, `/buyer/supervision/${id}`)
  await page.locator('.page-head').getByText('Completed').waitFor()
  await at.shot(page, `case-${id}`)
}

const need: Move = ['buyer', 'Submit', field('Description', 'two hundred endpoints')]
const accept: Move = ['buyer', 'Accept', async () => {}]
const confirm: Move = ['seller', 'Confirm', async () => {}]
const document = 'Acceptance document'

it('a human service is asked for, appealed, delivered, rejected and accepted', async () => {
  await list(p, 'service', 'human_service')
  const id = await buy(p, 'service')
  const deliver: Move = ['seller', 'Deliver', delivery('Statement of work', document)]
  await live(
    p,
    id,
    [need, confirm, deliver, ['buyer', 'Reject', field('Reason', 'the report is missing')], deliver, accept],
    'seller',
    3,
  )
}, 90_000)

it('a web site is designed, built and accepted twice', async () => {
  await list(p, 'site', 'human_service', {}, { flow: 'site_building' })
  await live(
    p,
    await buy(p, 'site'),
    [
      need,
      confirm,
      ['seller', 'Deliver', delivery('What was delivered')],
      accept,
      ['seller', 'Deliver', delivery('Statement of work', document)],
      accept,
    ],
    'buyer',
    3,
  )
}, 90_000)

it('a project is paid milestone by milestone', async () => {
  await list(p, 'project', 'human_service', {}, { flow: 'milestones' })
  const id = await buy(p, 'project')
  const part: Move[] = [['seller', 'Deliver', delivery('What was delivered')], accept]
  await live(p, id, [need, confirm, ...part, ...part, ...part], 'buyer', 4)
}, 120_000)

it('a data file is asked for, followed and accepted', async () => {
  await list(p, 'data', 'data_file')
  await live(
    p,
    await buy(p, 'data', true),
    [need, confirm, ['seller', 'Deliver', delivery(document)], accept],
    'buyer',
    2,
  )
}, 90_000)

it('an orchestration and supervised software go the standard way', async () => {
  for (const [key, type] of [
    ['composed', 'orchestration'],
    ['desk', 'saas'],
  ] as const) {
    await list(p, key, type, { supervised: type === 'saas' })
    await live(p, await buy(p, key), [need, confirm, ['seller', 'Deliver', delivery(document)], accept], 'seller', 1)
  }
}, 120_000)

it('licences are handed over as files, for identification codes and as packages', async () => {
  await list(p, 'file', 'license_file')
  await live(p, await buy(p, 'file'), [['seller', 'Deliver', delivery(document)], accept], 'buyer', 1)
  await list(p, 'ident', 'license_identification')
  await live(
    p,
    await buy(p, 'ident'),
    [['buyer', 'Submit', async () => {}], ['seller', 'Deliver', delivery(document)], accept],
    'buyer',
    1,
  )
  await list(p, 'package', 'license_package')
  await live(p, await buy(p, 'package'), [['seller', 'Deliver', delivery()], accept], 'seller', 1)
}, 120_000)

/** Buys goods on the screen, once the address is one; the id of the case. */
async function buyGoods(key: string): Promise<string> {
  const page = await consoleOf(p, 'buyer')
  await p.go(page, `/checkout?product=${key}&spec=standard&sku=-&quantity=1`)
  await page.getByLabel('Recipient').fill('Li Lei')
  await page.getByLabel('Phone').fill('none')
  await page.getByLabel('Address').fill('1 Road')
  await page.getByLabel("I accept the seller's service agreement").check()
  const pay = page.getByRole('button', { name: 'Pay', exact: true })
  await pay.click()
  await page.getByText('Fields that need a change: 1').waitFor()
  await page.locator('input[type=tel]:focus').fill('13800000000')
  await pay.click()
  await page.waitForURL(/\/buyer\/orders\/CS/)
  const found = (await p.api(
    'buyer',
    'GET',
    `/api/v1/supervision?as=buyer&order_number=${page.url().split('/').pop()}`,
  )) as unknown as Rows
  return found['cases']?.[0]?.['id'] ?? ''
}

it('hardware is shipped, appealed and accepted; its address changes until then', async () => {
  await list(p, 'box', 'hardware')
  const id = await buyGoods('box')
  await act(p, id, ['buyer', 'Change the address', field('Address', '2 Road')])
  const ship: Fill = async (page) => {
    await page.getByRole('dialog').getByLabel('Carrier').fill('SF')
    await page.getByRole('dialog').getByLabel('Number of the parcel').fill('SF 1')
  }
  await live(p, id, [['seller', 'Ship', ship], accept], 'buyer', 1)
}, 90_000)

const activate = async (at: Platform, id: string) => {
  const seen = (await at.api('seller', 'GET', `/api/v1/supervision/${id}?as=seller`)) as unknown as { code: string }
  return (await (
    await at.signed(
      'seller',
      '/api/mkp-openapi-public/global/v1/license/activate',
      '',
      JSON.stringify({ license: seen.code }),
    )
  ).json()) as { error_code: string }
}

it('a code is taken on the screen and closes its order when the software activates it', async () => {
  await list(p, 'code', 'license_code')
  const id = await buy(p, 'code')
  await act(p, id, ['buyer', 'Take the code'])
  await appeal(p, id, 'buyer')
  expect((await activate(p, id)).error_code).toBe('92020000')
  await over(p, id)
}, 90_000)

it('orders of 2024 are delivered under the rules of their days', async () => {
  await list(old, 'code', 'license_code')
  const first = await buy(old, 'code')
  await act(old, first, ['buyer', 'Take the code'])
  await appeal(old, first, 'buyer')
  expect((await activate(old, first)).error_code).toBe('92020000')
  await act(old, first, ['seller', 'Upload the proof', delivery(document)])
  await over(old, first)
  await old.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '2d' })
  const second = await buy(old, 'code')
  expect((await activate(old, second)).error_code).toBe('92020004')
  await act(old, second, ['seller', 'Deliver', delivery()])
  await appeal(old, second, 'seller')
  await act(old, second, ['buyer', 'Take the code'])
  expect((await activate(old, second)).error_code).toBe('92020000')
  await over(old, second)
}, 120_000)

it('a refund is negotiated on both screens, with its proof', async () => {
  const id = await buy(p, 'service')
  await act(p, id, ['buyer', 'Negotiate a refund', field('Reason', 'no longer needed')])
  await act(p, id, [
    'seller',
    'Agree',
    async (page) => {
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Opinion').fill('agreed')
      await dialog
        .locator('input[type=file]')
        .setInputFiles({ name: 'agreement.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') })
      await dialog.getByRole('button', { name: 'Remove' }).waitFor()
    },
  ])
  const page = await consoleOf(p, 'buyer')
  await p.go(page, `/buyer/supervision/${id}`)
  await page.locator('.page-head').getByText('Cancelled').waitFor()
  const books = (await p.api('operator', 'GET', '/api/v1/operator/verify')) as unknown as { ok: boolean }
  expect(books.ok).toBe(true)
}, 90_000)

it('an appeal is decided by giving a part back, and the order says so', async () => {
  const id = await buy(p, 'service')
  await act(p, id, ['buyer', 'Appeal', field('Statement', 'nobody answers')])
  await act(p, id, [
    'operator',
    'Decide the appeal',
    async (page) => {
      const dialog = page.getByRole('dialog')
      await dialog.getByText('Give money back').click()
      await dialog.getByLabel('Amount', { exact: false }).fill('40')
      await dialog.getByLabel('Reason').fill('begun late')
    },
  ])
  const page = await consoleOf(p, 'buyer')
  await p.go(page, `/buyer/supervision/${id}`)
  await page.locator('.page-head').getByText('Cancelled').waitFor()
  await page.locator('a.mono[href*="/buyer/orders/"]').click()
  await page.getByText(/¥40\.00 were given back to your wallet on .*; the rest was paid to the seller/).waitFor()
}, 90_000)

it('the list says whose turn it is and is walked by keyboard', async () => {
  await buy(p, 'service')
  const page = await consoleOf(p, 'buyer')
  await p.go(page, '/buyer/supervision?turn=buyer')
  await page.getByText('Your turn').first().waitFor()
  const first = page.locator('tbody a.mono').first()
  await first.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Submit', exact: true }).waitFor()
  await page.getByRole('img', { name: /Flow, now at/ }).waitFor()
}, 60_000)
