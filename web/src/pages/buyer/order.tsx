import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useRouterState } from '@tanstack/react-router'
import { Alert, App, Button, Descriptions, Popconfirm, Steps, Tag, Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, Refused, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Await, Page } from '../../kit/page'
import { problemText } from '../../kit/problem'
import { Id, moneyText, State, Time, useText } from '../../kit/show'
import { FlightRecorder } from '../../kit/timeline'
import { RefundPart } from '../operator/refund'
import { useSide } from '../supervision/cases'
import { Access, OpenApplication } from './access'
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
  const ended = order.paid_at ? t('order.failed') : t('order.cancelled')
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
        current={failed && order.paid_at ? 2 : at}
        status={failed ? 'error' : undefined}
        items={[
          step('placed', order.created_at),
          step('paid', order.paid_at),
          step(supervised ? 'delivery' : 'opening'),
          step(failed ? 'cancelled' : 'completed', order.ended_at),
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
          type="error"
          showIcon
          title={ended}
          description={
            <div className="stack" style={{ gap: 4 }}>
              <div className="prose">{mine ? text(order.reason_text ?? undefined) : detailed}</div>
              <Whereabouts order={order} mine={mine} />
            </div>
          }
        />
      )}
    </div>
  )
}

/** All that goes with an unsubscription: what comes back of which order, the sum, and when the service ends. */
function Unsubscribed({ preview }: { preview: Schemas['RefundPreview'] }) {
  const { t } = useTranslation()
  const text = useText()
  return (
    <div className="num">
      {preview.parts.map((p) => (
        <div className="sum" key={p.order_number}>
          <span className="muted">
            {t(`kind.${p.kind}`)} · {text(p.sku_name) || text(p.product_name)} · <Time at={p.paid_at} />
          </span>
          <span>{moneyText(p.refund)}</span>
        </div>
      ))}
      <div className="sum total">
        <strong>{t('order.unsubscribe_total')}</strong>
        <span className="price">{moneyText(preview.refund)}</span>
      </div>
      <p>
        {preview.ends_at ? (
          <>
            {t('order.unsubscribe_ends')} <Time at={preview.ends_at} />
          </>
        ) : (
          t('order.unsubscribe_ends_now')
        )}
      </p>
    </div>
  )
}

/** What an upgrade that waits for payment costs now: paying takes no more. */
const useChangeFee = (order: Order) => {
  const [sku, id] = [order.lines[0]?.sku, order.instance_id]
  return useQuery({
    queryKey: ['fee', id, sku],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/instances/{id}/change-quote', {
          params: { path: { id: id ?? '' }, query: { sku: sku ?? '' } },
        }),
      ),
    enabled: order.state === 'pending_payment' && order.kind === 'change' && !!id && !!sku,
    retry: false,
  }).data?.fee
}

/** A change that costs more than when it was ordered is not paid: shows what it cost then and costs now. */
function useNewQuote(order: Order) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  return async (e: unknown): Promise<never> => {
    const [line, id] = [order.lines[0], order.instance_id]
    if (e instanceof Refused && e.problem.code === 'order.price_changed' && line && id) {
      const { sku, period } = line
      const quote = await unwrap(
        period
          ? api.GET('/api/v1/instances/{id}/renewal-quote', { params: { path: { id }, query: { sku, period } } })
          : api.GET('/api/v1/instances/{id}/change-quote', { params: { path: { id }, query: { sku } } }),
      )
      modal.warning({
        title: t('order.price_changed'),
        content: t('order.price_changed_more', { was: moneyText(order.total), now: moneyText(quote.fee) }),
      })
    }
    throw e
  }
}

