import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Statistic } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../../api/client'
import { Page } from '../../kit/page'
import { moneyText } from '../../kit/show'

/** Income, orders, and what needs the seller. */
export function SellerOverview() {
  const { t } = useTranslation()
  const running = useQuery({ queryKey: ['transactions'], queryFn: () => unwrap(api.GET('/api/v1/seller/transactions')), retry: false })
  const failed = useQuery({ queryKey: ['failed-calls'], queryFn: () => unwrap(api.GET('/api/v1/calls', { params: { query: { state: 'failed', limit: '100' } } })), retry: false })
  const open = useQuery({ queryKey: ['open-sales'], queryFn: () => unwrap(api.GET('/api/v1/orders', { params: { query: { as: 'seller', state: 'processing', limit: '100' } } })), retry: false })
  return (
    <Page title={t('nav.seller_overview')} purpose={t('seller.purpose')}>
      <div className="panel row" style={{ padding: 24, gap: 48 }}>
        <Statistic title={t('seller.next_bill')} value={running.data ? moneyText(running.data.total) : '…'} />
        <Link to="/seller/orders" search={{ state: 'processing' } as never}><Statistic title={t('seller.being_opened')} value={open.data?.orders.length ?? '…'} /></Link>
        <Link to="/seller/calls" search={{ state: 'failed' } as never}><Statistic title={t('seller.failed_calls')} value={failed.data?.calls.length ?? '…'} /></Link>
      </div>
    </Page>
  )
}
