import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Alert, Button, Descriptions, Form, Input, Modal, Timeline, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Entry } from '../../kit/form'
import { Await, Page } from '../../kit/page'
import { Id, moneyText, State, Time, useText } from '../../kit/show'
import { Actions } from './act'
import { Turns, useSide } from './cases'
import { FlowDiagram } from './diagram'
import { Appeal, AskRefund, DeskTools, Disputes } from './dispute'
import { FileLink } from './files'
import { passed } from './passed'

type Case = Schemas['SupervisionCase']
type Step = Schemas['SupervisionStep']

/** An appeal's reason is asked for as the statement that it is; so are the ones after it. */
const label = (kind: string, name: string) =>
  ['appealed', 'stated'].includes(kind) && ['reason', 'text'].includes(name) ? 'supervision.statement' : `said.${name}`

/** What was filled in at a step, in words. */
function Said({ of }: { of: Step }) {
  const { t } = useTranslation()
  const data = of.data as Record<string, unknown>
  const plain = Object.entries(data).filter(
    ([name, value]) => typeof value === 'string' && name !== 'template' && name !== 'decision' && name !== 'goods',
  )
  const elements = data['elements'] as Record<string, unknown> | undefined
  return (
    <>
      {typeof data['decision'] === 'string' && <div>{t(`decision.${data['decision']}`)}</div>}
      {plain.map(([name, value]) => (
        <div key={name} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          <span className="dim">{t(label(of.kind, name), { defaultValue: name })}</span>{' '}
          {name === 'opening_time' || name === 'at' ? (
            <Time at={String(value)} />
          ) : name === 'scene' ? (
            t(`case_scene.${String(value)}`)
          ) : (
            String(value)
          )}
        </div>
      ))}
      {elements && <div className="muted">{Object.values(elements).flat().filter(Boolean).join(' · ')}</div>}
      {data['licence'] === true && <div className="muted">{t('supervision.licence_handed')}</div>}
      {of.documents.map((d) => (
        <div key={d.id}>
          <FileLink of={d} />
        </div>
      ))}
    </>
  )
}

/** Everything that was done, newest first. */
function Log({ of }: { of: Case }) {
  const { t } = useTranslation()
  const colours: Record<string, string> = {
    accept: 'green',
    reject: 'red',
    return: 'red',
    appealed: 'red',
    decided: 'green',
  }
  return (
    <Timeline
      items={[...of.steps].reverse().map((s) => ({
        key: s.seq,
        color: colours[s.kind] ?? 'blue',
        content: (
          <>
            <strong>{t(`step.${s.kind}`)}</strong>{' '}
            <span className="dim">
              <Time at={s.at} /> ·{' '}
              {s.party === 'system' ? t('supervision.by_itself') : `${t(`supervision.${s.party}`)} ${s.actor}`}
            </span>
            <Said of={s} />
          </>
        ),
      }))}
    />
  )
}

/** Where goods are sent; changed until they are. */
function Address({ of }: { of: Case }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const need = [{ required: true, message: t('form.required') }]
  if (!of.address) return null
  return (
    <section className="panel" style={{ padding: 24 }}>
      <div className="row" style={{ justifyContent: 'space-between' }}>
        <h2>{t('shipping.title')}</h2>
        {of.may_change_address && (
          <Button size="small" onClick={() => setOpen(true)}>
            {t('shipping.change')}
          </Button>
        )}
      </div>
      <div style={{ overflowWrap: 'anywhere' }}>
        {of.address.recipient} · {of.address.phone}
      </div>
      <div className="muted" style={{ overflowWrap: 'anywhere' }}>
        {of.address.address}
      </div>
      <Modal open={open} title={t('shipping.change')} footer={null} onCancel={() => setOpen(false)} destroyOnHidden>
        <Entry<Schemas['ShippingBody'], unknown>
          name="address"
          initial={of.address}
          run={(body) => unwrap(api.PUT('/api/v1/supervision/{id}/address', { params: { path: { id: of.id } }, body }))}
          done={() => setOpen(false)}
          success={t('supervision.done')}
          send={t('shipping.change')}
        >
          <Form.Item name="recipient" label={t('shipping.recipient')} rules={need}>
            <Input maxLength={60} />
          </Form.Item>
          <Form.Item name="phone" label={t('shipping.phone')} rules={need}>
            <Input maxLength={32} />
          </Form.Item>
          <Form.Item name="address" label={t('shipping.address')} rules={need}>
            <Input.TextArea maxLength={200} />
          </Form.Item>
        </Entry>
      </Modal>
    </section>
  )
}

