import { DownloadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Modal, Progress, Table, Tag, Tooltip } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { useAddress, type Search } from '../../kit/address'
import { List } from '../../kit/list'
import { Await, Page } from '../../kit/page'
import { MoneyShown, moneyText, State, Time, useText } from '../../kit/show'

type Role = 'buyer' | 'seller' | 'operator'
type Order = Schemas['OrderView']

const filterOf = (role: Role, s: Search) => ({
  as: role,
  number: s['number'],
  customer_name: s['customer_name'],
  user_name: s['user_name'],
  product_name: s['product_name'],
  state: s['state'],
  kind: s['kind'],
  created_from: s['created_from'] ? new Date(s['created_from']).toISOString() : undefined,
  created_to: s['created_to'] ? new Date(`${s['created_to']}T23:59:59.999`).toISOString() : undefined,
})

/** Exports with their progress; the file is fetched from here. */
function Exports({ role, open, close }: { role: Role; open: boolean; close: () => void }) {
  const { t } = useTranslation()
  const query = useQuery({
    queryKey: ['exports', role],
    queryFn: () => unwrap(api.GET('/api/v1/orders-exports', { params: { query: { as: role } } })),
    enabled: open,
    refetchInterval: (q) =>
      q.state.data?.exports.some((e) => e.state === 'waiting' || e.state === 'running') ? 1000 : false,
  })
  return (
    <Modal title={t('export.title')} open={open} onCancel={close} footer={null} width={720}>
      <Await query={query}>
        {(data) => (
          <Table
            size="small"
            rowKey="id"
            pagination={{ pageSize: 8, hideOnSinglePage: true }}
            dataSource={data.exports}
            scroll={{ x: 'max-content' }}
            columns={[
              { key: 'at', title: t('field.created_at'), render: (_, e) => <Time at={e.created_at} /> },
              {
                key: 'progress',
                title: t('export.progress'),
                render: (_, e) => (
                  <div style={{ width: 160 }}>
                    <Progress
                      size="small"
                      percent={
                        e.state === 'done' ? 100 : Math.round((100 * e.rows_done) / Math.max(1, e.rows_total ?? 1))
                      }
                    />
                  </div>
                ),
              },
              { key: 'rows', title: t('export.rows'), dataIndex: 'rows_done', align: 'right' },
              {
                key: 'do',
                title: t('field.actions'),
                render: (_, e) =>
                  e.state === 'done' && (
                    <a href={`/api/v1/orders-exports/${e.id}/file`} download="orders.xlsx">
                      {t('export.fetch')}
                    </a>
                  ),
              },
            ]}
          />
        )}
      </Await>
    </Modal>
  )
}

function Orders({ role }: { role: Role }) {
  const { t } = useTranslation()
  const { search } = useAddress()
  const text = useText()
  const [exports, setExports] = useState(false)
  const ask = useAction(
    () => unwrap(api.POST('/api/v1/orders-exports', { body: filterOf(role, search) as Schemas['OrderFilter'] })),
    () => setExports(true),
  )
  const options = (prefix: string, values: string[]) =>
    values.map((value) => ({ value, label: t(`${prefix}.${value}`) }))
  return (
    <Page
      title={t(role === 'buyer' ? 'nav.my_orders' : role === 'seller' ? 'nav.seller_orders' : 'nav.all_orders')}
      purpose={t(role === 'buyer' ? 'orders.purpose_buyer' : 'orders.purpose')}
      actions={
        <>
          <Button onClick={() => setExports(true)}>{t('export.history')}</Button>
          <Button icon={<DownloadOutlined />} loading={ask.isPending} onClick={() => ask.mutate(undefined)}>
            {t('action.export')}
          </Button>
        </>
      }
    >
      <Exports role={role} open={exports} close={() => setExports(false)} />
      <List<Order>
        name={`orders-${role}`}
        rowKey={(o) => o.order_number}
        empty={t(role === 'buyer' ? 'orders.empty_buyer' : 'orders.empty')}
        fetch={async (s, paging) => {
          const data = await unwrap(
            api.GET('/api/v1/orders', { params: { query: { ...filterOf(role, s), ...paging } } }),
          )
          return { rows: data.orders, next: data.next }
        }}
        filters={[
          { name: 'number', label: t('field.order_number') },
          ...(role === 'buyer' ? [] : [{ name: 'customer_name', label: t('field.customer') }]),
          { name: 'user_name', label: t('field.user') },
          { name: 'product_name', label: t('field.product') },
          { name: 'created_from', label: t('field.created_from'), type: 'date' as const },
          { name: 'created_to', label: t('field.created_to'), type: 'date' as const },
          {
            name: 'state',
            label: t('field.state'),
            options: options('state', ['pending_payment', 'processing', 'completed', 'cancelled']),
          },
          {
            name: 'kind',
            label: t('field.kind'),
            options: options('kind', ['new', 'trial', 'trial_to_formal', 'renew', 'change', 'unsubscribe']),
          },
        ]}
        columns={[
          {
            key: 'number',
            title: t('field.order_number'),
            value: (o) => o.order_number,
            render: (o) => (
              <Link
                to={`/${role}/orders/$number` as never}
                params={{ number: o.order_number } as never}
                className="mono"
              >
                {o.order_number}
              </Link>
            ),
          },
          { key: 'product', title: t('field.product'), value: (o) => text(o.lines[0]?.product_name) },
          { key: 'kind', title: t('field.kind'), value: (o) => t(`kind.${o.kind}`) },
          {
            key: 'state',
            title: t('field.state'),
            value: (o) => t(`state.${o.state}`),
            render: (o) => <State of={o.state} />,
          },
          {
            key: 'total',
            title: t('field.total'),
            align: 'right',
            value: (o) => o.total.amount,
            render: (o) => <MoneyShown of={o.total} />,
          },
          {
            key: 'back',
            title: t('bills.refund_state'),
            value: (o) => t(`bills.back_${o.refund_state}`),
            render: (o) =>
              o.refund_state === 'none' ? (
                <span className="dim">–</span>
              ) : (
                <Tooltip title={`${t(`order.back_${o.refund_state}`)} ${moneyText(o.refunded)}`}>
                  <Tag color="gold">{t(`bills.back_${o.refund_state}`)}</Tag>
                </Tooltip>
              ),
          },
          {
            key: 'net',
            title: t('order.net'),
            align: 'right',
            value: (o) => o.net.amount,
            render: (o) => <MoneyShown of={o.net} />,
          },
          ...(role === 'buyer'
            ? []
            : [{ key: 'customer', title: t('field.customer'), value: (o: Order) => o.customer_name }]),
          {
            key: 'created',
            title: t('field.created_at'),
            sort: 'created',
            value: (o) => o.created_at,
            render: (o) => <Time at={o.created_at} />,
          },
        ]}
      />
    </Page>
  )
}

export const BuyerOrders = () => <Orders role="buyer" />
export const SellerOrders = () => <Orders role="seller" />
export const OperatorOrders = () => <Orders role="operator" />
