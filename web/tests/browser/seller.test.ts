import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Platform } from './platform'

let p: Platform
beforeAll(async () => {
  p = await Platform.start()
})
afterAll(async () => {
  await p?.stop()
})

describe('a seller', () => {
  it('debugs an address, sees why a signature differs, and saves passing cases', async () => {
    const { page, errors } = await p.as('seller', 'en')
    await p.go(page, '/seller/debugger')
    await page.getByRole('button', { name: 'Run all' }).click()
    await page.getByText('Passed: code, mandatory fields and lengths are right.').waitFor()
    expect(await page.locator('.scenario').count()).toBe(16)
    await p.shot(page, 'debugger-pass-en')
    await p.api('operator', 'POST', '/api/v1/sandbox/faults', { product: '*', fault: 'wrong_signature' })
    await page.getByRole('button', { name: 'Run all' }).click()
    await page.getByText('Your server computed another signature').waitFor()
    await page.getByText('timestamp in seconds:').waitFor()
    await p.shot(page, 'debugger-fail-en')
    await p.api('operator', 'POST', '/api/v1/sandbox/faults', { product: '*', fault: 'none' })
    // The request is changed by hand and signed anew.
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await page.getByRole('textbox', { name: 'Edit' }).fill('{"activity":"dance"}')
    await page.getByRole('button', { name: 'Sign and send' }).click()
    await page.getByText('Your server refused a parameter').waitFor()
    await p.shot(page, 'debugger-edit-en')
    expect(errors).toEqual([])
  })

  it('requests a test code, probes a product, and follows the calls live', async () => {
    const { page, errors } = await p.as('seller', 'en')
    await p.go(page, '/seller/licences')
    await page.getByRole('button', { name: 'Request a test code' }).click()
    await page.getByText('Not yet').first().waitFor()
    await p.go(page, '/seller/health')
    await page.getByRole('button', { name: 'Probe now' }).first().click()
    await page.getByText('Passed').first().waitFor()
    await p.go(page, '/seller/calls')
    await page.getByRole('switch').click()
    await page.getByText('Connected').waitFor()
    await p.api('buyer', 'POST', '/api/v1/orders', { choice: { product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' }, pay: true })
    await page.getByRole('log').getByText('Query').waitFor()
    await p.shot(page, 'calls-live-en')
    expect(errors).toEqual([])
  })

  it('plays recorded traffic against an address and sees what it answers otherwise', async () => {
    const { page, errors } = await p.as('seller', 'en')
    await p.api('buyer', 'POST', '/api/v1/orders', { choice: { product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' }, pay: true })
    await p.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '0m' })
    const { addresses } = (await p.api('seller', 'GET', '/api/v1/seller/addresses')) as unknown as { addresses: { id: string; name: string }[] }
    await p.go(page, `/seller/debugger?address=${addresses.find((a) => a.name === 'backup')?.id}`)
    await page.getByRole('button', { name: 'Take from the messages' }).click()
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    await page.getByText(', 0 different, 0 skipped').waitFor()
    await p.api('operator', 'POST', '/api/v1/sandbox/faults', { product: 'backup', fault: 'code_000005' })
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    await page.getByText('/resultCode').first().waitFor()
    await p.shot(page, 'replay-en')
    await p.api('operator', 'POST', '/api/v1/sandbox/faults', { product: 'backup', fault: 'none' })
    expect(errors).toEqual([])
  })

  it('edits a product, is sent back with a mark, mends it, and the operator approves', async () => {
    const seller = await p.as('seller', 'zh')
    await p.go(seller.page, '/seller/products')
    await seller.page.getByRole('link', { name: '盾存云备份 SaaS' }).click()
    await seller.page.locator('#support_hotline').fill('')
    await p.shot(seller.page, 'editor-zh')
    await seller.page.getByRole('button', { name: '提交审核' }).click()
    await seller.page.getByText('有 1 处需要修改').waitFor()
    await seller.page.locator('#support_hotline').fill('400-111-2222')
    await seller.page.getByRole('button', { name: '提交审核' }).click()
    await seller.page.getByText('待审核').first().waitFor()

    const operator = await p.as('operator', 'zh')
    await p.go(operator.page, '/operator/reviews?state=in_review')
    await operator.page.getByRole('link', { name: '盾存云备份 SaaS' }).click()
    const row = operator.page.getByRole('row', { name: /\/support\/hotline/ })
    await row.getByRole('button', { name: /标\s?注/ }).click()
    await row.getByRole('textbox').fill('无人接听')
    await operator.page.locator('#reason').fill('请核实热线')
    await p.shot(operator.page, 'review-zh')
    await operator.page.getByRole('button', { name: /驳\s?回/ }).click()
    await operator.page.getByText('已驳回').first().waitFor()

    await seller.page.reload()
    await seller.page.getByText('请核实热线').waitFor()
    await seller.page.getByText('无人接听').first().waitFor()
    await p.shot(seller.page, 'editor-marked-zh')
    await seller.page.locator('#support_hotline').fill('400-333-4444')
    await seller.page.getByRole('button', { name: '提交审核' }).click()
    await seller.page.getByText('待审核').first().waitFor()
    await p.go(operator.page, '/operator/reviews?state=in_review')
    await operator.page.getByRole('link', { name: '盾存云备份 SaaS' }).click()
    await operator.page.getByRole('button', { name: /通\s?过/ }).click()
    await operator.page.locator('.ant-popconfirm .ant-btn-primary').click()
    await operator.page.getByText('已通过').first().waitFor()
    expect([...seller.errors, ...operator.errors]).toEqual([])
  })

  it('restarts a failed call, exports orders, and reads the bill', async () => {
    await p.api('operator', 'POST', '/api/v1/sandbox/faults', { product: 'backup', fault: 'http_500' })
    const choice = { product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' }
    const order = await p.api('buyer', 'POST', '/api/v1/orders', { choice, pay: true })
    await p.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '0m' })
    await p.api('operator', 'POST', '/api/v1/sandbox/faults', { product: 'backup', fault: 'none' })
    const { page, errors } = await p.as('seller', 'zh')
    await p.go(page, `/seller/calls?order=${String(order['order_number'])}`)
    await page.getByText(/HTTP 500/).first().waitFor()
    await p.shot(page, 'calls-zh')
    await page.getByRole('button', { name: '重新启动' }).click()
    await p.go(page, `/seller/orders/${String(order['order_number'])}`)
    await page.getByText('订单已完成').first().waitFor()
    await p.go(page, '/seller/orders')
    await page.getByRole('button', { name: /导\s?出$/ }).click()
    const fetched = page.waitForEvent('download')
    await page.getByRole('link', { name: '下载' }).first().click()
    expect((await fetched).suggestedFilename()).toBe('orders.xlsx')
    await p.shot(page, 'orders-zh')
    await p.go(page, '/seller/bills')
    await page.getByText('¥95.00').first().waitFor()
    await p.shot(page, 'bills-zh')
    expect(errors).toEqual([])
  })
})

describe('the operator', () => {
  it('confirms a transfer, freezes an instance with a reason, and verifies the books', async () => {
    await p.api('buyer', 'POST', '/api/v1/wallet/transfers', { amount: { amount: '50.00', currency: 'CNY' }, reference: 'B-77' })
    const { page, errors } = await p.as('operator', 'en')
    // Who is slow to hear who he is can act all the same.
    let late = () => {}
    const heard = new Promise<void>((resolve) => { late = resolve })
    let asked = 0
    await page.route('**/api/v1/me', async (route) => {
      asked += 1
      if (asked === 1) await heard
      await route.continue()
    })
    await p.go(page, '/operator/transfers?state=pending')
    await page.getByRole('row', { name: /B-77/ }).getByRole('button', { name: 'Confirm' }).click()
    await page.locator('.ant-popconfirm .ant-btn-primary').click()
    await page.getByText('No transfers.').or(page.getByText('Nothing matches these filters')).waitFor()
    late()
    await page.unrouteAll({ behavior: 'wait' })
    await p.go(page, '/operator/instances?state=running')
    await page.getByRole('button', { name: 'Freeze' }).first().click()
    await page.getByRole('dialog').getByRole('textbox').fill('abuse')
    await page.getByRole('dialog').locator('.ant-btn-primary').click()
    await p.go(page, '/operator/instances?state=frozen')
    await page.getByText('abuse').first().waitFor()
    await p.go(page, '/operator/verify')
    await page.getByText('Everything agrees.').waitFor()
    await p.shot(page, 'verify-en')
    for (const path of ['/operator', '/operator/sellers', '/operator/orders', '/operator/calls', '/seller/profile']) {
      await p.go(page, path)
      await page.getByRole('heading', { level: 1 }).first().waitFor()
    }
    expect(errors).toEqual([])
  })
})
