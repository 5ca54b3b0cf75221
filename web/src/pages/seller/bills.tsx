import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Empty, Statistic, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Await, Page } from '../../kit/page'
import { MoneyShown, moneyText, Time } from '../../kit/show'

function Lines({ lines }: { lines: Schemas['BillLineView'][] }) {
  const { t } = useTranslation()
  return (
    <Table size="small" rowKey={(l) => `${l.order_line}${l.kind}`} pagination={{ pageSize: 50, hideOnSinglePage: true }} dataSource={lines} scroll={{ x: 'max-content' }} locale={{ emptyText: <Empty description={t('bills.no_lines')} /> }} columns={[
      { key: 'line', title: t('bills.line'), render: (_, l) => <span className="mono">{l.order_line}</span> },
      { key: 'product', title: t('field.product'), dataIndex: 'product_name' },
      { key: 'kind', title: t('field.kind'), render: (_, l) => t(`bills.${l.kind}`) },
      { key: 'at', title: t('bills.effective'), render: (_, l) => <Time at={l.effective_at} date /> },
      { key: 'amount', title: t('field.amount'), align: 'right', render: (_, l) => <MoneyShown of={l.amount} /> },
      { key: 'fee', title: t('bills.fee'), align: 'right', render: (_, l) => <MoneyShown of={l.fee} /> },
      { key: 'tax', title: t('bills.tax'), align: 'right', render: (_, l) => <MoneyShown of={l.tax} /> },
      { key: 'payable', title: t('bills.payable'), align: 'right', render: (_, l) => <MoneyShown of={l.payable} strong /> },
    ]} />
  )
}

/** Issued bills, and what will be on the next one. */
export function Bills() {
  const { t } = useTranslation()
  const bills = useQuery({ queryKey: ['bills'], queryFn: () => unwrap(api.GET('/api/v1/bills')) })
  const running = useQuery({ queryKey: ['transactions'], queryFn: () => unwrap(api.GET('/api/v1/seller/transactions')) })
  return (
    <Page title={t('nav.bills')} purpose={t('bills.purpose')}>
      <div className="stack">
        <section className="panel" style={{ padding: 24 }}>
          <h2>{t('bills.issued')}</h2>
          <Await query={bills}>
            {(d) => (
              <Table size="middle" rowKey="id" pagination={{ pageSize: 12, hideOnSinglePage: true }} dataSource={d.bills} scroll={{ x: 'max-content' }} locale={{ emptyText: <Empty description={t('bills.empty')} /> }} columns={[
                { key: 'm', title: t('bills.month'), render: (_, b) => <Link to="/seller/bills/$id" params={{ id: b.id } as never}>{b.month}</Link> },
                { key: 't', title: t('bills.payable'), align: 'right', render: (_, b) => <MoneyShown of={b.total} strong /> },
                { key: 'at', title: t('bills.issued_at'), render: (_, b) => <Time at={b.issued_at} date /> },
              ]} />
            )}
          </Await>
        </section>
        <section className="panel" style={{ padding: 24 }}>
          <h2>{t('bills.running')}</h2>
          <Await query={running}>{(d) => <><Statistic title={t('bills.payable')} value={moneyText(d.total)} /><Lines lines={d.lines} /></>}</Await>
        </section>
      </div>
    </Page>
  )
}

/** One bill, line by line. */
export function BillPage() {
  const { t } = useTranslation()
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useQuery({ queryKey: ['bill', id], queryFn: () => unwrap(api.GET('/api/v1/bills/{id}', { params: { path: { id } } })) })
  return (
    <Await query={query}>
      {(b) => (
        <Page title={t('bills.of', { month: b.month })} above={<Link to="/seller/bills">{t('nav.bills')}</Link>}>
          <div className="panel" style={{ padding: 24 }}><Statistic title={t('bills.payable')} value={moneyText(b.total)} /><Lines lines={b.lines} /></div>
        </Page>
      )}
    </Await>
  )
}
