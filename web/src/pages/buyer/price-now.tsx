import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Alert, App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { isMore } from '../../kit/money'
import { moneyText } from '../../kit/show'

type Order = Schemas['OrderView']

/** The question what an upgrade, or a renewal with another combination, costs at this moment. */
function asked(order?: Order) {
  const [line, id] = [order?.lines[0], order?.instance_id]
  const changes = order?.kind === 'change' || (order?.kind === 'renew' && !!line?.from_sku_name)
  const { sku, period } = line ?? {}
  return {
    queryKey: ['fee', id, sku, period],
    queryFn: () => {
      if (!id || !sku) throw new Error('the order is of no instance')
      const path = { id }
      return period
        ? unwrap(api.GET('/api/v1/instances/{id}/renewal-quote', { params: { path, query: { sku, period } } }))
        : unwrap(api.GET('/api/v1/instances/{id}/change-quote', { params: { path, query: { sku } } }))
    },
    enabled: order?.state === 'pending_payment' && changes && !!id && !!sku,
    retry: false,
  }
}

/** What an unpaid change costs now, when that is another sum than it was ordered for. */
export function usePriceNow(order?: Order) {
  const { data } = useQuery(asked(order))
  if (!data || !order || data.fee.amount === order.total.amount) return undefined
  return { fee: data.fee, dearer: isMore(data.fee, order.total) }
}

/** Cancels a change that became dearer, and goes to where it is chosen again. */
function useChooseAgain(order: Order) {
  const navigate = useNavigate()
  return useAction(
    () =>
      unwrap(
        api.POST('/api/v1/orders/{number}/cancel', { params: { path: { number: order.order_number } }, body: {} }),
      ),
    () =>
      void navigate({
        to: '/buyer/instances/$id' as never,
        params: { id: order.instance_id } as never,
        search: { choose: order.kind === 'renew' ? 'renew' : 'upgrade' } as never,
      }),
  )
}

/** Says what a change cost when it was ordered and costs now, and offers to choose anew. */
export function useDearer(order: Order) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const client = useQueryClient()
  const again = useChooseAgain(order)
  return async () => {
    const quote = await client.fetchQuery({ ...asked(order), staleTime: 0 })
    modal.confirm({
      title: t('order.price_changed'),
      content: t('order.price_changed_more', { was: moneyText(order.total), now: moneyText(quote.fee) }),
      okText: t('order.choose_again'),
      cancelText: t('order.keep'),
      // A second click on what asked must not cancel the order.
      autoFocusButton: 'cancel',
      onOk: () => again.mutateAsync(undefined),
    })
  }
}

/** What an unpaid change costs now and why, before anybody pays. */
export function PriceNow({ order }: { order: Order }) {
  const { t } = useTranslation()
  const now = usePriceNow(order)
  const choose = useDearer(order)
  if (!now) return null
  const about = { was: moneyText(order.total), now: moneyText(now.fee) }
  return (
    <Alert
      type={now.dearer ? 'warning' : 'info'}
      showIcon
      title={t(now.dearer ? 'order.dearer' : 'order.cheaper', about)}
      description={
        <div className="stack" style={{ gap: 8 }}>
          {t(now.dearer ? 'order.dearer_more' : 'order.cheaper_more', about)}
          {now.dearer && (
            <div>
              <Button onClick={() => void choose()}>{t('order.choose_again')}</Button>
            </div>
          )}
        </div>
      }
    />
  )
}
