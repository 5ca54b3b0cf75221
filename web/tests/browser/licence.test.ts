import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Platform } from './platform'

type Rows = Record<string, Record<string, string>[]>

let p: Platform
beforeAll(async () => {
  p = await Platform.start()
}, 60_000)
afterAll(() => p.stop())

/** A draft of a licence by code, without rules. */
async function draft(): Promise<string> {
  const products = (await p.api('seller', 'GET', '/api/v1/seller/products?key=backup')) as unknown as Rows
  const whole = (await p.api(
    'seller',
    'GET',
    `/api/v1/seller/products/${products['products']?.[0]?.['id']}`,
  )) as unknown as { revisions: { listing: object }[] }
  const specifications = [
    {
      key: 'standard',
      name: { zh: '标准版', en: 'Standard' },
      charging_mode: 'PERIOD',
      skus: [{ key: '-', month: '100.00' }],
    },
  ]
  const delivery = { template: { zh: '授权码激活', en: 'The code is activated' }, sla_days: 3 }
  const made = await p.api('seller', 'PUT', '/api/v1/seller/products/by-key/floating', {
    ...whole.revisions[0]?.listing,
    extension_parameters: [],
    personal_data: [],
    specifications,
    access_type: 'license_code',
    interface_address: null,
    delivery,
  })
  return made['id'] ?? ''
}

it('a seller sets rules, a buyer sees who sits where, puts one out and takes a file along', async () => {
  const product = await draft()
  const { page: seller, errors: sellers } = await p.as('seller', 'en')
  await p.go(seller, `/seller/products/${product}`)
  await seller.getByRole('button', { name: 'Set licence rules' }).click()
  await seller.getByLabel('Floating seats (per unit)').fill('1')
  await seller.getByLabel('Machines (per unit)').fill('2')
  await seller.getByLabel('Files for machines without network').click()
  await seller.getByRole('button', { name: 'Add a feature' }).click()
  await seller.getByLabel('Feature', { exact: true }).fill('a feature')
  await p.shot(seller, 'licence-rules-en')
  await seller.getByRole('button', { name: 'Submit for review' }).click()
  await seller.getByRole('alert').getByRole('button', { name: 'Feature', exact: true }).waitFor()
  await seller.getByLabel('Feature', { exact: true }).fill('scan')
  const feature = seller.locator('.removable').filter({ has: seller.getByLabel('Feature', { exact: true }) })
  await feature.getByLabel('Name (English)').fill('Scanning')
  await feature.getByLabel('Name (Chinese)').fill('查杀')
  await seller.getByRole('button', { name: 'Submit for review' }).click()
  await seller.getByText('In review').first().waitFor()
  const shown = (await p.api('seller', 'GET', `/api/v1/seller/products/${product}`)) as unknown as Rows
  await p.api('operator', 'POST', `/api/v1/operator/applications/${shown['revisions']?.[0]?.['id']}/approve`, {})
  await p.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '0m' })
  await p.api('buyer', 'POST', '/api/v1/orders', {
    choice: { product: 'floating', specification: 'standard', period: '1m', quantity: 1 },
    pay: true,
  })
  const cases = (await p.api('buyer', 'GET', '/api/v1/supervision?as=buyer&state=open')) as unknown as Rows
  await p.api('buyer', 'POST', `/api/v1/supervision/${cases['cases']?.[0]?.['id']}/actions?as=buyer`, { verb: 'claim' })
  const licences = (await p.api('buyer', 'GET', '/api/v1/licences?as=buyer')) as unknown as Rows
  const { code, instance } = licences['licences']?.[0] ?? {}
  const machine = '00-1a-2b|DISK|BOARD|CPU'
  const seat = await p.api('buyer', 'POST', '/api/v1/licence-seats/take', {
    code,
    client: 'ann@example.com',
    fingerprint: machine,
  })

  const { page, errors } = await p.as('buyer', 'en')
  await p.go(page, `/products/floating`)
  await page.getByRole('tab', { name: 'Specifications' }).click()
  await page.getByText('Floating seats: 1 · Machines: 2').waitFor()
  await p.go(page, `/buyer/instances/${instance}`)
  await page.getByText('ann@example.com').waitFor()
  await page.getByText('Scanning').waitFor()
  await p.shot(page, 'licence-rights-en')
  await page.getByRole('button', { name: 'Download' }).click()
  await page.getByText('enter the fingerprint').first().waitFor()
  await page.getByLabel('Device fingerprint').fill(machine)
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).click(),
  ])
  expect(file.suggestedFilename()).toBe(`${code}.licence`)
  const [head = '', body = ''] = readFileSync(await file.path(), 'utf8').split('.')
  expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toMatchObject({ alg: 'EdDSA', typ: 'licence+jwt' })
  expect(JSON.parse(Buffer.from(body, 'base64url').toString())).toMatchObject({ sub: code, features: { scan: true } })
  const row = page.getByRole('row').filter({ hasText: 'ann@example.com' })
  await row.getByRole('button', { name: 'Release' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('tooltip').getByRole('button', { name: 'OK' }).click()
  await page.getByText('Nobody holds a seat now.').waitFor()
  await expect(p.api('buyer', 'POST', '/api/v1/licence-seats/renew', { code, lease: seat['lease'] })).rejects.toThrow(
    'licence.seat_lost',
  )

  await p.go(seller, '/seller/licences')
  await seller.getByText('Signs', { exact: true }).waitFor()
  await seller.getByRole('button', { name: 'Make a new key' }).click()
  await seller.getByRole('tooltip').getByRole('button', { name: 'OK' }).click()
  await seller.getByText('The new key signs from now on').waitFor()
  await p.shot(seller, 'licence-keys-en')
  await p.go(seller, `/seller/licences/${code}`)
  await seller.getByText('0 / 1').waitFor()
  expect([...errors, ...sellers]).toEqual([])
}, 120_000)
