import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Statistic, Table } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../../api/client'
import { Chart } from '../../kit/charts'
import { chartMoney } from '../../kit/money'
import { Await, Page } from '../../kit/page'
import { useNow } from '../../kit/session'
import { countText, moneyText, State, Time, useText } from '../../kit/show'

/** What needs the buyer, what runs out, what the wallet holds. */
export function BuyerOverview() {
  const now = useNow()
  const { t } = useTranslation()
  const text = useText()
  const wallet = useQuery({ queryKey: ['wallet'], queryFn: () => unwrap(api.GET('/api/v1/wallet')) })
  const orders = useQuery({
    queryKey: ['open-orders'],
    queryFn: () =>
      unwrap(api.GET('/api/v1/orders', { params: { query: { as: 'buyer', state: 'pending_payment', limit: '100' } } })),
  })
  const instances = useQuery({
    queryKey: ['running'],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/instances', {
          params: { query: { as: 'buyer', state: 'running', sort: 'expires', limit: '100' } },
        }),
      ),
  })
  const figures = useQuery({ queryKey: ['buyer-figures'], queryFn: () => unwrap(api.GET('/api/v1/wallet/figures')) })
  const spent = figures.data?.spending.at(-1)?.spent
  const ending = (instances.data?.instances ?? []).filter((i) => i.expires_at).slice(0, 8)
  return (
    <Page title={t('nav.buyer_overview')} purpose={t('buyer.purpose')}>
      <div className="stack">
        <div className="panel row" style={{ padding: 24, gap: 48 }}>
          <Statistic title={t('wallet.balance')} value={wallet.data ? moneyText(wallet.data.balance) : '…'} />
          <Statistic title={t('buyer.spent')} value={spent ? moneyText(spent) : '…'} />
          <Link to="/buyer/orders" search={{ state: 'pending_payment' } as never}>
            <Statistic title={t('buyer.to_pay')} value={countText(orders.data?.orders, orders.data?.next)} />
          </Link>
          <Link to="/buyer/instances" search={{ state: 'running', sort: 'expires' } as never}>
            <Statistic title={t('buyer.running')} value={countText(instances.data?.instances, instances.data?.next)} />
          </Link>
        </div>
        <Await query={figures}>
          {({ spending }) => (
            <Chart
              title={t('buyer.spending')}
              axis={t('chart.month')}
              places={spending.map((m) => m.month)}
              series={[
                { name: t('buyer.spent_series'), tone: 'brand', values: spending.map((m) => Number(m.spent.amount)) },
              ]}
              text={(v) => moneyText(chartMoney(v, spending[0]?.spent))}
            />
          )}
        </Await>
        <section className="panel" style={{ padding: 24 }}>
          <h2>{t('buyer.ending')}</h2>
          <Await query={instances}>
            {() => (
              <Table
                size="small"
                rowKey="id"
                pagination={false}
                dataSource={ending}
                scroll={{ x: 'max-content' }}
                locale={{ emptyText: t('buyer.nothing_ends') }}
                columns={[
                  {
                    key: 'p',
                    title: t('field.product'),
                    render: (_, i) => (
                      <Link to="/buyer/instances/$id" params={{ id: i.id } as never}>
                        {text(i.product_name)}
                      </Link>
                    ),
                  },
                  { key: 's', title: t('field.state'), render: (_, i) => <State of={i.state} /> },
                  { key: 'e', title: t('field.expires_at'), render: (_, i) => <Time at={i.expires_at} /> },
                  {
                    key: 'd',
                    title: t('buyer.days_left'),
                    align: 'right',
                    render: (_, i) => Math.max(0, dayjs(i.expires_at).diff(now, 'day')),
                  },
                ]}
              />
            )}
          </Await>
        </section>
      </div>
    </Page>
  )
}
