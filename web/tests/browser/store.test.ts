import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Platform } from './platform'

let p: Platform
beforeAll(async () => {
  p = await Platform.start()
})
afterAll(async () => {
  await p?.stop()
})

/** A PNG of some size: what a seller uploads. */
async function png(width: number, height: number): Promise<Buffer> {
  const { page } = await p.page('en')
  const text = await page.evaluate(
    ([w, h]) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: w, height: h })
      canvas.getContext('2d')?.fillRect(0, 0, 10, 10)
      return canvas.toDataURL('image/png').split(',')[1] ?? ''
    },
    [width, height] as const,
  )
  await page.context().close()
  return Buffer.from(text, 'base64')
}

describe('the home page', () => {
  it('leads from a curated floor to the product, its pictures, facts and the shop', async () => {
    await p.api('buyer', 'POST', '/api/v1/orders', {
      choice: { product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' },
      pay: true,
    })
    const { page, errors } = await p.page('en')
    await p.go(page, '/')
    const floor = page.locator('section', { has: page.getByRole('heading', { name: 'Data and security' }) })
    await floor.getByRole('link', { name: 'Duncun Backup SaaS' }).click()
    await page.getByRole('button', { name: 'Picture 2 of 2: Duncun Backup SaaS' }).click()
    await expect
      .poll(() =>
        page
          .locator('.gallery img.large, .gallery .large img')
          .first()
          .evaluate((i) => (i as HTMLImageElement).naturalWidth),
      )
      .toBe(800)
    await page.getByText('From the newest 1 purchases').waitFor()
    await page.getByRole('tab', { name: 'Specifications' }).click()
    await page.getByRole('columnheader', { name: 'Standard' }).first().waitFor()
    await p.shot(page, 'product-compared-en')
    await page
      .getByRole('link', { name: /Duncun Technology/ })
      .first()
      .click()
    await page.getByRole('heading', { name: 'Products of this seller' }).waitFor()
    await page.getByRole('link', { name: 'Security Check SaaS' }).waitFor()
    expect(await page.getByRole('link', { name: 'Helpdesk SaaS' }).count()).toBe(0)
    await p.shot(page, 'shop-en')
    expect(errors).toEqual([])
  })

  it('shows the floors that the operator makes, and names a field that is wrong', async () => {
    const operator = await p.as('operator', 'en')
    await p.go(operator.page, '/operator/storefront')
    await operator.page.getByRole('button', { name: 'Add a floor' }).click()
    const floor = operator.page.getByRole('region', { name: 'Floor 3' })
    await floor.getByLabel('Name (Chinese)').fill('本周推荐')
    await operator.page.getByRole('button', { name: 'Save floors' }).click()
    await operator.page.getByText(/Fields that need a change/).waitFor()
    await floor.getByLabel('Name (English)').fill('This week')
    await floor.getByRole('combobox').fill('helpdesk')
    await operator.page.locator('.ant-select-item-option', { hasText: 'Helpdesk SaaS' }).click()
    await operator.page.keyboard.press('Escape')
    await operator.page.getByRole('button', { name: 'Save floors' }).click()
    await operator.page.getByText('Saved; the home page shows it now').waitFor()
    await p.shot(operator.page, 'floors-en')
    const { page } = await p.page('zh')
    await p.go(page, '/')
    await page.getByRole('heading', { name: '本周推荐' }).waitFor()
    await p.shot(page, 'home-zh')
    expect(operator.errors).toEqual([])
  })

  it('of the international site sells in its own currency', async () => {
    const { page } = await p.as('buyer_intl', 'en')
    await p.go(page, '/?site=intl')
    await page.getByRole('link', { name: 'Archive Easy SaaS' }).first().click()
    await page.getByText('$12.00').first().waitFor()
  })
})

describe('the cart', () => {
  it('gathers choices of several sellers and buys them with one click', async () => {
    const { page, errors } = await p.as('buyer', 'en')
    for (const product of ['backup', 'helpdesk']) {
      await p.go(page, `/products/${product}`)
      await page.getByRole('button', { name: 'Add to cart' }).click()
      await page.getByText('It is in your cart').first().waitFor()
    }
    await page.getByRole('link', { name: /^Cart/ }).click()
    await page.getByRole('region', { name: /Northbank/ }).waitFor()
    await page
      .getByRole('region', { name: /Duncun/ })
      .getByRole('spinbutton')
      .fill('2')
    await page.keyboard.press('Enter')
    await page.getByText('¥200.00').first().waitFor()
    await p.shot(page, 'cart-en')
    const pay = page.getByRole('button', { name: 'Pay and open' })
    expect(await pay.isDisabled()).toBe(true)
    await page.getByLabel("I accept the sellers' service agreements").check()
    await pay.click()
    await page.waitForURL(/\/buyer\/opening/)
    await page.getByText('2 of 2 are done.').waitFor()
    await p.shot(page, 'opening-en')
    await p.go(page, '/cart')
    await page.getByText('Your cart is empty').waitFor()
    expect(errors).toEqual([])
  })
})

describe('the editor', () => {
  it('takes a picture of the right size, says what is wrong with another, and shows the page to come', async () => {
    const { page, errors } = await p.as('seller', 'en')
    await p.go(page, '/seller/products')
    await page.getByRole('link', { name: 'Security Check SaaS' }).click()
    const files = page.locator('#pictures')
    await files.setInputFiles({ name: 'small.png', mimeType: 'image/png', buffer: await png(600, 600) })
    await page.getByText('600 × 600 pixels; it must be 800 × 600').first().waitFor()
    await files.setInputFiles({ name: 'right.png', mimeType: 'image/png', buffer: await png(800, 600) })
    await page.getByRole('img', { name: 'Picture 3' }).waitFor()
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByText('This is how the page will look to buyers.').waitFor()
    await page.getByRole('button', { name: /Picture 3 of 3/ }).waitFor()
    await p.shot(page, 'preview-en')
    expect(errors).toEqual([])
  })
})

describe('a list', () => {
  it('runs the other way when its column is clicked, and is saved as CSV', async () => {
    for (let n = 0; n < 2; n++)
      await p.api('buyer', 'POST', '/api/v1/orders', {
        choice: { product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' },
      })
    const { page } = await p.as('buyer', 'en')
    await p.go(page, '/buyer/orders')
    const numbers = () =>
      page.locator('tbody tr[data-row-key]').evaluateAll((rows) => rows.map((r) => r.getAttribute('data-row-key')))
    await page.locator('tbody tr[data-row-key]').first().waitFor()
    const newest = await numbers()
    await page.getByRole('columnheader', { name: 'Created' }).click()
    await page.waitForURL(/direction=asc/)
    await expect.poll(numbers).toEqual([...newest].reverse())
    const fetched = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV' }).click()
    const file = await fetched
    expect(file.suggestedFilename()).toBe('orders-buyer.csv')
    const stream = await file.createReadStream()
    let text = ''
    for await (const part of stream) text += String(part)
    expect(text.trim().split('\r\n').length).toBe(newest.length + 1)
    expect(text).toContain(newest[0])
  })
})
