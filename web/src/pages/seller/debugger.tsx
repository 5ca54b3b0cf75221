import { useQuery } from '@tanstack/react-query'
import { Alert, App, Button, Empty, Input, Select, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { useAddress } from '../../kit/address'
import { difference } from '../../kit/difference'
import { Await, Page } from '../../kit/page'
import { Replay } from './replay'
import { UsageCase } from './usage-case'

type Case = Schemas['DebugCase']

const marks: Record<string, { sign: string; colour: string }> = {
  pass: { sign: '✓', colour: 'var(--ok)' },
  fail: { sign: '!', colour: 'var(--bad)' },
  skip: { sign: '–', colour: 'var(--ink-3)' },
}

/** JSON with line breaks; other text as it is. */
const pretty = (text?: string | null) => {
  if (!text) return ''
  try {
    return JSON.stringify(JSON.parse(text), null, 1)
  } catch {
    return text
  }
}

/** How each step of a signature came about, around its value. */
const formula: Record<string, (value: string) => string> = {
  body_hash: (value) => `hex HMAC-SHA256(key, body) = ${value}`,
  text: (value) => `key + ${value}`,
  result: (value) => `HEX HMAC-SHA256(key, text) = ${value}`,
  key: (value) => `access key + ${value}`,
  token: (value) => `base64 HMAC-SHA256(key, parameters) = ${value}`,
}

const headOf = (c: Case) =>
  c.method === 'GET'
    ? `GET ${c.url}\nAccept: application/json`
    : `POST ${c.url}\nAccept: application/json\nContent-Type: application/json;charset=utf8`

const curlOf = (c: Case) => {
  if (c.method === 'GET') return `curl '${c.url}' -H 'Accept: application/json'`
  const headers = `-H 'Accept: application/json' -H 'Content-Type: application/json;charset=utf8'`
  return `curl -X POST '${c.url}' ${headers} --data-raw '${(c.request ?? '').replaceAll("'", "'\\''")}'`
}

function Verdict({ of }: { of: Case }) {
  const { t } = useTranslation()
  if (of.result === 'pass') return <Alert type="success" showIcon title={t('debugger.passed')} />
  return (
    <Alert
      type={of.result === 'fail' ? 'error' : 'warning'}
      showIcon
      title={t(`reason.${of.reason?.code}`, { defaultValue: of.reason?.code ?? '' })}
      description={
        <>
          <div>{of.reason?.text}</div>
          {of.mistakes.length > 0 && (
            <>
              <div style={{ marginTop: 8 }}>{t('debugger.mistakes')}</div>
              {of.mistakes.map((m) => (
                <div key={m.name}>
                  {t(`mistake.${m.name}`)}{' '}
                  <span className="mono" style={{ wordBreak: 'break-all' }}>
                    {m.signature}
                  </span>
                </div>
              ))}
            </>
          )}
        </>
      }
    />
  )
}

/** A step of the signature, and what the seller's program has there: the first byte that differs, and why it may. */
function Compare({ ours }: { ours: string }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [theirs, setTheirs] = useState('')
  const found = theirs === '' ? undefined : difference(ours, theirs)
  const shown = (letter: string) =>
    letter === ''
      ? t('debugger.end')
      : letter.trim() === '' || letter === '\u0000'
        ? `U+${letter.codePointAt(0)?.toString(16).padStart(4, '0')}`
        : letter
  if (!open)
    return (
      <Button size="small" onClick={() => setOpen(true)}>
        {t('debugger.compare')}
      </Button>
    )
  return (
    <div style={{ marginTop: 8 }}>
      <Input.TextArea
        className="mono"
        autoSize={{ minRows: 1, maxRows: 8 }}
        aria-label={t('debugger.yours')}
        placeholder={t('debugger.yours')}
        value={theirs}
        maxLength={40000}
        onChange={(e) => setTheirs(e.target.value)}
      />
      <div role="status" style={{ marginTop: 8 }}>
        {found === null && <Alert type="success" showIcon title={t('debugger.same')} />}
        {found && (
          <Alert
            type="error"
            showIcon
            title={t('debugger.differs_at', { byte: found.byte })}
            description={
              <>
                <div>
                  <span className="mono">…{found.before}</span>
                  {t('debugger.ours')} <b className="mono">{shown(found.ours)}</b>, {t('debugger.theirs')}{' '}
                  <b className="mono">{shown(found.theirs)}</b>
                </div>
                {found.rule && <div>{t(`rule.${found.rule}`)}</div>}
              </>
            }
          />
        )}
      </div>
    </div>
  )
}

/** Changes the request of a case and sends it, signed anew. */
function Editing({
  of,
  address,
  sent,
  close,
}: {
  of: Case
  address: string
  sent: (c: Case) => void
  close: () => void
}) {
  const { t } = useTranslation()
  // Parameters of a GET are signed anew: the old signature would only mislead.
  const [request, setRequest] = useState(() =>
    of.method === 'GET'
      ? JSON.stringify(
          Object.fromEntries(
            Object.entries(JSON.parse(of.request ?? '{}') as object).filter(
              ([k]) => !['timeStamp', 'authToken'].includes(k),
            ),
          ),
          null,
          1,
        )
      : (of.request ?? ''),
  )
  const path = /produceAPI\/(?:v2\/)?(\w+)/.exec(of.url ?? '')?.[1]
  const send = useAction(
    () =>
      unwrap(
        api.POST('/api/v1/seller/addresses/{id}/send', { params: { path: { id: address } }, body: { request, path } }),
      ),
    sent,
  )
  return (
    <>
      <Input.TextArea
        aria-label={t('debugger.edit')}
        className="mono"
        autoSize={{ minRows: 6, maxRows: 24 }}
        value={request}
        maxLength={20000}
        onChange={(e) => setRequest(e.target.value)}
      />
      <div className="row" style={{ margin: '8px 0 16px' }}>
        <Button type="primary" loading={send.isPending} onClick={() => send.mutate(undefined)}>
          {t('debugger.send')}
        </Button>
        <Button onClick={close}>{t('debugger.close')}</Button>
      </div>
    </>
  )
}

/** Request and answer side by side, and how the signature is made. */
function Detail({ of: given, address }: { of: Case; address: string }) {
  const { t } = useTranslation()
  const [editing, setEditing] = useState(false)
  const [edited, setEdited] = useState<Case | null>(null)
  const of = edited ?? given
  const close = () => {
    setEditing(false)
    setEdited(null)
  }
  return (
    <div className="stack">
      <Verdict of={of} />
      <div className="two">
        <section className="panel" style={{ padding: 16, minWidth: 0 }}>
          <div className="row" style={{ justifyContent: 'space-between' }}>
            <h2>{t('debugger.request')}</h2>
            {!editing && of.url && (
              <Button size="small" onClick={() => setEditing(true)}>
                {t('debugger.edit')}
              </Button>
            )}
          </div>
          {editing && <Editing of={given} address={address} sent={setEdited} close={close} />}
          <pre tabIndex={0}>
            {of.url
              ? `${headOf(of)}\n\n${of.method === 'GET' ? pretty(of.request) : of.request}`
              : t('debugger.not_sent')}
          </pre>
        </section>
        <section className="panel" style={{ padding: 16, minWidth: 0 }}>
          <div className="row" style={{ justifyContent: 'space-between' }}>
            <h2>{t('debugger.answer')}</h2>
            {of.status && (
              <Tag>
                HTTP {of.status} · {of.duration_ms} ms
              </Tag>
            )}
          </div>
          <pre tabIndex={0}>{pretty(of.answer) || t('debugger.no_answer')}</pre>
        </section>
      </div>
      {of.steps.length > 0 && (
        <section className="panel" style={{ padding: 16 }}>
          <h2>{t('debugger.signature')}</h2>
          {of.steps.map(({ name, value }, i) => (
            <div key={name} style={{ padding: '8px 0', borderTop: i ? '1px solid var(--line)' : 0 }}>
              <span className="dim">{i + 1}</span> <span className="muted">{t(`debugger.step_${name}`)}</span>{' '}
              <div className="mono" style={{ wordBreak: 'break-all' }}>
                {formula[name]?.(value) ?? value}
              </div>
              <Compare ours={value} />
            </div>
          ))}
        </section>
      )}
    </div>
  )
}

function Runner({ addresses }: { addresses: Schemas['AddressView'][] }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const { search, set } = useAddress()
  const address = addresses.find((a) => a.id === search['address']) ?? addresses[0]
  const [cases, setCases] = useState<Case[]>([])
  const [chosen, setChosen] = useState(0)
  const run = useAction(
    (save: boolean) =>
      unwrap(
        api.POST('/api/v1/seller/addresses/{id}/debug', {
          params: { path: { id: address?.id ?? '' } },
          body: { save },
        }),
      ),
    (report) => {
      setCases(report.cases)
      const bad = report.cases.findIndex((c) => c.result === 'fail')
      setChosen(Math.max(0, bad))
    },
  )
  const current = cases[chosen]
  const copy = () =>
    current && void navigator.clipboard.writeText(curlOf(current)).then(() => message.success(t('action.copied')))
  return (
    <Page
      title={t('nav.debugger')}
      purpose={t('debugger.purpose')}
      actions={
        <>
          <Button disabled={!current?.url} onClick={copy}>
            {t('debugger.curl')}
          </Button>
          <Button loading={run.isPending} onClick={() => run.mutate(true)}>
            {t('debugger.run_save')}
          </Button>
          <Button type="primary" loading={run.isPending} onClick={() => run.mutate(false)}>
            {t('debugger.run')}
          </Button>
        </>
      }
    >
      <div className="filters">
        <label style={{ maxWidth: '100%' }}>
          {t('nav.addresses')}
          <Select
            style={{ width: 420, maxWidth: '100%' }}
            value={address?.id}
            onChange={(v) => {
              set({ address: v })
              setCases([])
            }}
            options={addresses.map((a) => ({ value: a.id, label: `${a.name} · ${a.url}` }))}
          />
        </label>
      </div>
      {cases.length === 0 ? (
        <div className="panel" style={{ padding: 48 }}>
          <Empty description={t('debugger.empty')} />
        </div>
      ) : (
        <div className="debugger">
          <div className="panel" style={{ padding: 8 }}>
            {cases.map((c, i) => (
              <button
                key={c.name}
                type="button"
                className="scenario"
                aria-pressed={i === chosen}
                onClick={() => setChosen(i)}
              >
                <span className="dot" style={{ background: marks[c.result]?.colour }}>
                  {marks[c.result]?.sign}
                </span>
                <span>
                  <span>{t(`scenario.${c.name}`)}</span>
                  {!c.mandatory && <span className="dim"> {t('debugger.optional')}</span>}
                  <br />
                  <span className="dim">
                    {c.activity} · {c.duration_ms} ms
                  </span>
                </span>
              </button>
            ))}
          </div>
          {current && <Detail key={`${current.name} ${current.url}`} of={current} address={address?.id ?? ''} />}
        </div>
      )}
      {address?.protocol === 'saas-v2' && <UsageCase key={`usage ${address.id}`} address={address.id} />}
      {address && <Replay key={address.id} address={address} />}
    </Page>
  )
}

/** The debugger: every case, request and answer, the verdict in words, the signature step by step. */
export function Debugger() {
  const query = useQuery({ queryKey: ['addresses'], queryFn: () => unwrap(api.GET('/api/v1/seller/addresses')) })
  return (
    <Await query={query}>
      {(d) => (
        <Runner addresses={d.addresses.filter((a) => a.protocol !== 'saas-aws' && a.protocol !== 'saas-azure')} />
      )}
    </Await>
  )
}
