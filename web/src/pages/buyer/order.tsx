import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useRouterState } from '@tanstack/react-router'
import { Alert, Button, Descriptions, Steps, Tag } from 'antd'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Await, Page } from '../../kit/page'
import { Id, moneyText, sentence, State, Time, useText } from '../../kit/show'
import { FlightRecorder } from '../../kit/timeline'
import { RefundPart } from '../operator/refund'
import { useSide } from '../supervision/cases'
import { Access, OpenApplication } from './access'
import { OrderActions } from './order-actions'
import { PriceNow, usePriceNow } from './price-now'
import { Whereabouts } from './whereabouts'

type Order = Schemas['OrderView']

/** The way from an order to its case. */
function CaseLink({ order }: { order: string }) {
  const { t } = useTranslation()
  const side = useSide()
  const { data } = useQuery({
    queryKey: ['supervision', 'of', order, side],
    queryFn: () => unwrap(api.GET('/api/v1/supervision', { params: { query: { as: side, order_number: order } } })),
  })
  const found = data?.cases[0]
  if (found)
    return (
      <Link to={`/${side}/supervision/$id` as never} params={{ id: found.id } as never}>
        {t('nav.supervision')}
      </Link>
    )
  return (
    <Link to={`/${side}/supervision` as never} search={{ order_number: order } as never}>
      {t('nav.supervision')}
    </Link>
  )
}

/** The state as a line of steps, and in words what happens now. */
export function Progress({ order, mine = true }: { order: Order; mine?: boolean }) {
  const { t } = useTranslation()
  const line = order.lines[0]
  const supervised = line?.supervised
  const text = useText()
  const at = { pending_payment: 1, processing: 2, completed: 4, cancelled: 1 }[order.state] ?? 0
  const failed = order.state === 'cancelled'
  // What both agreed to, and what the platform decided, is an end and no failure.
  const wrong = failed && !!order.paid_at && !order.ended_by
  const ended = order.ended_by
    ? t(`order.ended_${order.ended_by}`)
    : order.paid_at
      ? t('order.failed')
      : t('order.cancelled')
  // What the seller's server answered stands behind the platform's words; its buyer is not told it.
  const detailed = text(order.reason_text ?? undefined) || order.reason
  const step = (name: string, time?: string | null) => ({
    title: t(`steps.${name}`),
    content: time ? <Time at={time} /> : undefined,
  })
  return (
    <div className="panel" style={{ padding: 24 }} aria-live="polite">
      <Steps
        size="small"
        current={order.ended_by ? 4 : wrong ? 2 : at}
        status={failed && !order.ended_by ? 'error' : undefined}
        items={[
          step('placed', order.created_at),
          step('paid', order.paid_at),
          step(supervised ? 'delivery' : 'opening'),
          step(order.ended_by ? 'ended' : failed ? 'cancelled' : 'completed', order.ended_at),
        ]}
      />
      {order.state === 'processing' && supervised && (
        <Alert
          style={{ marginTop: 16 }}
          type="info"
          showIcon
          title={t('order.supervised')}
          description={t('order.supervised_more', { amount: moneyText(order.total) })}
          action={<CaseLink order={order.order_number} />}
        />
      )}
      {order.state === 'processing' && !supervised && (
        <Alert
          style={{ marginTop: 16 }}
          type="info"
          showIcon
          title={t('order.opening')}
          description={
            order.money?.until ? (
              <Whereabouts order={order} mine={mine} />
            ) : (
              t('order.opening_more', { amount: moneyText(order.total) })
            )
          }
        />
      )}
      {order.state === 'pending_payment' && (
        <Alert
          style={{ marginTop: 16 }}
          type="warning"
          showIcon
          title={t('order.pay_by')}
          description={<Time at={order.pay_by} />}
        />
      )}
      {failed && (
        <Alert
          style={{ marginTop: 16 }}
          type={wrong ? 'error' : 'info'}
          showIcon
          title={ended}
          description={
            <div className="stack" style={{ gap: 4 }}>
              {!order.ended_by && (
                <div className="prose">{sentence(mine ? text(order.reason_text ?? undefined) : detailed)}</div>
              )}
              <Whereabouts order={order} mine={mine} />
            </div>
          }
        />
      )}
    </div>
  )
}