/** What the product promises, and what was handed over. */
function Delivery({ of }: { of: Case }) {
  const { t } = useTranslation()
  const text = useText()
  const d = of.delivery
  return (
    <>
      {(of.code || of.licence || of.app) && (
        <section className="panel" style={{ padding: 24 }}>
          <h2>{t('supervision.handed_over')}</h2>
          {of.code && (
            <div>
              <span className="dim">{t('licence.code')}</span>{' '}
              <Typography.Text className="mono" copyable>
                {of.code}
              </Typography.Text>
            </div>
          )}
          {of.licence && (
            <>
              <pre style={{ maxHeight: 200, overflow: 'auto' }} tabIndex={0}>
                {of.licence}
              </pre>
              <Typography.Text copyable={{ text: of.licence }}>{t('licence.copy')}</Typography.Text>
            </>
          )}
          {of.app?.front_end_url && (
            <div style={{ overflowWrap: 'anywhere' }}>
              <a href={of.app.front_end_url} rel="noreferrer" target="_blank">
                {of.app.front_end_url}
              </a>{' '}
              <span className="dim">{of.app.user_name}</span>
            </div>
          )}
          {of.app?.memo && (
            <div className="muted" style={{ overflowWrap: 'anywhere' }}>
              {of.app.memo}
            </div>
          )}
        </section>
      )}
      {d && (
        <section className="panel" style={{ padding: 24 }}>
          <h2>{t('delivery.title')}</h2>
          <h3>{t('delivery.template')}</h3>
          <div style={{ whiteSpace: 'pre-wrap' }}>{text(d.template)}</div>
          {text(d.request) && (
            <>
              <h3>{t('delivery.request')}</h3>
              <div style={{ whiteSpace: 'pre-wrap' }}>{text(d.request)}</div>
            </>
          )}
          {d.request_file && (
            <div style={{ marginTop: 8 }}>
              <a href={`/api/v1/documents/${d.request_file}`} download>
                {t('delivery.request_file')}
              </a>
            </div>
          )}
          <div className="dim" style={{ marginTop: 8 }}>
            {t('delivery.sla', { days: d.sla_days ?? '–' })}
          </div>
        </section>
      )}
    </>
  )
}

function Facts({ of, side }: { of: Case; side: string }) {
  const { t } = useTranslation()
  const text = useText()
  const times: [string, string | null | undefined][] = [
    ['entered_at', of.entered_at],
    ['claimed_at', of.claimed_at],
    ['activated_at', of.activated_at],
    ['shipped_at', of.shipped_at],
    ['carrier_delivered_at', of.carrier_delivered_at],
    ['opening_time', of.opening_time],
    ['accepted_at', of.accepted_at],
    ['due_at', of.due_at],
  ]
  return (
    <section className="panel" style={{ padding: 24 }}>
      <Descriptions
        column={1}
        size="small"
        items={[
          {
            key: 'o',
            label: t('field.order_number'),
            children: (
              <Link
                className="mono"
                to={`/${side}/orders/$number` as never}
                params={{ number: of.order_number } as never}
              >
                {of.order_number}
              </Link>
            ),
          },
          { key: 'p', label: t('field.product'), children: text(of.product_name) },
          { key: 'c', label: t('field.customer'), children: of.customer_name },
          { key: 't', label: t('editor.access_type'), children: t(`access_type.${of.access_type}`) },
          { key: 's', label: t('supervision.scene'), children: t(`case_scene.${of.scene}`) },
          ...times
            .filter(([, at]) => at)
            .map(([name, at]) => ({ key: name, label: t(`supervision.${name}`), children: <Time at={at} /> })),
          { key: 'paid', label: t('supervision.paid'), children: moneyText(of.paid) },
          { key: 'rel', label: t('supervision.released'), children: moneyText(of.released) },
          { key: 'ref', label: t('supervision.refunded'), children: moneyText(of.refunded) },
          ...(of.rejections > 0 ? [{ key: 'r', label: t('supervision.rejections'), children: of.rejections }] : []),
          {
            key: 'v',
            label: t('supervision.template'),
            children: `${text(of.flow.name)}\u00a0·\u00a0${of.template_version}`,
          },
          { key: 'i', label: t('supervision.number'), children: <Id of={of.id} /> },
        ]}
      />
    </section>
  )
}

/** One order's way through service supervision: where it is, what was done, what the reader may do. */
export function CasePage() {
  const { t } = useTranslation()
  const text = useText()
  const side = useSide()
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useQuery({
    queryKey: ['supervision', id, side],
    queryFn: () => unwrap(api.GET('/api/v1/supervision/{id}', { params: { path: { id }, query: { as: side } } })),
    refetchInterval: (q) => (q.state.data?.state === 'open' ? 10_000 : false),
  })
  return (
    <Await query={query}>
      {(of) => (
        <Page
          title={text(of.product_name)}
          above={<Link to={`/${side}/supervision` as never}>{t('nav.supervision')}</Link>}
          purpose={of.state === 'open' ? text(of.node_name) : undefined}
          actions={
            <>
              <State of={of.state} />
              {of.state === 'open' && <Turns of={of.waits_for} side={side} />}
              <Actions of={of} />
              <AskRefund of={of} />
              {!of.appeal && <Appeal of={of} />}
              <DeskTools of={of} />
            </>
          }
        >
          <div className="stack">
            <Disputes of={of} />
            {of.no_refund && !of.refund && of.no_refund !== 'supervision.frozen' && (
              <Alert type="info" showIcon title={t(`code.${of.no_refund.replaceAll('.', '_')}`)} />
            )}
            <div className="split">
              <div className="stack">
                <section className="panel" style={{ padding: 24 }}>
                  <h2>{t('supervision.diagram')}</h2>
                  <FlowDiagram
                    flow={of.flow}
                    current={of.state === 'cancelled' ? undefined : of.node}
                    over={of.state === 'completed'}
                    passed={passed(of.steps)}
                  />
                </section>
                <section className="panel" style={{ padding: 24 }}>
                  <h2>{t('timeline.title')}</h2>
                  <Log of={of} />
                </section>
              </div>
              <div className="stack">
                <Facts of={of} side={side} />
                <Address of={of} />
                <Delivery of={of} />
              </div>
            </div>
          </div>
        </Page>
      )}
    </Await>
  )
}
