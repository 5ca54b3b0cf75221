import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Statistic, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { List, type Column } from '../../kit/list'
import { Await, Page } from '../../kit/page'
import { MoneyShown, moneyText, Time } from '../../kit/show'

type Line = Schemas['BillLineView']
type Sides = Schemas['SidesView']

/** How much of what was paid came back, in words. */
function BackTag({ of }: { of: string }) {
  const { t } = useTranslation()
  return of === 'none' ? (
    <span className="dim">{t('bills.back_none')}</span>
  ) : (
    <Tag color="gold">{t(`bills.back_${of}`)}</Tag>
  )
}

/** What was paid, given back and is left, and what of it the seller gets. */
function Sums({ of, total }: { of: Sides; total: Schemas['MoneyView'] }) {
  const { t } = useTranslation()
  return (
    <div className="row" style={{ gap: 32, marginBottom: 16 }}>
      <Statistic title={t('bills.paid')} value={moneyText(of.paid)} />
      <Statistic title={t('bills.refunded')} value={moneyText(of.refunded)} />
      <Statistic title={t('bills.net')} value={moneyText(of.net)} />
      <Statistic title={t('bills.payable')} value={moneyText(total)} />
      {of.refund_state !== 'none' && <BackTag of={of.refund_state} />}
    </div>
  )
}

function useLineColumns(): Column<Line>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'line',
      title: t('bills.line'),
      value: (l) => l.order_line,
      render: (l) => <span className="mono">{l.order_line}</span>,
    },
    { key: 'product', title: t('field.product'), value: (l) => l.product_name },
    { key: 'kind', title: t('field.kind'), value: (l) => t(`bills.${l.kind}`) },
    {
      key: 'back',
      title: t('bills.refund_state'),
      value: (l) => t(`bills.back_${l.refund_state}`),
      render: (l) => <BackTag of={l.refund_state} />,
    },
    { key: 'day', title: t('bills.day'), value: (l) => l.day ?? '–' },
    {
      key: 'at',
      title: t('bills.effective'),
      sort: 'effective',
      value: (l) => l.effective_at,
      render: (l) => <Time at={l.effective_at} date />,
    },
    {
      key: 'amount',
      title: t('field.amount'),
      align: 'right',
      value: (l) => l.amount.amount,
      render: (l) => <MoneyShown of={l.amount} />,
    },
    {
      key: 'fee',
      title: t('bills.fee'),
      align: 'right',
      value: (l) => l.fee.amount,
      render: (l) => <MoneyShown of={l.fee} />,
    },
    {
      key: 'tax',
      title: t('bills.tax'),
      align: 'right',
      value: (l) => l.tax.amount,
      render: (l) => <MoneyShown of={l.tax} />,
    },
    {
      key: 'payable',
      title: t('bills.payable'),
      align: 'right',
      value: (l) => l.payable.amount,
      render: (l) => <MoneyShown of={l.payable} strong />,
    },
  ]
}

/** The lines of a bill run forward in time. */
const linesRun = { sort: 'effective', direction: 'asc' } as const

const lineKey = (l: Line) => `${l.order_line}${l.kind}${l.day ?? ''}${l.effective_at}`

function Issued() {
  const { t } = useTranslation()
  return (
    <List<Schemas['BillView']>
      name="bills"
      place="issued"
      rowKey={(b) => b.id}
      empty={t('bills.empty')}
      fetch={async ({ month }, paging) => {
        const data = await unwrap(api.GET('/api/v1/bills', { params: { query: { month, ...paging } } }))
        return { rows: data.bills, next: data.next }
      }}
      filters={[{ name: 'month', label: t('bills.month'), type: 'month' }]}
      columns={[
        {
          key: 'month',
          title: t('bills.month'),
          value: (b) => b.month,
          render: (b) => (
            <Link to="/seller/bills/$id" params={{ id: b.id } as never}>
              {b.month}
            </Link>
          ),
        },
        {
          key: 'paid',
          title: t('bills.paid'),
          align: 'right',
          value: (b) => b.paid.amount,
          render: (b) => <MoneyShown of={b.paid} />,
        },
        {
          key: 'refunded',
          title: t('bills.refunded'),
          align: 'right',
          value: (b) => b.refunded.amount,
          render: (b) => <MoneyShown of={b.refunded} />,
        },
        {
          key: 'net',
          title: t('bills.net'),
          align: 'right',
          value: (b) => b.net.amount,
          render: (b) => <MoneyShown of={b.net} />,
        },
        {
          key: 'back',
          title: t('bills.refund_state'),
          value: (b) => t(`bills.back_${b.refund_state}`),
          render: (b) => <BackTag of={b.refund_state} />,
        },
        {
          key: 'total',
          title: t('bills.payable'),
          align: 'right',
          value: (b) => b.total.amount,
          render: (b) => <MoneyShown of={b.total} strong />,
        },
        {
          key: 'at',
          title: t('bills.issued_at'),
          sort: 'created',
          value: (b) => b.issued_at,
          render: (b) => <Time at={b.issued_at} date />,
        },
      ]}
    />
  )
}

/** Issued bills, and what will be on the next one. */
export function Bills() {
  const { t } = useTranslation()
  const columns = useLineColumns()
  const total = useQuery({
    queryKey: ['transactions', 'total'],
    queryFn: () => unwrap(api.GET('/api/v1/seller/transactions', { params: { query: { limit: '1' } } })),
  })
  return (
    <Page title={t('nav.bills')} purpose={t('bills.purpose')}>
      <div className="stack">
        <section className="panel" style={{ padding: 24 }}>
          <h2>{t('bills.issued')}</h2>
          <Issued />
        </section>
        <section className="panel" style={{ padding: 24 }}>
          <h2>{t('bills.running')}</h2>
          <Await query={total}>{(d) => <Sums of={d} total={d.total} />}</Await>
          <List<Line>
            name="transactions"
            place="line"
            rowKey={lineKey}
            usual={linesRun}
            empty={t('bills.no_lines')}
            columns={columns}
            fetch={async (_search, paging) => {
              const data = await unwrap(api.GET('/api/v1/seller/transactions', { params: { query: paging } }))
              return { rows: data.lines, next: data.next }
            }}
          />
        </section>
      </div>
    </Page>
  )
}

/** One bill, line by line. */
export function BillPage() {
  const { t } = useTranslation()
  const { id } = useParams({ strict: false }) as { id: string }
  const columns = useLineColumns()
  const path = { id }
  const query = useQuery({
    queryKey: ['bill', id],
    queryFn: () => unwrap(api.GET('/api/v1/bills/{id}', { params: { path, query: { limit: '1' } } })),
  })
  return (
    <Await query={query}>
      {(b) => (
        <Page title={t('bills.of', { month: b.month })} above={<Link to="/seller/bills">{t('nav.bills')}</Link>}>
          <div className="panel" style={{ padding: 24 }}>
            <Sums of={b} total={b.total} />
            <List<Line>
              name={`bill-${id}`}
              rowKey={lineKey}
              usual={linesRun}
              empty={t('bills.no_lines')}
              columns={columns}
              fetch={async (_search, paging) => {
                const data = await unwrap(api.GET('/api/v1/bills/{id}', { params: { path, query: paging } }))
                return { rows: data.lines, next: data.next }
              }}
            />
          </div>
        </Page>
      )}
    </Await>
  )
}