/** Pay, cancel, unsubscribe: what cannot be done now stays visible with its reason. */
function Actions({ order }: { order: Order }) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const path = { path: { number: order.order_number } }
  const newQuote = useNewQuote(order)
  const now = useChangeFee(order)
  const pay = useAction(
    () => unwrap(api.POST('/api/v1/orders/{number}/pay', { params: path, body: {} })).catch(newQuote),
    undefined,
    t('order.paid'),
  )
  const cancel = useAction(() => unwrap(api.POST('/api/v1/orders/{number}/cancel', { params: path, body: {} })))
  const unsubscribe = useAction(
    () => unwrap(api.POST('/api/v1/orders/{number}/unsubscribe', { params: path, body: {} })),
    undefined,
    t('order.unsubscribed'),
  )
  const preview = useQuery({
    queryKey: ['unsubscribe', order.order_number, order.state],
    queryFn: () => unwrap(api.GET('/api/v1/orders/{number}/unsubscribe', { params: path })),
    enabled: order.state === 'completed' && order.kind !== 'unsubscribe',
    retry: false,
  })
  const why =
    preview.error instanceof Refused
      ? problemText(t, preview.error.problem)
      : order.state === 'completed'
        ? ''
        : t('order.unsubscribe_later')
  const confirm = () =>
    modal.confirm({
      title: t('order.unsubscribe_sure'),
      content: preview.data && <Unsubscribed preview={preview.data} />,
      okText: t('action.unsubscribe'),
      okButtonProps: { danger: true },
      autoFocusButton: 'cancel',
      width: 560,
      onOk: () => unsubscribe.mutateAsync(undefined),
    })
  return (
    <>
      {order.state === 'pending_payment' && (
        <>
          {now && Number(now.amount) < Number(order.total.amount) && (
            <span className="muted">{t('order.pays_now', { amount: moneyText(now) })}</span>
          )}
          <Popconfirm title={t('order.cancel_sure')} onConfirm={() => cancel.mutate(undefined)}>
            <Button>{t('action.cancel_order')}</Button>
          </Popconfirm>
          <Button type="primary" loading={pay.isPending} onClick={() => pay.mutate(undefined)}>
            {t('action.pay')}
          </Button>
        </>
      )}
      {order.kind !== 'unsubscribe' && ['processing', 'completed'].includes(order.state) && (
        <Tooltip title={why}>
          <Button disabled={!preview.data} onClick={confirm}>
            {t('action.unsubscribe')}
          </Button>
        </Tooltip>
      )}
    </>
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
  const instance = line.instances[0]
  return (
    <>
      <section className="panel" style={{ padding: 24 }}>
        <h2>{t('field.product')}</h2>
        <Descriptions
          column={1}
          size="small"
          items={[
            { key: 'n', label: t('field.order_number'), children: <Id of={order.order_number} /> },
            {
              key: 'p',
              label: t('field.product'),
              children: (
                <Link to="/products/$product" params={{ product: line.product_id } as never}>
                  {text(line.product_name)}
                </Link>
              ),
            },
            {
              key: 's',
              label: t('buy.specification'),
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
      <section className="panel num" style={{ padding: 24 }}>
        <h2>{t('field.amount')}</h2>
        {line.by_month && (
          <div className="sum">
            <span className="muted">{t('buy.by_month')}</span>
            <span>{moneyText(line.by_month)}</span>
          </div>
        )}
        <div className="sum">
          <span className="muted">{line.line_number}</span>
          <span>{moneyText(line.amount)}</span>
        </div>
        <div className="sum total">
          <strong>{t('order.total')}</strong>
          <span className="price">{moneyText(order.total)}</span>
        </div>
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
    </>
  )
}

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
  return (
    <Await query={query}>
      {(order) => (
        <Page
          title={number}
          above={<Link to={`/${role}/orders` as never}>{t('orders.back')}</Link>}
          actions={
            <>
              <State of={order.state} />
              {order.refund_state !== 'none' && <Tag color="gold">{t(`order.back_${order.refund_state}`)}</Tag>}
              {opened && <Opened instance={opened} />}
              {role === 'buyer' && <Actions order={order} />}
              {role === 'operator' && order.state === 'completed' && order.kind !== 'unsubscribe' && (
                <RefundPart order={order} />
              )}
            </>
          }
        >
          <div className="stack">
            <Progress order={order} mine={role === 'buyer'} />
            <div className="split">
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
                <Facts order={order} role={role} />
              </div>
            </div>
          </div>
        </Page>
      )}
    </Await>
  )
}
