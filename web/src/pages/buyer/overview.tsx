import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Statistic, Table } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../../api/client'
import { Await, Page } from '../../kit/page'
import { moneyText, State, Time, useText } from '../../kit/show'

/** What needs the buyer, what runs out, what the wallet holds. */
export function BuyerOverview() {
  const { t } = useTranslation()
  const text = useText()
  const wallet = useQuery({ queryKey: ['wallet'], queryFn: () => unwrap(api.GET('/api/v1/wallet')) })
  const orders = useQuery({ queryKey: ['open-orders'], queryFn: () => unwrap(api.GET('/api/v1/orders', { params: { query: { as: 'buyer', state: 'pending_payment', limit: '100' } } })) })
  const instances = useQuery({ queryKey: ['running'], queryFn: () => unwrap(api.GET('/api/v1/instances', { params: { query: { as: 'buyer', limit: '100' } } })) })
  const month = dayjs().startOf('month')
  const spent = (wallet.data?.entries ?? []).filter((e) => dayjs(e.at).isAfter(month) && e.kind !== 'top_up').reduce((sum, e) => sum - Math.round(Number(e.amount.amount) * 100), 0)
  const ending = (instances.data?.instances ?? []).filter((i) => i.state === 'running' && i.expires_at).sort((a, b) => (a.expires_at ?? '').localeCompare(b.expires_at ?? '')).slice(0, 8)
  return (
    <Page title={t('nav.buyer_overview')} purpose={t('buyer.purpose')}>
      <div className="stack">
        <div className="panel row" style={{ padding: 24, gap: 48 }}>
          <Statistic title={t('wallet.balance')} value={wallet.data ? moneyText(wallet.data.balance) : '…'} />
          <Statistic title={t('buyer.spent')} value={wallet.data ? moneyText({ amount: (spent / 100).toFixed(2), currency: wallet.data.balance.currency }) : '…'} />
          <Statistic title={t('buyer.to_pay')} value={orders.data?.orders.length ?? '…'} />
          <Statistic title={t('buyer.running')} value={instances.data?.instances.filter((i) => i.state === 'running').length ?? '…'} />
        </div>
        <section className="panel" style={{ padding: 24 }}>
          <h2>{t('buyer.ending')}</h2>
          <Await query={instances}>
            {() => (
              <Table size="small" rowKey="id" pagination={false} dataSource={ending} scroll={{ x: 'max-content' }} locale={{ emptyText: t('buyer.nothing_ends') }} columns={[
                { key: 'p', title: t('field.product'), render: (_, i) => <Link to="/buyer/instances/$id" params={{ id: i.id } as never}>{text(i.product_name)}</Link> },
                { key: 's', title: t('field.state'), render: (_, i) => <State of={i.state} /> },
                { key: 'e', title: t('field.expires_at'), render: (_, i) => <Time at={i.expires_at} /> },
                { key: 'd', title: t('buyer.days_left'), align: 'right', render: (_, i) => Math.max(0, dayjs(i.expires_at).diff(dayjs(), 'day')) },
              ]} />
            )}
          </Await>
        </section>
      </div>
    </Page>
  )
}
