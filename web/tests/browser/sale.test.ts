import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Platform } from './platform'

let p: Platform
beforeAll(async () => {
  p = await Platform.start()
})
afterAll(async () => {
  await p?.stop()
})

const words = {
  zh: {
    buy: '立即购买',
    agree: '我已阅读并同意商家服务协议',
    pay: '支付并开通',
    done: '订单已完成',
    service: '查看服务',
    renew: '续费',
    show: '显示密码',
    unsubscribe: '退订',
    open: '访问应用',
    year: '1 年',
    confirm: '确 定',
  },
  en: {
    buy: 'Buy now',
    agree: "I accept the seller's service agreement",
    pay: 'Pay and open',
    done: 'Order completed',
    service: 'Open the service page',
    renew: 'Renew',
    show: 'Show password',
    unsubscribe: 'Unsubscribe',
    open: 'Open the application',
    year: '1 year',
    confirm: 'OK',
  },
}

describe.each(['zh', 'en'] as const)('a buyer in %s', (language) => {
  const w = words[language]

  it('searches, buys, sees it opened, renews, and gives the renewal back', async () => {
    const { page, errors } = await p.page(language)
    await p.logIn(page, 'buyer')
    await p.go(page, `/products?q=${encodeURIComponent('备份')}`)
    await page
      .getByRole('link', { name: language === 'zh' ? '盾存云备份 SaaS' : 'Duncun Backup SaaS' })
      .first()
      .click()
    await page.locator('.ant-radio-button-wrapper', { hasText: w.year }).click()
    await page.getByText('¥1,000.00').first().waitFor()
    await p.shot(page, `product-${language}`)
    await page.getByRole('button', { name: w.buy }).click()
    const pay = page.getByRole('button', { name: w.pay })
    await pay.waitFor()
    expect(await pay.isDisabled()).toBe(true)
    await page.getByLabel(w.agree).check()
    await p.shot(page, `checkout-${language}`)
    await pay.click()
    await page.getByText(w.done).first().waitFor()
    await page.getByRole('link', { name: w.open }).waitFor()
    await p.shot(page, `order-${language}`)
    await page.getByRole('link', { name: w.service }).click()
    await page.waitForURL(/\/buyer\/instances\//)
    await page.getByRole('button', { name: w.show }).click()
    await page.getByText(/^pw-/).first().waitFor()
    await page.getByRole('button', { name: w.renew }).click()
    await page.getByRole('dialog').getByText('¥100.00').waitFor()
    await page.getByRole('dialog').locator('.ant-btn-primary').click()
    await page.waitForURL(/\/buyer\/orders\//)
    await page.getByText(w.done).first().waitFor()
    await page.getByRole('button', { name: w.unsubscribe }).click()
    await page.getByRole('dialog').locator('.ant-btn-primary').click()
    await page
      .getByText(language === 'zh' ? /已退订/ : /Unsubscribed|Given back/)
      .first()
      .waitFor()
    await p.go(page, '/buyer/instances')
    await page.getByRole('table').waitFor()
    await p.shot(page, `instances-${language}`)
    await p.go(page, '/buyer/wallet')
    await page.getByRole('heading', { name: language === 'zh' ? '收支明细' : 'Entries', exact: true }).waitFor()
    await p.shot(page, `wallet-${language}`)
    expect(errors).toEqual([])
  })

  it('finds the pages usable on a phone', async () => {
    const { page, errors } = await p.as('buyer', language, 390)
    for (const path of [
      '/',
      '/products',
      '/products/backup',
      '/cart',
      '/buyer',
      '/buyer/orders',
      '/buyer/wallet',
      '/inbox',
      '/account',
    ]) {
      await p.go(page, path)
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(wide, `${path} is wider than the screen`).toBeLessThanOrEqual(1)
      await p.shot(page, `phone-${language}${path.replaceAll('/', '-')}`)
    }
    expect(errors).toEqual([])
  })
})

describe('a buyer of services', () => {
  const bought = async (choice: unknown) => {
    const order = await p.api('buyer', 'POST', '/api/v1/orders', { choice, pay: true })
    await p.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '0m' })
    const found = (await p.api('buyer', 'GET', `/api/v1/orders/${String(order['order_number'])}`)) as {
      instance_id?: string
      lines?: { instance_id?: string }[]
    }
    return found.instance_id ?? found.lines?.[0]?.instance_id ?? ''
  }

  it.each([0, 60, 150])('renews once when pay is clicked twice, %i ms apart', async (gap) => {
    const id = await bought({ product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' })
    const { page, errors } = await p.as('buyer', 'en')
    await p.go(page, `/buyer/instances/${id}`)
    await page.getByRole('button', { name: 'Renew', exact: true }).click()
    await page.getByRole('dialog').getByText('¥100.00').waitFor()
    const pay = page.getByRole('dialog').locator('.ant-btn-primary')
    await pay.evaluate((button: HTMLElement, ms) => {
      button.click()
      if (ms === 0) button.click()
      else setTimeout(() => button.click(), ms)
    }, gap)
    await page.waitForURL(/\/buyer\/orders\//)
    await page.waitForLoadState('networkidle')
    const { orders } = (await p.api(
      'buyer',
      'GET',
      `/api/v1/orders?as=buyer&kind=renew&instance=${id}`,
    )) as unknown as {
      orders: unknown[]
    }
    expect(orders).toHaveLength(1)
    expect(errors).toEqual([])
  })

  it('pays once when the answer is lost and the form is sent again', async () => {
    const id = await bought({ product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' })
    const { page } = await p.as('buyer', 'en')
    await p.go(page, `/buyer/instances/${id}`)
    let lost = 0
    await page.route('**/renew', async (route) => {
      lost += 1
      if (lost > 1) return route.continue()
      await route.fetch()
      return route.abort()
    })
    const send = async () => {
      await page.getByRole('button', { name: 'Renew', exact: true }).click()
      await page.getByRole('dialog').getByText('¥100.00').waitFor()
      await page.getByRole('dialog').locator('.ant-btn-primary').click()
    }
    await send()
    await page.locator('.ant-message-error').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await send()
    await page.waitForURL(/\/buyer\/orders\//)
    const { orders } = (await p.api(
      'buyer',
      'GET',
      `/api/v1/orders?as=buyer&kind=renew&instance=${id}`,
    )) as unknown as {
      orders: unknown[]
    }
    expect(orders).toHaveLength(1)
  })

  it('switches automatic renewal on and off', async () => {
    const id = await bought({ product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' })
    const { page, errors } = await p.as('buyer', 'en')
    await p.go(page, `/buyer/instances/${id}`)
    await page.getByRole('button', { name: 'Change' }).click()
    await page.getByRole('dialog').getByText('Switching it on is your consent to ¥100.00').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Switch on' }).click()
    await page.getByText('On, each time 1 month').waitFor()
    await page.getByText('Next: automatic renewal').waitFor()
    await page.getByRole('button', { name: 'Change' }).click()
    await page.getByRole('dialog').getByRole('switch').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await page.getByText('Automatic renewal off').waitFor()
    expect(errors).toEqual([])
  })

  it('buys by use, sees the prices, and releases the service', async () => {
    const { page, errors } = await p.as('buyer', 'en')
    await p.go(page, '/products/transcribe')
    await page.getByText('¥0.12 / minute').first().waitFor()
    await page.getByRole('button', { name: 'Buy now' }).click()
    await page.getByLabel(words.en.agree).check()
    await page.getByRole('button', { name: words.en.pay }).click()
    await page.getByText(words.en.done).first().waitFor()
    await page.getByRole('link', { name: words.en.service }).click()
    await page.getByText('Nothing was charged yet.').waitFor()
    await page.getByRole('button', { name: 'Release', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click()
    await page.getByText('Released').first().waitFor()
    await p.shot(page, 'released-en')
    expect(errors).toEqual([])
  })

  it('buys a package for what is billed by use, and sees what is left of it', async () => {
    const { page, errors } = await p.as('buyer', 'en')
    await p.go(page, '/products/transcribe')
    await page.getByText('Monthly package', { exact: true }).first().click()
    await page.getByText('The quota begins anew every month.').waitFor()
    await page.getByText('5,000 minutes', { exact: true }).first().click()
    await page.locator('.price', { hasText: '400.00' }).first().waitFor()
    await p.shot(page, 'package-buy-en')
    await page.getByRole('button', { name: 'Buy now' }).click()
    await page.getByLabel(words.en.agree).check()
    await page.getByRole('button', { name: words.en.pay }).click()
    await page.getByText(words.en.done).first().waitFor()
    await page.getByRole('link', { name: words.en.service }).click()
    await page.getByText('5000 of 5000 minute left').waitFor()
    await page.getByText('A package is paid in advance and not refunded.').waitFor()
    await p.shot(page, 'package-en')
    expect(errors).toEqual([])
  })
})

/** Lists the backup anew with other prices by the month. */
async function reprice(month: Record<string, string>) {
  type Listing = { specifications: { skus: { key: string; month: string }[] }[] }
  const { products } = (await p.api('seller', 'GET', '/api/v1/seller/products?key=backup')) as unknown as {
    products: { id: string }[]
  }
  const path = `/api/v1/seller/products/${products[0]?.id}`
  const shown = async () =>
    (await p.api('seller', 'GET', path)) as unknown as { revisions: { id: string; listing: Listing }[] }
  const listing = (await shown()).revisions[0]?.listing
  for (const sku of listing?.specifications[0]?.skus ?? []) sku.month = month[sku.key] ?? sku.month
  await p.api('seller', 'PUT', '/api/v1/seller/products/by-key/backup', listing)
  const application = (await shown()).revisions[0]?.id
  await p.api('seller', 'POST', `/api/v1/seller/applications/${application}/submit`, {})
  await p.api('operator', 'POST', `/api/v1/operator/applications/${application}/approve`, {})
}

it('a change that became dearer is told in one dialog, and chosen again', async () => {
  const choice = { product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' }
  await p.api('buyer', 'POST', '/api/v1/orders', { choice, pay: true })
  await p.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '0m' })
  const { instances } = (await p.api('buyer', 'GET', '/api/v1/instances?state=running')) as unknown as {
    instances: { id: string; access_type: string; sku: string }[]
  }
  const id = instances.find((i) => i.sku === 'basic/5')?.id ?? ''
  const order = await p.api('buyer', 'POST', `/api/v1/instances/${id}/change`, { sku: 'pro/5', pay: false })
  const { page, errors } = await p.as('buyer', 'en')
  await p.go(page, `/buyer/orders/${String(order['order_number'])}`)
  await page.getByText('Change · Duncun Backup SaaS').waitFor()
  await page.getByText('Until now').waitFor()
  const pay = page.getByRole('button', { name: 'Pay ¥120.00' })
  await pay.waitFor()
  await reprice({ 'pro/5': '300.00' })
  await pay.click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('It was ¥120.00 when you ordered it and is ¥200.00 now.').waitFor()
  expect(await page.locator('.ant-message-notice').count(), 'nothing says it besides').toBe(0)
  await dialog.getByRole('button', { name: 'Keep the order' }).click()
  await page.getByText('It costs ¥200.00 now; it was ¥120.00 when you ordered it').waitFor()
  await page.getByRole('button', { name: 'Pay', exact: true }).click()
  await dialog.getByRole('button', { name: 'Cancel and choose again' }).click()
  await page.waitForURL(/\/buyer\/instances\/.*choose=upgrade/)
  await page.getByRole('dialog').getByText('The same service, a bigger combination').waitFor()
  expect(errors).toEqual([])
})

describe('a visitor', () => {
  it('must log in to buy and comes back to the choice', async () => {
    const { page } = await p.page('en')
    await p.go(page, '/checkout?product=backup&spec=standard&sku=basic/5&period=1m&quantity=1')
    await page.getByRole('alert').getByRole('link', { name: 'Log in' }).click()
    await page.locator('#login').fill(p.accounts.buyer2.login)
    await page.locator('#password').fill('not-the-password')
    await page.locator('button[type=submit]').click()
    await page.getByText('Login or password is wrong.').waitFor()
    await page.locator('#password').fill(p.accounts.buyer2.password)
    await page.locator('button[type=submit]').click()
    await page.getByRole('button', { name: 'Pay and open' }).waitFor()
  })

  it('of another site sees the banner until it is dismissed, also after a new log-in', async () => {
    const { page } = await p.as('buyer2', 'en')
    await p.go(page, '/?site=intl')
    const banner = page.getByText('Your account is of site China.')
    await banner.waitFor()
    expect(await page.getByRole('link', { name: 'Visit China' }).getAttribute('href')).toBe('/?site=cn')
    await page.getByRole('button', { name: 'Do not show again' }).click()
    await banner.waitFor({ state: 'detached' })
    const again = await p.as('buyer2', 'en')
    await p.go(again.page, '/?site=intl')
    await again.page.getByRole('heading', { level: 1 }).waitFor()
    expect(await again.page.getByText('Your account is of site China.').count()).toBe(0)
  })
})
