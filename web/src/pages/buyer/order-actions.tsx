import { useQuery } from '@tanstack/react-query'
import { App, Button, Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, Refused, unwrap, type Schemas } from '../../api/client'
import { Told, useAction } from '../../kit/action'
import { useDecision } from '../../kit/decide'
import { isMore } from '../../kit/money'
import { problemText } from '../../kit/problem'
import { moneyText, Time, useText } from '../../kit/show'
import { useDearer, usePriceNow } from './price-now'

type Order = Schemas['OrderView']

/** All that goes with an unsubscription: what comes back of which order, the sum, and when the service ends. */
function Unsubscribed({ preview }: { preview: Schemas['RefundPreview'] }) {
  const { t } = useTranslation()
  const text = useText()
  return (
    <div className="num">
      {preview.parts.map((p) => (
        <div key={p.order_number}>
          <div className="sum">
            <span className="muted">
              {t(`kind.${p.kind}`)} · {[text(p.product_name), text(p.sku_name)].filter(Boolean).join(' · ')} ·{' '}
              <Time at={p.paid_at} />
            </span>
            <span>{moneyText(p.refund)}</span>
          </div>
          {isMore(p.refunded) && (
            <div className="dim">
              {t('order.unsubscribe_part', { paid: moneyText(p.paid), back: moneyText(p.refunded) })}
            </div>
          )}
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

/** Pays or cancels an order that waits for payment. */
function Unpaid({ order }: { order: Order }) {
  const { t } = useTranslation()
  const text = useText()
  const { ask } = useDecision()
  const path = { path: { number: order.order_number } }
  const now = usePriceNow(order)
  const dearer = useDearer(order)
  const tell = async (): Promise<never> => {
    await dearer()
    throw new Told()
  }
  const pay = useAction(
    () =>
      now?.dearer
        ? tell()
        : unwrap(api.POST('/api/v1/orders/{number}/pay', { params: path, body: {} })).catch((e: unknown) => {
            if (e instanceof Refused && e.problem.code === 'order.price_changed') return tell()
            throw e
          }),
    undefined,
    t('order.paid'),
  )
  const cancel = useAction(() => unwrap(api.POST('/api/v1/orders/{number}/cancel', { params: path, body: {} })))
  const asks = () =>
    ask(
      {
        title: t('order.cancel_sure'),
        about: [
          [t('field.order_number'), order.order_number],
          [t('field.product'), text(order.lines[0]?.product_name)],
          [t('field.amount'), moneyText(order.total)],
        ],
        ok: t('action.cancel_order'),
        cancel: t('order.keep'),
        danger: true,
      },
      () => cancel.mutateAsync(undefined),
    )
  return (
    <>
      <Button loading={cancel.isPending} onClick={asks}>
        {t('action.cancel_order')}
      </Button>
      <Button type={now?.dearer ? 'default' : 'primary'} loading={pay.isPending} onClick={() => pay.mutate(undefined)}>
        {now?.dearer ? t('action.pay') : t('order.pay_sum', { amount: moneyText(now?.fee ?? order.total) })}
      </Button>
    </>
  )
}

/** Gives back what was bought, after all that goes with it was shown. */
function Unsubscribe({ order }: { order: Order }) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const path = { path: { number: order.order_number } }
  const unsubscribe = useAction(
    () => unwrap(api.POST('/api/v1/orders/{number}/unsubscribe', { params: path, body: {} })),
    undefined,
    t('order.unsubscribed'),
  )
  const preview = useQuery({
    queryKey: ['unsubscribe', order.order_number, order.state],
    queryFn: () => unwrap(api.GET('/api/v1/orders/{number}/unsubscribe', { params: path })),
    enabled: order.state === 'completed',
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
    <Tooltip title={why}>
      <Button disabled={!preview.data} onClick={confirm}>
        {t('action.unsubscribe')}
      </Button>
    </Tooltip>
  )
}

/** Pay, cancel, unsubscribe: what cannot be done now stays visible with its reason. */
export function OrderActions({ order }: { order: Order }) {
  const left = order.kind !== 'unsubscribe' && ['processing', 'completed'].includes(order.state)
  return (
    <>
      {order.state === 'pending_payment' && <Unpaid order={order} />}
      {left && <Unsubscribe order={order} />}
    </>
  )
}