/** What came back of a completed order: where it is now, and why it was given back. */
function GivenBack({ order, mine }: { order: Order; mine: boolean }) {
  const { t } = useTranslation()
  if (order.state !== 'completed' || order.refund_state === 'none') return null
  const about = { amount: moneyText(order.refunded), paid: moneyText(order.paid) }
  return (
    <Alert
      type="info"
      showIcon
      title={t(mine ? 'order.back_to_you' : 'order.back_to_buyer', about)}
      description={order.given_back?.map((back) => (
        <div key={back.at} className="prose">
          <Time at={back.at} /> · {moneyText(back.amount)} · {back.reason}
        </div>
      ))}
    />
  )
}

/** What an order opened, as its buyer sees it. */
const useOpened = (order: Order | undefined, role: string) => {
  const id = order?.lines[0]?.instances[0]
  const done = role === 'buyer' && order?.state === 'completed' && order.kind !== 'unsubscribe'
  return useQuery({
    queryKey: ['instance', id],
    queryFn: () => unwrap(api.GET('/api/v1/instances/{id}', { params: { path: { id: id ?? '' } } })),
    enabled: done && !!id,
  }).data
}

/** The way to what was bought comes first: the application itself, else its page. */
function Opened({ instance }: { instance: Schemas['InstanceView'] }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const direct = instance.state === 'running' && !!instance.app.front_end_url
  return (
    <>
      <OpenApplication instance={instance} />
      <Button
        type={direct ? 'default' : 'primary'}
        onClick={() => void navigate({ to: '/buyer/instances/$id' as never, params: { id: instance.id } as never })}
      >
        {t('action.open_instance')}
      </Button>
    </>
  )
}

function Facts({ order, role }: { order: Order; role: string }) {
  const { t } = useTranslation()
  const text = useText()
  const line = order.lines[0]
  if (!line) return null
  // An order that failed opened nothing.
  const instance = (order.state === 'completed' || !['new', 'trial'].includes(order.kind)) && line.instances[0]
  const from = text(line.from_sku_name ?? undefined)
  return (
    <section className="panel" style={{ padding: 24 }}>
      <h2>{t('field.product')}</h2>
      <Descriptions
        column={1}
        size="small"
        items={[
          { key: 'n', label: t('field.order_number'), children: <Id of={order.order_number} /> },
          { key: 'k', label: t('field.kind'), children: kindText(t, order) },
          {
            key: 'p',
            label: t('field.product'),
            children: (
              <Link to="/products/$product" params={{ product: line.product_id } as never}>
                {text(line.product_name)}
              </Link>
            ),
          },
          ...(from ? [{ key: 'f', label: t('order.from'), children: from }] : []),
          {
            key: 's',
            label: t(from ? 'order.to' : 'buy.specification'),
            children: [text(line.specification_name), text(line.sku_name)].filter(Boolean).join(' / '),
          },
          ...(line.period
            ? [
                {
                  key: 'd',
                  label: t('buy.period'),
                  children: t(`period.${line.period}`, { defaultValue: line.period }),
                },
              ]
            : []),
          { key: 'v', label: t('field.seller'), children: line.seller_name },
          { key: 'c', label: t('field.customer'), children: `${order.customer_name} · ${order.user_name}` },
          ...(line.supervised
            ? [{ key: 'sv', label: t('nav.supervision'), children: <CaseLink order={order.order_number} /> }]
            : []),
          ...(instance && role === 'buyer'
            ? [
                {
                  key: 'i',
                  label: t('field.instance'),
                  children: (
                    <Link to="/buyer/instances/$id" params={{ id: instance } as never}>
                      {t('action.open_instance')}
                    </Link>
                  ),
                },
              ]
            : []),
        ]}
      />
    </section>
  )
}

