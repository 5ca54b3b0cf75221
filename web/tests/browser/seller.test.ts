import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
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
    // A click that comes at once is taken for the second of two.
    await vi.waitFor(async () => {
      await page.getByRole('button', { name: 'Run all' }).click()
      await page.getByText('Your server computed another signature').waitFor({ timeout: 5000 })
    }, 30_000)
    await page.getByText('timestamp in seconds:').waitFor()
    await p.shot(page, 'debugger-fail-en')
    await p.api('operator', 'POST', '/api/v1/sandbox/faults', { product: '*', fault: 'none' })
    // What the seller's program has at a step is compared byte by byte.
    await page.getByRole('button', { name: 'Compare with mine' }).first().click()
    const hash = ((await page.getByText('hex HMAC-SHA256(key, body) =').innerText()).split('= ')[1] ?? '').trim()
    await page.getByLabel('Paste what your program has').fill(hash.toUpperCase())
    await page.getByText('Upper and lower case differ').waitFor()
    await page.getByLabel('Paste what your program has').fill(hash)
    await page.getByText('The same, byte for byte.').waitFor()
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
    await p.api('buyer', 'POST', '/api/v1/orders', {
      choice: { product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' },
      pay: true,
    })
    await page.getByRole('log').getByText('Query').waitFor()
    await p.shot(page, 'calls-live-en')
    expect(errors).toEqual([])
  })

  it('chooses when the interface of supervised software is called, and leaves that behind with another way of delivery', async () => {
    type Shown = { revisions: { listing: { delivery: Record<string, unknown> | null } & Record<string, unknown> }[] }
    const found = (await p.api('seller', 'GET', '/api/v1/seller/products?key=backup')) as unknown as {
      products: { id: string }[]
    }
    const whole = (await p.api('seller', 'GET', `/api/v1/seller/products/${found.products[0]?.id}`)) as unknown as Shown
    const delivery = {
      template: { zh: '按约定验收', en: 'As agreed' },
      request: { zh: '请说明需求', en: 'Tell us' },
      sla_days: 7,
    }
    const name = { zh: '云桌面', en: 'Cloud desk' }
    const desk = { ...whole.revisions[0]?.listing, name, supervised: true, delivery }
    const made = await p.api('seller', 'PUT', '/api/v1/seller/products/by-key/desk', desk)
    const kept = async () =>
      ((await p.api('seller', 'GET', `/api/v1/seller/products/${made['id']}`)) as unknown as Shown).revisions[0]
        ?.listing.delivery
    for (const [language, width] of [
      ['zh', 1280],
      ['zh', 390],
      ['en', 390],
    ] as const) {
      const { page } = await p.as('seller', language, width)
      await p.go(page, `/seller/products/${made['id']}`)
      await page
        .getByRole('switch', { name: language === 'zh' ? '验收后再调用接口' : 'Call the interface after acceptance' })
        .scrollIntoViewIfNeeded()
      await p.shot(page, `delivery-${language}-${width}`)
      await page.context().close()
    }
    const { page, errors } = await p.as('seller', 'en')
    await p.go(page, `/seller/products/${made['id']}`)
    await page.getByRole('switch', { name: 'Call the interface after acceptance' }).click()
    await p.shot(page, 'delivery-en-1280')
    await page.getByRole('button', { name: 'Save draft' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    expect((await kept())?.['call_after_acceptance']).toBe(true)
    await page.getByLabel('Way of delivery').click()
    await page.getByTitle('Human service').click()
    await page.getByText('Saved', { exact: true }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Save draft' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    expect((await kept())?.['call_after_acceptance']).toBeUndefined()
    expect((await kept())?.['sla_days']).toBe(7)
    expect(errors).toEqual([])
  })

  it('plays recorded traffic against an address and sees what it answers otherwise', async () => {
    const { page, errors } = await p.as('seller', 'en')
    await p.api('buyer', 'POST', '/api/v1/orders', {
      choice: { product: 'backup', specification: 'standard', sku: 'basic/5', period: '1m' },
      pay: true,
    })
    await p.api('operator', 'POST', '/api/v1/sandbox/clock/advance', { by: '0m' })
    const { addresses } = (await p.api('seller', 'GET', '/api/v1/seller/addresses')) as unknown as {
      addresses: { id: string; name: string }[]
    }
    await p.go(page, `/seller/debugger?address=${addresses.find((a) => a.name === 'backup')?.id}`)
    await page.getByRole('button', { name: 'Take from the messages' }).click()
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    await page.getByText(', 0 different, 0 skipped').waitFor()
    await p.api('operator', 'POST', '/api/v1/sandbox/faults', { product: 'backup', fault: 'code_000005' })
    // A click that comes at once is taken for the second of two.
    await vi.waitFor(async () => {
      await page.getByRole('button', { name: 'Play', exact: true }).click()
      await page.getByText('/resultCode').first().waitFor({ timeout: 500 })
    }, 10_000)
    await p.shot(page, 'replay-en')
    await p.api('operator', 'POST', '/api/v1/sandbox/faults', { product: 'backup', fault: 'none' })
    expect(errors).toEqual([])
  })

  it('sees that its system reported use for what was debugged, or what is still to be sent', async () => {
    const { page, errors } = await p.as('seller', 'en')
    const { addresses } = (await p.api('seller', 'GET', '/api/v1/seller/addresses')) as unknown as {
      addresses: { id: string; name: string }[]
    }
    await p.go(page, `/seller/debugger?address=${addresses.find((a) => a.name === 'backup')?.id}`)
    await page.getByText('Waiting for your system to report').waitFor()
    expect(await page.getByLabel('Usage push').innerText()).toContain('"usage_value": "1"')
    await p.shot(page, 'usage-case-en')
    await p.go(page, `/seller/debugger?address=${addresses.find((a) => a.name === 'transcribe')?.id}`)
    await page.getByText('The use was reported').waitFor()
    expect(errors).toEqual([])
  })

  it('plays scenes in the sandbox, sets a fault and mends it, and moves the clock', async () => {
    const { page, errors } = await p.as('seller', 'zh')
    await p.go(page, '/seller/sandbox')
    await page.getByRole('button', { name: '购买' }).click()
    await page.getByRole('link', { name: /^CS/ }).waitFor()
    await page.getByRole('button', { name: '续费', exact: true }).click()
    await page.getByRole('cell', { name: '续费', exact: true }).waitFor()
    await page.getByRole('button', { name: '解冻' }).click()
    await page.getByText('沙箱买家没有处于所需状态的服务').waitFor()
    await page.getByRole('button', { name: /^设\s?置$/ }).click()
    await page.getByRole('cell', { name: '超时' }).waitFor()
    await p.shot(page, 'sandbox-zh')
    await page.getByRole('button', { name: /^恢\s?复$/ }).click()
    await page.getByText('没有故障').waitFor()
    await page.getByRole('button', { name: '+24h' }).click()
    await page.getByText(/处理了 \d+ 个任务/).waitFor()
    await page.getByRole('link', { name: '查看调用' }).first().click()
    await page.getByRole('link', { name: '续费' }).first().waitFor()
    expect(errors).toEqual([])
  })

  it('keeps an asset, sends an installer, is refused a second of the version, and links it', async () => {
    const { page, errors } = await p.as('seller', 'zh')
    await p.go(page, '/seller/assets')
    await page.getByRole('button', { name: '新建资产' }).click()
    await page.getByRole('textbox', { name: '名称' }).last().fill('备份客户端')
    await page.getByRole('dialog').locator('.ant-btn-primary').click()
    await page.getByRole('heading', { level: 1, name: '备份客户端' }).waitFor()
    const send = async (name: string) => {
      await page.locator('#package-version').fill('1.0.0')
      await page
        .locator('input[type=file]')
        .setInputFiles({ name, mimeType: 'application/gzip', buffer: Buffer.alloc(3_000_000, 7) })
      await page.getByRole('button', { name: '上传' }).click()
    }
    await send('客户端.tar.gz')
    await page.getByText('文件名仅含字母').waitFor()
    await send('agent.tar.gz')
    await page.getByText('版本已添加').waitFor()
    await page.getByRole('cell', { name: '2.9 MB' }).waitFor()
    await send('agent.tar.gz')
    await page.getByText('该版本已存在').waitFor()
    await page.locator('#link_product').click()
    await page.getByTitle('盾存云备份 SaaS').click()
    await page.locator('#link_specification').click()
    await page.getByTitle('(standard)').click()
    await page.getByRole('button', { name: /^关\s?联$/ }).click()
    await page.getByRole('cell', { name: 'standard', exact: true }).waitFor()
    expect(await page.getByRole('button', { name: /^删\s?除$/ }).isDisabled()).toBe(true)
    await p.shot(page, 'asset-zh')
    await p.go(page, '/seller/assets')
    await page.getByRole('cell', { name: '软件包' }).waitFor()
    await p.shot(page, 'assets-zh')
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
    await operator.page.getByRole('dialog').getByText('请核实热线').waitFor()
    await operator.page.getByRole('dialog').locator('.ant-btn-primary').click()
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
    await operator.page.getByRole('dialog').getByText('盾存云备份 SaaS').waitFor()
    await p.shot(operator.page, 'approve-zh')
    await operator.page.getByRole('dialog').locator('.ant-btn-primary').click()
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
    await page
      .getByText(/HTTP 500/)
      .first()
      .waitFor()
    await p.shot(page, 'calls-zh')
    const restarted = page.waitForResponse((r) => r.url().endsWith('/restart') && r.ok())
    await page.getByRole('button', { name: '重新启动' }).click()
    await restarted
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
  it('freezes trading of a product under interface health, with a reason, and lets it go on', async () => {
    const { page, errors } = await p.as('operator', 'en')
    const { id } = await p.api('buyer', 'GET', '/api/v1/products/archive')
    const order = { choice: { product: 'archive', specification: 'standard', sku: 'starter', period: '1m' } }
    const decided = async (button: string, ending: string) => {
      await p.go(page, '/operator/health')
      await page.locator(`tr[data-row-key="${id}"]`).getByRole('button', { name: button }).click()
      const dialog = page.getByRole('dialog')
      const about = await dialog.innerText()
      for (const part of ['Archive Easy SaaS', 'China']) expect(about).toContain(part)
      expect(await dialog.locator('.ant-btn-primary').isDisabled()).toBe(true)
      await dialog.getByRole('textbox').fill('the interface fails')
      const answer = page.waitForResponse((r) => r.url().endsWith(ending) && r.ok())
      await dialog.locator('.ant-btn-primary').click()
      await answer
    }
    await decided('Freeze trading', '/freeze')
    await page.getByRole('button', { name: 'Let trading go on' }).waitFor()
    await p.shot(page, 'health-frozen-en')
    await expect(p.api('buyer', 'POST', '/api/v1/orders', order)).rejects.toThrow(/frozen/)
    await decided('Let trading go on', '/unfreeze')
    await p.api('buyer', 'POST', '/api/v1/orders', order)
    expect(errors).toEqual([])
  })

  it('is told when a colleague decided meanwhile, and sees what is there now', async () => {
    const { page } = await p.as('operator', 'en')
    await p.go(page, '/operator/instances?state=running')
    const row = page.locator('tr', { has: page.getByRole('button', { name: 'Freeze' }) }).first()
    const id = (await row.getAttribute('data-row-key')) ?? ''
    await row.getByRole('button', { name: 'Freeze' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(id).waitFor()
    await dialog.getByRole('textbox').fill('abuse')
    await p.api('operator', 'POST', `/api/v1/operator/instances/${id}/freeze`, { reason: 'a colleague' })
    await dialog.locator('.ant-btn-primary').click()
    await page.getByText(/was changed meanwhile/).waitFor()
    await dialog.waitFor({ state: 'detached' })
    await p.api('operator', 'POST', `/api/v1/operator/instances/${id}/unfreeze`)
  })

  it('confirms a transfer, freezes an instance with a reason, and verifies the books', async () => {
    await p.api('buyer', 'POST', '/api/v1/wallet/transfers', {
      amount: { amount: '50.00', currency: 'CNY' },
      reference: 'B-77',
    })
    const { page, errors } = await p.as('operator', 'en')
    // Who is slow to hear who he is can act all the same.
    let late = () => {}
    const heard = new Promise<void>((resolve) => {
      late = resolve
    })
    let asked = 0
    await page.route('**/api/v1/me', async (route) => {
      asked += 1
      if (asked === 1) await heard
      await route.continue()
    })
    await p.go(page, '/operator/transfers?state=pending')
    await page.getByRole('row', { name: /B-77/ }).getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('dialog').getByText('¥50.00').waitFor()
    await p.shot(page, 'transfer-en')
    await page.getByRole('dialog').locator('.ant-btn-primary').click()
    await page.getByText('No transfers.').or(page.getByText('Nothing matches these filters')).waitFor()
    late()
    await page.unrouteAll({ behavior: 'wait' })
    await p.go(page, '/operator/instances?state=running')
    await page.getByRole('button', { name: 'Freeze' }).first().click()
    await page.getByRole('dialog').getByRole('textbox').fill('abuse')
    const frozen = page.waitForResponse((r) => r.url().endsWith('/freeze') && r.ok())
    await page.getByRole('dialog').locator('.ant-btn-primary').click()
    // Whoever goes on at once takes the request back.
    await frozen
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
