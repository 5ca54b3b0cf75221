import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Platform } from './platform'

let p: Platform
let shop: Server
const came: { method: string; url: string; body: string }[] = []

beforeAll(async () => {
  p = await Platform.start()
  shop = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => (body += part))
    request.on('end', () => {
      if (request.url?.includes('icon')) return response.end()
      came.push({ method: request.method ?? '', url: request.url ?? '', body })
      response.end('<h1>Welcome at the seller</h1>')
    })
  })
  await new Promise<void>((ready) => shop.listen(0, '127.0.0.1', ready))
})
afterAll(async () => {
  await p?.stop()
  shop.close()
})

type Rows = Record<string, Record<string, string>[]>

/** The seeded backup behind another address, bought; the instance. */
async function bought(address: string, key: string) {
  const products = (await p.api('seller', 'GET', '/api/v1/seller/products?key=backup')) as unknown as Rows
  const whole = (await p.api(
    'seller',
    'GET',
    `/api/v1/seller/products/${products['products']?.[0]?.['id']}`,
  )) as unknown as { revisions: { listing: { specifications: object[] } }[] }
  const listing = whole.revisions[0]?.listing
  const specifications = listing?.specifications.map((s) => ({ ...s, renewal_change_allowed: false }))
  const addresses = (await p.api('seller', 'GET', '/api/v1/seller/addresses')) as unknown as Rows
  const id = addresses['addresses']?.find((a) => a['name'] === address)?.['id']
  const made = await p.api('seller', 'PUT', `/api/v1/seller/products/by-key/${key}`, {
    ...listing,
    specifications,
    interface_address: id,
  })
  const shown = (await p.api('seller', 'GET', `/api/v1/seller/products/${made['id']}`)) as unknown as Rows
  const application = shown['revisions']?.[0]?.['id']
  await p.api('seller', 'POST', `/api/v1/seller/applications/${application}/submit`, {})
  await p.api('operator', 'POST', `/api/v1/operator/applications/${application}/approve`, {})
  const order = await p.api('buyer', 'POST', '/api/v1/orders', {
    choice: { product: key, specification: 'standard', sku: 'basic/5', period: '1m' },
    pay: true,
  })
  await p.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '0m' })
  const full = (await p.api('buyer', 'GET', `/api/v1/orders/${order['order_number']}`)) as unknown as {
    lines: { instances: string[] }[]
  }
  return full.lines[0]?.instances[0] ?? ''
}

describe('a seller who speaks to another marketplace', () => {
  it('adds its address, and a buyer goes to its page with a token', async () => {
    const url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
    const seller = await p.as('seller', 'en')
    await p.go(seller.page, '/seller/addresses')
    for (const [name, label, hint] of [
      ['aws', 'AWS Marketplace', 'The page that a buyer'],
      ['azure', 'Azure SaaS fulfilment 2', 'Your webhook'],
    ] as const) {
      await seller.page.getByRole('button', { name: 'Add an address' }).click()
      const form = seller.page.getByRole('dialog')
      await form.getByLabel('Name').fill(name)
      await form.getByLabel('Protocol').click()
      await seller.page.locator('.ant-select-item-option', { hasText: label }).click()
      await form.getByText(hint).waitFor()
      await form.getByLabel('Address').fill(`${url}/${name}`)
      if (name === 'azure') await form.getByLabel('Landing page').fill(`${url}/landing?from=yunshi`.split('?')[0] ?? '')
      await form.getByLabel('Keys').click()
      await seller.page.locator('.ant-select-dropdown:visible .ant-select-item-option').first().click()
      if (name === 'azure') await p.shot(seller.page, 'address-azure-en')
      await form.getByRole('button', { name: 'OK' }).click()
      await form.waitFor({ state: 'hidden' })
      await seller.page
        .getByRole('row', { name: new RegExp(`^${name}`) })
        .getByText('asks by itself')
        .waitFor()
    }
    const buyer = await p.as('buyer', 'en')
    for (const [address, key, method, field] of [
      ['aws', 'vault-a', 'POST', 'x-amzn-marketplace-token'],
      ['azure', 'vault-b', 'GET', 'token'],
    ] as const) {
      await p.go(buyer.page, `/buyer/instances/${await bought(address, key)}`)
      const tab = buyer.page.context().waitForEvent('page')
      await buyer.page.getByRole('button', { name: "Go to the seller's page" }).click()
      await (await tab).getByRole('heading', { name: 'Welcome at the seller' }).waitFor()
      const last = came.at(-1)
      expect([last?.method, `${last?.url}${last?.body}`.includes(`${field}=`)]).toEqual([method, true])
      await buyer.page.mouse.move(0, 0)
      await p.shot(buyer.page, `set-up-${address}-en`)
      expect(await p.barriers(buyer.page)).toEqual([])
    }
    expect([...seller.errors, ...buyer.errors]).toEqual([])
  })
})

describe('a domain', () => {
  it('is added, and what is missing to prove it is said', async () => {
    const { page, errors } = await p.as('seller', 'en')
    await p.go(page, '/seller/addresses')
    const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Domains' }) })
    await panel.getByLabel('Domain').fill(`shop.localhost:${(shop.address() as AddressInfo).port}`)
    await panel.getByRole('button', { name: 'Add a domain' }).click()
    await panel.getByText('To be proved').waitFor()
    await panel.getByText('DNS record (TXT)').waitFor()
    await panel.getByRole('button', { name: 'Prove', exact: true }).click()
    await page.getByText(/the proof was not found: .*holds another text/).waitFor()
    await page.mouse.move(0, 0)
    await p.shot(page, 'domains-en')
    expect(await p.barriers(page)).toEqual([])
    expect(errors).toEqual([])
  })
})
