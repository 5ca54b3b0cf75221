import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Statistic } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Chart } from '../../kit/charts'
import { chartMoney } from '../../kit/money'
import { Await, Page } from '../../kit/page'
import { countText, moneyText } from '../../kit/show'

/** Income by month and calls by day. */
function Charts({ figures }: { figures: Schemas['SellerFigures'] }) {
  const { t } = useTranslation()
  const { revenue, calls } = figures
  const amounts = (pick: (m: Schemas['EarnedView']) => Schemas['MoneyView']) =>
    revenue.map((m) => Number(pick(m).amount))
  return (
    <>
      <Chart
        title={t('seller.revenue')}
        axis={t('chart.month')}
        places={revenue.map((m) => m.month)}
        text={(v) => moneyText(chartMoney(v, revenue[0]?.sold))}
        series={[
          { name: t('seller.sold'), tone: 'brand', values: amounts((m) => m.sold) },
          { name: t('seller.refunded'), tone: 'bad', values: amounts((m) => m.refunded) },
          { name: t('bills.payable'), tone: 'ok', values: amounts((m) => m.payable) },
        ]}
      />
      <Chart
        title={t('seller.calls')}
        axis={t('chart.day')}
        stacked
        places={calls.map((d) => d.day.slice(5))}
        series={[
          { name: t('state.done'), tone: 'ok', values: calls.map((d) => d.done) },
          { name: t('state.failed'), tone: 'bad', values: calls.map((d) => d.failed) },
          { name: t('seller.open'), tone: 'quiet', values: calls.map((d) => d.open) },
        ]}
      />
      <Chart
        title={t('seller.opening')}
        axis={t('chart.day')}
        kind="line"
        places={calls.map((d) => d.day.slice(5))}
        text={(v) => `${v / 1000} s`}
        series={[{ name: t('facts.opening'), tone: 'brand', values: calls.map((d) => d.opening_ms ?? NaN) }]}
      />
    </>
  )
}

/** Income, orders, and what needs the seller. */
export function SellerOverview() {
  const { t } = useTranslation()
  const running = useQuery({
    queryKey: ['transactions'],
    queryFn: () => unwrap(api.GET('/api/v1/seller/transactions')),
    retry: false,
  })
  const failed = useQuery({
    queryKey: ['failed-calls'],
    queryFn: () => unwrap(api.GET('/api/v1/calls', { params: { query: { state: 'failed', limit: '100' } } })),
    retry: false,
  })
  const open = useQuery({
    queryKey: ['open-sales'],
    queryFn: () =>
      unwrap(api.GET('/api/v1/orders', { params: { query: { as: 'seller', state: 'processing', limit: '100' } } })),
    retry: false,
  })
  const figures = useQuery({ queryKey: ['seller-figures'], queryFn: () => unwrap(api.GET('/api/v1/seller/figures')) })
  return (
    <Page title={t('nav.seller_overview')} purpose={t('seller.purpose')}>
      <div className="stack">
        <div className="panel row" style={{ padding: 24, gap: 48 }}>
          <Link to="/seller/bills">
            <Statistic title={t('seller.next_bill')} value={running.data ? moneyText(running.data.total) : '…'} />
          </Link>
          <Link to="/seller/orders" search={{ state: 'processing' } as never}>
            <Statistic title={t('seller.being_opened')} value={countText(open.data?.orders, open.data?.next)} />
          </Link>
          <Link to="/seller/calls" search={{ state: 'failed' } as never}>
            <Statistic title={t('seller.failed_calls')} value={countText(failed.data?.calls, failed.data?.next)} />
          </Link>
        </div>
        <Await query={figures}>{(f) => <Charts figures={f} />}</Await>
      </div>
    </Page>
  )
}
