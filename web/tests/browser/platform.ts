import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium, type Browser, type Page } from 'playwright-core'

const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')

type Account = {
  login: string
  password: string
  token: string
  account_id: string
  access_key: string
  secret_key: string
}
export type Role = 'buyer_intl' | 'buyer' | 'buyer2' | 'seller' | 'seller2' | 'operator' | 'reseller'

/** A running sandbox and a Chromium that looks at it. */
export class Platform {
  readonly shots = process.env['YUNSHI_SHOTS']
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly url: string,
    readonly accounts: Record<Role, Account>,
    readonly browser: Browser,
  ) {}

  /** Business time begins now, or at a moment: some rules are those of an order's date. */
  static async start(at?: string): Promise<Platform> {
    const folder = mkdtempSync(join(process.env['YUNSHI_TEST_SCRATCH'] ?? tmpdir(), 'yunshi-browser-'))
    const binary = process.env['YUNSHI_BINARY'] ?? '../target/debug/yunshi'
    const child = spawn(
      binary,
      ['--json', 'sandbox', '--data', folder, '--listen', '127.0.0.1:0', ...(at ? ['--start', at] : [])],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    const first = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve)
      child.once('exit', () => reject(new Error('the sandbox did not come up')))
    })
    const document = JSON.parse(first) as { url: string; accounts: Record<Role, Account> }
    const browser = await chromium.launch({
      executablePath: process.env['YUNSHI_CHROMIUM'] ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
    return new Platform(child, folder, document.url, document.accounts, browser)
  }

  async stop() {
    await this.browser.close()
    const gone = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill()
    await gone
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** A request to the API as a seeded account. */
  async api(role: Role, method: string, path: string, body?: unknown) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${this.accounts[role].token}`, 'Content-Type': 'application/json' },
      body: body ? JSON.stringify(body) : undefined,
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`)
    return answer.json() as Promise<Record<string, never>>
  }

  /** Sends bytes as they are. */
  async send(role: Role, path: string, body: Uint8Array) {
    const answer = await fetch(this.url + path, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.accounts[role].token}` },
      body: body as BodyInit,
    })
    if (!answer.ok) throw new Error(`POST ${path}: ${await answer.text()}`)
    return answer.json() as Promise<Record<string, never>>
  }

  /** Calls an open API, signed with an account's access key (SDK-HMAC-SHA256). */
  async signed(role: Role, path: string, query: string, body?: string) {
    const { access_key, secret_key } = this.accounts[role]
    const date = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
    const hash = createHash('sha256')
      .update(body ?? '')
      .digest('hex')
    const canonical = [
      body === undefined ? 'GET' : 'POST',
      `${path}/`,
      query.split('&').sort().join('&'),
      `host:${new URL(this.url).host}\nx-sdk-date:${date}\n`,
      'host;x-sdk-date',
      hash,
    ].join('\n')
    const text = `SDK-HMAC-SHA256\n${date}\n${createHash('sha256').update(canonical).digest('hex')}`
    const signature = createHmac('sha256', secret_key).update(text).digest('hex')
    return fetch(`${this.url}${path}${query && '?'}${query}`, {
      method: body === undefined ? 'GET' : 'POST',
      body,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        'X-Sdk-Date': date,
        Authorization: `SDK-HMAC-SHA256 Access=${access_key}, SignedHeaders=host;x-sdk-date, Signature=${signature}`,
      },
    })
  }

  /** A page in a fresh browser profile; errors of its scripts are kept. Calm unless said otherwise: a click lands where
   * a thing is, not where it was on its way. */
  async page(language: 'zh' | 'en', width = 1280, calm = true): Promise<{ page: Page; errors: string[] }> {
    const context = await this.browser.newContext({
      viewport: { width, height: 900 },
      locale: language === 'zh' ? 'zh-CN' : 'en-US',
      reducedMotion: calm ? 'reduce' : 'no-preference',
    })
    await context.addInitScript((l) => localStorage.setItem('language', l), language)
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', (e) => errors.push(e.message))
    return { page, errors }
  }

  /** A page of somebody who is logged in, by the request that the form sends; nothing is loaded yet. */
  async as(role: Role, language: 'zh' | 'en', width = 1280, calm = true) {
    const { page, errors } = await this.page(language, width, calm)
    const { login, password } = this.accounts[role]
    const answer = await page.context().request.post(`${this.url}/api/v1/session`, { data: { login, password } })
    if (!answer.ok()) throw new Error(`${role} is not let in: ${await answer.text()}`)
    return { page, errors }
  }

  /** Logs in by the form, as a person does. */
  async logIn(page: Page, role: Role) {
    await page.goto(`${this.url}/log-in`)
    await page.locator('#login').fill(this.accounts[role].login)
    await page.locator('#password').fill(this.accounts[role].password)
    await page.locator('button[type=submit]').click()
    await page.waitForURL((u) => !u.pathname.includes('log-in'))
  }

  /** Keeps a picture when YUNSHI_SHOTS names a folder. */
  async shot(page: Page, name: string) {
    if (!this.shots) return
    mkdirSync(this.shots, { recursive: true })
    await page.screenshot({ path: join(this.shots, `${name}.png`), fullPage: true })
  }

  /** What keeps people with a keyboard, a screen reader or weak eyes out of a page. */
  async barriers(page: Page): Promise<string[]> {
    await page.evaluate(axe) // not as a script of the page, which its security policy forbids
    const found = await page.evaluate(async () => {
      // Not in the middle of a movement, when colours are half there.
      await Promise.all(
        document
          .getAnimations()
          .filter((a) => a.effect?.getComputedTiming().iterations !== Infinity)
          .map((a) => a.finished.catch(() => {})),
      )
      const run = (
        window as unknown as {
          axe: {
            run: (
              of: Document,
              how: object,
            ) => Promise<{
              violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
            }>
          }
        }
      ).axe
      return (await run.run(document, { resultTypes: ['violations'] })).violations
    })
    return found
      .filter((v) => ['serious', 'critical'].includes(v.impact))
      .map(
        (v) =>
          `${v.id}: ${v.nodes
            .map((n) => n.html.slice(0, 200))
            .slice(0, 3)
            .join(' | ')}`,
      )
  }

  go = (page: Page, path: string) => page.goto(this.url + path)

  /** Goes on within the console, without loading it again; returns when the next page has its heading. */
  async within(page: Page, path: string) {
    await page.evaluate((to) => {
      for (const heading of document.querySelectorAll('h1')) heading.dataset['left'] = ''
      window.history.pushState({}, '', to)
    }, path)
    await page.locator('h1:not([data-left])').first().waitFor()
  }
}