/** What is paid for what; what came back, and what is left of it. */
function Amounts({ order, mine }: { order: Order; mine: boolean }) {
  const { t } = useTranslation()
  const text = useText()
  const now = usePriceNow(mine ? order : undefined)
  const line = order.lines[0]
  if (!line) return null
  const period = line.period && t(`period.${line.period}`, { defaultValue: line.period })
  return (
    <section className="panel num" style={{ padding: 24 }}>
      <h2>{t('field.amount')}</h2>
      {line.by_month && (
        <div className="sum">
          <span className="muted">{t('buy.by_month')}</span>
          <s className="muted">{moneyText(line.by_month)}</s>
        </div>
      )}
      <div className="sum">
        <span className="muted">
          {[text(line.sku_name) || text(line.product_name), period].filter(Boolean).join(' · ')}
        </span>
        <span>{moneyText(line.amount)}</span>
      </div>
      <div className="sum total">
        <strong>{t('order.total')}</strong>
        <span className="price">{moneyText(order.total)}</span>
      </div>
      {now && (
        <div className="sum total">
          <strong>{t(now.dearer ? 'order.price_now' : 'order.costs_now')}</strong>
          <span className="price">{moneyText(now.fee)}</span>
        </div>
      )}
      {order.refund_state !== 'none' && (
        <>
          <div className="sum">
            <span className="muted">{t('order.paid_sum')}</span>
            <span>{moneyText(order.paid)}</span>
          </div>
          <div className="sum">
            <span className="muted">{t(`order.back_${order.refund_state}`)}</span>
            <span>−{moneyText(order.refunded)}</span>
          </div>
          <div className="sum total">
            <strong>{t('order.net')}</strong>
            <span className="price">{moneyText(order.net)}</span>
          </div>
        </>
      )}
    </section>
  )
}

/** What kind of order it is. */
const kindText = (t: TFunction, order: Order) =>
  t(order.kind === 'renew' && order.lines[0]?.from_sku_name ? 'kind.renew_change' : `kind.${order.kind}`)

/** One order: steps, time line, money worked out; live while it is being opened. */
export function OrderPage() {
  const { t } = useTranslation()
  const { number } = useParams({ strict: false }) as { number: string }
  const role = useRouterState({ select: (s) => s.location.pathname.split('/')[1] ?? 'buyer' })
  const path = { path: { number } }
  const live = (q: { state: { data?: Order } }) => (q.state.data?.state === 'processing' ? 1000 : false)
  const query = useQuery({
    queryKey: ['order', number],
    queryFn: () => unwrap(api.GET('/api/v1/orders/{number}', { params: path })),
    refetchInterval: live,
  })
  const timeline = useQuery({
    queryKey: ['timeline', number, query.data?.state],
    queryFn: () => unwrap(api.GET('/api/v1/orders/{number}/timeline', { params: path })),
    refetchInterval: query.data?.state === 'processing' ? 2000 : false,
    placeholderData: (old) => old,
  })
  const opened = useOpened(query.data, role)
  const text = useText()
  const mine = role === 'buyer'
  return (
    <Await query={query}>
      {(order) => (
        <Page
          title={number}
          above={<Link to={`/${role}/orders` as never}>{t('orders.back')}</Link>}
          purpose={[kindText(t, order), text(order.lines[0]?.product_name)].filter(Boolean).join(' · ')}
          actions={
            <>
              <State of={order.state} />
              {order.refund_state !== 'none' && <Tag color="gold">{t(`order.back_${order.refund_state}`)}</Tag>}
              {opened && <Opened instance={opened} />}
              {mine && <OrderActions order={order} />}
              {role === 'operator' && order.state === 'completed' && order.kind !== 'unsubscribe' && (
                <RefundPart order={order} />
              )}
            </>
          }
        >
          <div className="stack">
            <Progress order={order} mine={mine} />
            {mine && <PriceNow order={order} />}
            <GivenBack order={order} mine={mine} />
            <div className="split facts-first">
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('timeline.title')}</h2>
                <Await query={timeline}>{(data) => <FlightRecorder entries={data.entries} />}</Await>
              </section>
              <div className="stack">
                {opened?.access_type === 'saas' && !opened.set_up && opened.state === 'running' && (
                  <section className="panel" style={{ padding: 24 }}>
                    <h2>{t('instance.access')}</h2>
                    <Access app={opened.app} />
                  </section>
                )}
                <Amounts order={order} mine={mine} />
                <Facts order={order} role={role} />
              </div>
            </div>
          </div>
        </Page>
      )}
    </Await>
  )
}
